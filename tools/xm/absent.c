/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Commands that users of Xen know and this version does not have: each is refused in one line that
 * says what is missing.
 */
#include <string.h>

#include <base/strings.h>

#include "xm.h"

static const struct {
    const char *names, *why;
} absent[] = {
    { "save restore migrate suspend resume", "domains are neither saved nor migrated" },
    { "pci-attach pci-detach pci-list pci-list-assignable-devices",
      "PCI devices are not passed through" },
    { "scsi-attach scsi-detach scsi-list", "there is no backend for SCSI" },
    { "usb-add usb-del usb-hc-create usb-hc-destroy usb-attach usb-detach usb-list "
      "usb-list-assignable-devices", "there is no backend for USB" },
    { "vtpm-list", "there is no backend for TPM" },
    { "network2-attach network2-detach network2-list", "there is no backend for netchannel2" },
    { "vnet-list vnet-create vnet-delete", "there are no virtual networks" },
    { "setpolicy getpolicy resetpolicy dumppolicy labels addlabel rmlabel getlabel resources "
      "dry-run makepolicy loadpolicy cfgbootpolicy getenforce setenforce",
      "there are no security policies" },
    { "tmem-list tmem-thaw tmem-freeze tmem-destroy tmem-flush tmem-set tmem-freeable "
      "tmem-shared-auth", "there is no transcendent memory" },
    { "network-new network-del network-show event-monitor serve",
      "there is neither Xen-API nor XML-RPC" },
};

const char *absent_why(const char *name)
{
    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
        struct strings names = { 0 };
        bool found = false;

        strings_split(&names, absent[i].names, ' ');
        for (size_t k = 0; k < names.count; k++)
            found |= !strcmp(names.item[k], name);
        strings_free(&names);
        if (found)
            return absent[i].why;
    }
    return NULL;
}

int not_supported(const char *what, const char *why)
{
    return error("xm %s is not supported: %s", what, why);
}
