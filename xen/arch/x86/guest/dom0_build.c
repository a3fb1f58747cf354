/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dom0 from what the boot loader brought: how much memory and how many vcpus it gets, its unpacked
 * kernel, its command line.  Says what is wrong and returns an error when it cannot be.
 */
#include <lib/bzimage.h>
#include <lib/cmdline.h>
#include <lib/decompress.h>
#include <lib/elf.h>
#include <lib/format.h>
#include <lib/math.h>
#include <lib/parse.h>
#include <lib/string.h>
#include <x86/guest.h>
#include <x86/mm.h>
#include <xen/bitops.h>
#include <xen/boot.h>
#include <xen/console.h>
#include <xen/domain.h>
#include <xen/heap.h>
#include <xen/options.h>
#include <xen/platform.h>
#include <xen/printk.h>
#include <xen/sched.h>

/* dom0_mem=: a size, or with a minus sign what is left for others; set tells whether it was
 * given. */
struct amount { uint64_t bytes; bool set, negative; };
static struct amount mem_size, mem_min, mem_max;
static char opt_max_vcpus[32];
OPTION_STRING(dom0_max_vcpus, "dom0_max_vcpus", opt_max_vcpus);

static int parse_amount(const char *s, struct amount *a)
{
    const char *end;
    bool negative = *s == '-';
    uint64_t bytes;

    if (parse_size(s + negative, &end, &bytes) || (*end && *end != ','))
        return -EINVAL;
    *a = (struct amount){ bytes, true, negative };
    return 0;
}

static int parse_dom0_mem(const char *value)
{
    for (const char *s = value; ; ) {
        int rc;
        if (!strncmp(s, "min:", 4))
            rc = parse_amount(s + 4, &mem_min);
        else if (!strncmp(s, "max:", 4))
            rc = parse_amount(s + 4, &mem_max);
        else
            rc = parse_amount(s, &mem_size);
        if (rc)
            return rc;
        s = strchr(s, ',');
        if (!s)
            return 0;
        s++;
    }
}
OPTION_CUSTOM(dom0_mem, "dom0_mem", parse_dom0_mem);

static uint64_t to_pages(const struct amount *a, uint64_t avail, uint64_t otherwise)
{
    if (!a->set)
        return otherwise;
    uint64_t n = a->bytes >> PAGE_SHIFT;
    return a->negative ? avail - min(avail, n) : n;
}

/* Without dom0_mem: everything but a sixteenth, which is kept for ourselves and for DMA, at most
 * 128 MiB. */
static uint64_t dom0_pages(void)
{
    uint64_t avail = heap_free_pages() - heap_reserved_pages();
    uint64_t reserve = min(avail / 16, (128UL << 20) >> PAGE_SHIFT);
    uint64_t n = to_pages(&mem_size, avail, avail - reserve);
    uint64_t low = to_pages(&mem_min, avail, 0), high = to_pages(&mem_max, avail, UINT64_MAX);

    if (low > high) {
        log_warn("dom0_mem: the minimum is above the maximum; the maximum counts\n");
        low = high;
    }
    n = min(max(n, low), high);
    if (n > avail) {
        log_warn("dom0_mem: %lu MiB asked for, but %lu MiB are free\n", n >> 8, avail >> 8);
        return 0;
    }
    return n;
}

static uint64_t dom0_max_pages(uint64_t now)
{
    return mem_max.set ? max(to_pages(&mem_max, heap_free_pages(), now), now) : UINT64_MAX;
}

/* N, or MIN-MAX; all CPUs when not said. */
static unsigned int dom0_vcpus(void)
{
    uint64_t low = 1, high = cpu_count;
    const char *s = opt_max_vcpus, *end;

    if (!*s)
        return cpu_count;
    bool ok = *s == '-' || !parse_uint_prefix(s, &end, &low);
    if (*s == '-')
        end = s;
    high = *end == '-' ? cpu_count : low;
    if (ok && *end == '-' && end[1])
        ok = !parse_uint_prefix(end + 1, &end, &high) && !*end;
    else if (ok)
        ok = !*end || !end[1];
    if (!ok || high < low || !high) {
        log_warn("dom0_max_vcpus=%s: not a number or MIN-MAX; ignored\n", s);
        return cpu_count;
    }
    return (unsigned int)clamp((uint64_t)cpu_count, max(low, 1UL), min(high, 4096UL));
}

