/* SPDX-License-Identifier: GPL-2.0-only */
/* The battery clock: read once, at boot. */
#include <asm/io.h>
#include <lib/string.h>
#include <xen/arch.h>
#include <xen/options.h>
#include <xen/platform.h>

#define CMOS_INDEX      0x70
#define CMOS_DATA       0x71
#define CMOS_SECONDS    0x00
#define CMOS_STATUS_A   0x0a            /* bit 7: being updated */
#define CMOS_STATUS_B   0x0b            /* bit 1: 24 hours; bit 2: binary */
#define UPDATE_MAX      20000           /* readings that outlast an update */

struct cmos_time { uint8_t sec, min, hour, mday, month, year; };

static bool cmos_rtc_probe;
OPTION_BOOL(cmos_rtc_probe, "cmos-rtc-probe", cmos_rtc_probe);

static uint8_t cmos_read(uint8_t index)
{
    outb(index, CMOS_INDEX);
    return inb(CMOS_DATA);
}

static struct cmos_time take(void)
{
    for (unsigned int i = 0; i < UPDATE_MAX && (cmos_read(CMOS_STATUS_A) & 0x80); i++) {
    }
    return (struct cmos_time){
        .sec = cmos_read(0), .min = cmos_read(2), .hour = cmos_read(4),
        .mday = cmos_read(7), .month = cmos_read(8), .year = cmos_read(9),
    };
}

static unsigned int from_bcd(uint8_t n, bool is_bcd)
{
    return is_bcd ? (n >> 4) * 10u + (n & 15) : n;
}

/* Days from 1970-01-01; years begin in March here, so that leap days come last. */
static uint64_t days_since_1970(unsigned int year, unsigned int month, unsigned int mday)
{
    if (month <= 2) {
        year--;
        month += 12;
    }
    return 365ul * year + year / 4 - year / 100 + year / 400 + (153 * month - 457) / 5 + mday -
           719469;
}

static uint64_t to_seconds(const struct cmos_time *t)
{
    uint8_t status = cmos_read(CMOS_STATUS_B);
    bool is_bcd = (status & 4) == 0;
    unsigned int hour = from_bcd(t->hour & 0x7f, is_bcd);
    unsigned int month = from_bcd(t->month, is_bcd), mday = from_bcd(t->mday, is_bcd);
    unsigned int year = from_bcd(t->year, is_bcd);

    if ((status & 2) == 0)
        hour = hour % 12 + (t->hour & 0x80 ? 12 : 0);
    if (month < 1 || month > 12 || mday < 1 || mday > 31 || hour > 23)
        return 0;
    year += year < 70 ? 2000 : 1900;
    return ((days_since_1970(year, month, mday) * 24 + hour) * 60 + from_bcd(t->min, is_bcd)) * 60 +
           from_bcd(t->sec, is_bcd);
}

/* Twice the same is no reading in the middle of an update. */
uint64_t arch_wallclock_read(void)
{
    if (platform.no_cmos_rtc && !cmos_rtc_probe)
        return 0;
    struct cmos_time a = take();
    for (unsigned int i = 0; i < 10; i++) {
        struct cmos_time b = take();
        if (memcmp(&a, &b, sizeof(a)) == 0)
            break;
        a = b;
    }
    return to_seconds(&a);
}
