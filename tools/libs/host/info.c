/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine and the hypervisor, as xm info prints them.
 */
#include <string.h>
#include <sys/utsname.h>

#include <base/buffer.h>
#include <xc/xc.h>
#include <xen/sysctl.h>
#include <xen/version.h>

#include "host.h"

#define CONFIG_FORMAT "4"
#define SCHEDULER_SEDF 4        /* of Xen before 4.7: newer headers do not name it */

static void add_node(struct sxp *s)
{
    struct utsname u;

    uname(&u);
    sxp_add_pair(s, "system", u.sysname);
    sxp_add_pair(s, "host", u.nodename);
    sxp_add_pair(s, "release", u.release);
    sxp_add_pair(s, "version", u.version);
    sxp_add_pair(s, "machine", u.machine);
}

static void add_hw_caps(struct sxp *s, const struct xen_sysctl_physinfo *p)
{
    struct buffer text = { 0 };

    for (unsigned int i = 0; i < 8; i++)
        buffer_printf(&text, i ? ":%08x" : "%08x", p->hw_cap[i]);
    sxp_add_pair(s, "hw_caps", buffer_string(&text));
    buffer_free(&text);
}

static const char *virt_caps(uint32_t caps)
{
    if (!(caps & XEN_SYSCTL_PHYSCAP_hvm))
        return "";
    return caps & XEN_SYSCTL_PHYSCAP_directio ? "hvm hvm_directio" : "hvm";
}

static int add_physical(struct xc *xc, struct sxp *s)
{
    struct xen_sysctl_physinfo p;
    uint8_t free_map[512] = { 0 };
    unsigned int free_cpus = 0;
    int rc = xc_physinfo(xc, &p);

    if (rc)
        return rc;
    if (!xc_cpupool_free_cpus(xc, free_map, sizeof(free_map))) {
        for (size_t i = 0; i < sizeof(free_map); i++)
            free_cpus += __builtin_popcount(free_map[i]);
    }
    sxp_add_pairf(s, "nr_cpus", "%u", p.nr_cpus);
    sxp_add_pairf(s, "nr_nodes", "%u", p.nr_nodes);
    sxp_add_pairf(s, "cores_per_socket", "%u", p.cores_per_socket);
    sxp_add_pairf(s, "threads_per_core", "%u", p.threads_per_core);
    sxp_add_pairf(s, "cpu_mhz", "%u", p.cpu_khz / 1000);
    add_hw_caps(s, &p);
    sxp_add_pair(s, "virt_caps", virt_caps(p.capabilities));
    sxp_add_pairf(s, "total_memory", "%llu", (unsigned long long)p.total_pages >> 8);
    sxp_add_pairf(s, "free_memory", "%llu",
                  (unsigned long long)(p.free_pages + p.scrub_pages) >> 8);
    sxp_add_pairf(s, "free_cpus", "%u", free_cpus);
    host_add_nodes(xc, s);
    return 0;
}

static const char *scheduler_name(struct xc *xc)
{
    unsigned int id;

    if (xc_sched_id(xc, &id))
        return "unknown";
    switch (id) {
    case SCHEDULER_SEDF: return "sedf";
    case XEN_SCHEDULER_CREDIT: return "credit";
    case XEN_SCHEDULER_CREDIT2: return "credit2";
    case XEN_SCHEDULER_NULL: return "null";
    case XEN_SCHEDULER_RTDS: return "rtds";
    default: return "unknown";
    }
}

/* Some hypervisors end a list with a blank. */
static void add_text(struct sxp *s, const char *key, int rc, char *text)
{
    size_t len = rc ? 0 : strlen(text);

    while (len && text[len - 1] == ' ')
        len--;
    text[len] = '\0';
    sxp_add_pair(s, key, text);
}

static void add_hypervisor(struct xc *xc, struct sxp *s)
{
    struct xen_compile_info c;
    unsigned long virt_start;
    char text[1024];
    int version = xc_version(xc);

    memset(&c, 0, sizeof(c));
    sxp_add_pairf(s, "xen_major", "%d", version < 0 ? 0 : version >> 16);
    sxp_add_pairf(s, "xen_minor", "%d", version < 0 ? 0 : version & 0xffff);
    add_text(s, "xen_extra", xc_version_extra(xc, text, sizeof(text)), text);
    add_text(s, "xen_caps", xc_version_capabilities(xc, text, sizeof(text)), text);
    sxp_add_pair(s, "xen_scheduler", scheduler_name(xc));
    sxp_add_pairf(s, "xen_pagesize", "%d", xc_version_pagesize(xc));
    if (!xc_version_platform(xc, &virt_start))
        sxp_add_pairf(s, "platform_params", "virt_start=0x%lx", virt_start);
    add_text(s, "xen_changeset", xc_version_changeset(xc, text, sizeof(text)), text);
    add_text(s, "xen_commandline", xc_version_command_line(xc, text, sizeof(text)), text);
    xc_version_compile(xc, &c);
    sxp_add_pair(s, "cc_compiler", c.compiler);
    sxp_add_pair(s, "cc_compile_by", c.compile_by);
    sxp_add_pair(s, "cc_compile_domain", c.compile_domain);
    sxp_add_pair(s, "cc_compile_date", c.compile_date);
}

int host_info(struct xc *xc, struct sxp **out)
{
    struct sxp *s = sxp_list("info");

    add_node(s);
    int rc = add_physical(xc, s);

    if (rc) {
        sxp_free(s);
        return rc;
    }
    add_hypervisor(xc, s);
    sxp_add_pair(s, "xend_config_format", CONFIG_FORMAT);
    *out = s;
    return 0;
}