/* The module's kernel, unpacked when it was packed: *buffer is then to be freed. */
static int unpack_kernel(const struct boot_module *m, struct pv_image *image, void **buffer,
                         unsigned int *order)
{
    const void *data = maddr_to_virt(maddr_of(m->start)), *payload = data;
    size_t size = m->end - m->start, payload_len = size, written;
    struct bzimage bz;

    int rc = bzimage_open(&bz, data, size);
    if (!rc) {
        payload = bz.payload;
        payload_len = bz.payload_len;
    } else if (rc == -EINVAL) {
        log_error("dom0: the kernel is a bzImage that is truncated or damaged\n");
        return rc;
    }
    enum packing packing = decompress_packing(payload, payload_len);
    if (packing == PACKING_NONE) {
        image->kernel = payload;
        image->kernel_size = payload_len;
        return 0;
    }
    size_t unpacked = decompress_size(payload, payload_len);
    if (!unpacked || unpacked > 1UL << 30) {
        log_error("dom0: the kernel's %s payload is damaged: it claims to unpack to %lu bytes\n",
                  decompress_name(packing), unpacked);
        return -EINVAL;
    }
    *order = ilog2_up((unpacked + PAGE_SIZE - 1) >> PAGE_SHIFT);
    *buffer = alloc_pages(*order, HEAP_DIRTY_OK);
    if (!*buffer) {
        log_error("dom0: no %lu MiB in one piece to unpack its kernel to\n",
                  ((uint64_t)PAGE_SIZE << *order) >> 20);
        return -ENOMEM;
    }
    rc = decompress(payload, payload_len, *buffer, unpacked, &written);
    if (rc) {
        log_error("dom0: the kernel's %s payload is damaged (%d after %lu of %lu bytes)\n",
                  decompress_name(packing), rc, written, unpacked);
        return rc;
    }
    image->kernel = *buffer;
    image->kernel_size = written;
    return 0;
}

static bool has_word(const char *line, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = line; (at = strstr(at, word)); at += n)
        if ((at == line || at[-1] == ' ') && (!at[n] || at[n] == ' ' || at[n] == '='))
            return true;
    return false;
}

/* Options that mean the same to both of us are passed on, unless dom0's own line speaks of them. */
static const char *dom0_cmdline(const struct boot_module *m, const char *from_our_line)
{
    static char line[MAX_GUEST_CMDLINE];
    const char *text = boot_line_without_name(m->cmdline);

    format(line, sizeof(line), "%s%s%s", text, from_our_line ? " " : "",
           from_our_line ? from_our_line : "");
    const char *acpi = boot_option_text("acpi");
    if (acpi && !has_word(line, "acpi"))
        format(line + strlen(line), sizeof(line) - strlen(line), " acpi=%s", acpi);
    if (boot_option_text("noapic") && !has_word(line, "noapic"))
        format(line + strlen(line), sizeof(line) - strlen(line), " noapic");
    if (boot_option_text("acpi_skip_timer_override") && !has_word(line, "acpi_skip_timer_override"))
        format(line + strlen(line), sizeof(line) - strlen(line), " acpi_skip_timer_override");
    if (boot_info.efi_rsdp && !has_word(line, "acpi_rsdp"))
        format(line + strlen(line), sizeof(line) - strlen(line), " acpi_rsdp=%#lx",
               boot_info.efi_rsdp);
    return line;
}

static void make_vcpus(struct domain *d, unsigned int n)
{
    unsigned int cpu = 0;

    for (unsigned int i = 0; i < n; i++) {
        while (!cpu_is_online(cpu))
            cpu = (cpu + 1) % cpu_count;
        if (vcpu_create(d, i, cpu)) {
            log_warn("dom0: no memory for more than %u vcpus\n", i);
            return;
        }
        cpu = (cpu + 1) % cpu_count;
    }
}

int dom0_build(const char *rest_of_our_line)
{
    if (!boot_info.nr_modules) {
        log_error("No module was loaded: there is no dom0 kernel.  The boot loader must load one "
                  "after the hypervisor.\n");
        return -ENOENT;
    }
    const struct boot_module *m = &boot_info.module[0];
    unsigned int vcpus = dom0_vcpus(), order = 0;
    struct domain_config config = { .is_privileged = true,
                                    .max_vcpus = vcpus,
                                    .max_event_port = UINT32_MAX,
                                    .max_grant_frames = UINT32_MAX,
                                    .max_maptrack_frames = UINT32_MAX };
    struct domain *d;
    struct pv_image image = { .cmdline = dom0_cmdline(m, rest_of_our_line) };
    void *buffer = NULL;

    log_always("*** LOADING DOMAIN 0 ***\n");
    int rc = unpack_kernel(m, &image, &buffer, &order);
    if (!rc)
        rc = domain_create(0, &config, &d);
    if (!rc) {
        hardware_domain = d;
        make_vcpus(d, vcpus);
        rc = d->vcpu[0] ? dom0_grant_capabilities(d) : -ENOMEM;
    }
    if (!rc) {
        uint64_t n = dom0_pages();
        if (boot_info.nr_modules > 1) {
            image.initrd_maddr = boot_info.module[1].start;
            image.initrd_size = boot_info.module[1].end - boot_info.module[1].start;
        }
        d->max_pages = dom0_max_pages(n);
        rc = n ? pv_build_dom0(d, &image, n) : -ENOMEM;
    }
    if (!rc)
        atomic_clear_bit(VPF_DOWN, &d->vcpu[0]->pause_flags);
    if (buffer)
        free_pages(buffer, order);
    return rc;
}
