/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypervisor's own command line, without the file name that some loaders put first.
 *
 * QEMU always does; GRUB passes what the user typed, and its menu generator types a placeholder
 * there.
 */
#include <lib/cmdline.h>
#include <lib/string.h>
#include <xen/boot.h>
#include <xen/domain.h>

static const char *skip_word(const char *s)
{
    while (*s == ' ')
        s++;
    while (*s && *s != ' ')
        s++;
    while (*s == ' ')
        s++;
    return s;
}

const char *boot_line_without_name(const char *line)
{
    bool name = !strncmp(boot_info.loader, "qemu", 4) || *line == '/' || *line == '(' ||
                !strncmp(line, "placeholder", 11);
    return name ? skip_word(line) : line;
}

const char *boot_cmdline(void)
{
    return boot_line_without_name(boot_info.cmdline);
}

const char *boot_option_text(const char *name)
{
    static char word[CMDLINE_WORD];
    const char *cursor = boot_cmdline();
    size_t n = strlen(name);
    bool cut;

    while (cmdline_word(&cursor, word, sizeof(word), &cut))
        if (!strncmp(word, name, n) && (!word[n] || word[n] == '='))
            return word[n] ? word + n + 1 : "";
    return NULL;
}
