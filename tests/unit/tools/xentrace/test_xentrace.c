/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The trace tools without a hypervisor: captures that are whole, cut off or nonsense; rules and
 * masks as users mistype them; sums and pictures of histories that are known.
 *
 * sources: tools/xentrace/reader.c tools/xentrace/masks.c tools/xentrace/rules.c
 * sources: tools/xentrace/history.c tools/xentrace/usage.c tools/xentrace/svg.c
 * sources: tools/xentrace/sink.c
 * flags: -lm
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <xentrace/sink.h>
#include <xentrace/xentrace.h>

static char complaint[256];

const char *program = "test";

int complain(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(complaint, sizeof(complaint), fmt, args);
    va_end(args);
    return 1;
}

/* ---- Captures in memory ---- */

static uint32_t words[1 << 16];
static size_t n;

static void window(unsigned int cpu, unsigned int bytes)
{
    words[n++] = TRC_TRACE_CPU_CHANGE | 2u << TRACE_EXTRA_SHIFT;
    words[n++] = cpu;
    words[n++] = bytes;
}

static void stamped(uint32_t event, uint64_t stamp, unsigned int count, const uint32_t *data)
{
    words[n++] = event | count << TRACE_EXTRA_SHIFT | (uint32_t)TRC_HD_CYCLE_FLAG;
    words[n++] = stamp;
    words[n++] = stamp >> 32;
    memcpy(&words[n], data, 4 * count);
    n += count;
}

static uint32_t change(unsigned int from, unsigned int to)
{
    return TRC_SCHED_RUNSTATE_CHANGE + (from << 8) + (to << 4);
}

/* A window with one change of runstate. */
static void turn(unsigned int cpu, uint64_t stamp, uint32_t id, unsigned int from, unsigned int to)
{
    window(cpu, 16);
    stamped(change(from, to), stamp, 1, &id);
}

static FILE *capture(size_t bytes)
{
    FILE *f = bytes ? fmemopen(words, bytes, "r") : fopen("/dev/null", "r");

    assert_non_null(f);
    return f;
}

/* How many records, or -1. */
static int count_records(size_t bytes)
{
    static struct reader r;
    struct record record;
    FILE *f = capture(bytes);
    int count = 0, rc;

    reader_init(&r, f);
    while ((rc = reader_next(&r, &record)) > 0) {
        assert_true(record.words <= TRACE_EXTRA_MAX);
        assert_true(record.cpu < CPUS_MAX);
        count++;
    }
    fclose(f);
    assert_true(rc == 0 || r.error[0]);
    return rc ? -1 : count;
}

static int setup(void **state)
{
    (void)state;
    n = 0;
    complaint[0] = 0;
    return 0;
}

static void whole_captures(void **state)
{
    const uint32_t data[7] = { 1, 2, 3, 4, 5, 6, 7 };

    (void)state;
    assert_int_equal(count_records(0), 0);
    window(0, 0);
    window(3, 12 + 28 + 12 + 32);
    stamped(TRC_SCHED_WAKE, 5, 7, data);
    stamped(TRC_SCHED_WAKE, 6, 0, data);
    words[n++] = TRC_TRACE_WRAP_BUFFER | 7u << TRACE_EXTRA_SHIFT;
    n += 7;
    window(4095, 4);
    words[n++] = TRC_SCHED_YIELD;
    assert_int_equal(count_records(n * 4), 3);
}

/* At every byte; only between windows that is no mistake. */
static void cut_off(void **state)
{
    const uint32_t data[2] = { 1, 2 };
    size_t good = 0;

    (void)state;
    for (unsigned int i = 0; i < 3; i++) {
        window(i, 20);
        stamped(TRC_SCHED_WAKE, i, 2, data);
    }
    for (size_t bytes = 0; bytes <= n * 4; bytes++)
        good += count_records(bytes) >= 0;
    assert_int_equal(good, 4);
}

static void nonsense(void **state)
{
    const uint32_t data[2] = { 0 };

    (void)state;
    stamped(TRC_SCHED_WAKE, 1, 2, data);                /* no window */
    assert_int_equal(count_records(n * 4), -1);
    n = 0;
    window(CPUS_MAX, 20);
    stamped(TRC_SCHED_WAKE, 1, 2, data);
    assert_int_equal(count_records(n * 4), -1);
    n = 0;
    window(0, 16);                                      /* too short for its record */
    stamped(TRC_SCHED_WAKE, 1, 2, data);
    assert_int_equal(count_records(n * 4), -1);
    n = 0;
    window(0, 24);                                      /* too long */
    stamped(TRC_SCHED_WAKE, 1, 2, data);
    assert_int_equal(count_records(n * 4), -1);
    n = 0;
    words[n++] = TRC_TRACE_CPU_CHANGE | 1u << TRACE_EXTRA_SHIFT;
    words[n++] = 0;
    assert_int_equal(count_records(n * 4), -1);
}

/* ---- Rules ---- */

static struct rules *rules_of(const char *text)
{
    FILE *f = fmemopen((void *)text, strlen(text), "r");
    struct rules *rules = rules_load(f, "defs");

    fclose(f);
    return rules;
}

static void expect_line(const char *format, const char *wanted)
{
    const struct record r = { .event = 0x28004, .stamped = true, .stamp = 1234567890123, .cpu = 3,
                              .words = 2, .data = { 7, 0xabcdef } };
    char text[512], *line = NULL;
    size_t size;

    snprintf(text, sizeof(text), "# a comment\n\n0x28004\t%s\n", format);
    struct rules *rules = rules_of(text);
    FILE *out = open_memstream(&line, &size);

    assert_non_null(rules);
    assert_true(rules_print(rules, &r, 55, out));
    fclose(out);
    assert_string_equal(line, wanted);
    free(line);
    rules_free(rules);
}

static void lines(void **state)
{
    (void)state;
    expect_line("CPU%(cpu)d %(tsc)d (+%(reltsc)8d)", "CPU3 1234567890123 (+      55)\n");
    expect_line("%(1)04x%(2)08x %(event)x %(2)X %(1)o", "000700abcdef 28004 ABCDEF 7\n");
    expect_line("%(7)u|%(2)-10d|", "0|11259375  |\n");
    expect_line("100%% of %%s\\t\\\\ done", "100% of %s\t\\ done\n");
}

static void bad_rules(void **state)
{
    static const char *const bad[] = {
        "0x28004 %(9)d", "0x28004 %(1)s", "0x28004 %(1)n", "0x28004 %s", "0x28004 %",
        "0x28004 %(", "0x28004 %(cpu", "0x28004 %(cpu)", "0x28004 %(1)99999999999d",
        "0x28004 %(1)65d", "0x28004 %()d", "hello %(1)d", "0x10000000 x", "0x28004", "-1 x",
        "0x28004%(1)d",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char text[128];

        complaint[0] = 0;
        snprintf(text, sizeof(text), "# first\n%s\n", bad[i]);
        assert_null(rules_of(text));
        assert_memory_equal(complaint, "defs:2: ", 8);
    }
    struct rules *none = rules_of("# nothing");
    const struct record r = { .event = 1 };

    assert_non_null(none);
    assert_false(rules_print(none, &r, 0, stdout));
    rules_free(none);
}

/* The ones that are installed. */
static void our_rules(void **state)
{
    FILE *in = fopen("tools/xentrace/formats", "r");
    char *text = NULL;
    size_t size;

    (void)state;
    assert_non_null(in);
    struct rules *rules = rules_load(in, "formats");
    FILE *out = open_memstream(&text, &size);

    assert_non_null(rules);
    static const uint32_t events[] = {
        TRC_LOST_RECORDS, TRC_SCHED_DOM_ADD, TRC_SCHED_WAKE, TRC_SCHED_SWITCH_INFNEXT,
        TRC_SCHED_CONTINUE_RUNNING, TRC_PV_HYPERCALL_V2, TRC_PV_HYPERCALL_SUBCALL,
        TRC_PV_PAGE_FAULT | TRC_64_FLAG, TRC_PV_TRAP | TRC_64_FLAG,
        TRC_PV_EMULATE_PRIVOP | TRC_64_FLAG, TRC_PV_PTWR_EMULATION_PAE | TRC_64_FLAG,
        TRC_MEM_PAGE_GRANT_MAP, TRC_MEM_DECREASE_RESERVATION, TRC_MEM_SET_P2M_ENTRY,
        TRC_DOM0_DOM_ADD,
    };
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        const struct record r = { .event = events[i] };
        assert_true(rules_print(rules, &r, 0, out));
    }
    for (unsigned int from = 0; from < 4; from++) {
        for (unsigned int to = 0; to < 4; to++) {
            const struct record r = { .event = change(from, to) };
            assert_int_equal(rules_print(rules, &r, 0, out), from != to);
        }
    }
    fclose(out);
    free(text);
    fclose(in);
    rules_free(rules);
}

/* ---- Masks ---- */

static void event_masks(void **state)
{
    uint32_t mask;

    (void)state;
    assert_true(parse_event_mask("0x21000", &mask));
    assert_int_equal(mask, 0x21000);
    assert_true(parse_event_mask("all", &mask));
    assert_int_equal(mask, TRC_ALL);
    assert_true(parse_event_mask("sched,MEM", &mask));
    assert_int_equal(mask, TRC_SCHED | TRC_MEM);
    static const char *const bad[] = { "", "0", "sched,", ",", "x", "0x1ffffffff", "1x", "sch" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(parse_event_mask(bad[i], &mask));
}

static void cpu_masks(void **state)
{
    static const struct { const char *text; unsigned int bits; } good[] = {
        { "all", 0xff }, { "0", 1 }, { "0-3", 0xf }, { "0,2,5-7", 0xe5 }, { "-3", 0xf },
        { "-3,7", 0x8f }, { "3-", 0xf8 }, { "0x81", 0x81 }, { "7", 0x80 },
    };
    static const char *const bad[] = { "", "8", "0-8", "3-1", "x", "0,", ",", "-", "0x100", "0x0",
                                       "1--2", "0x", "4294967296", "99999999999999999999" };
    uint8_t map[1];

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(parse_cpu_mask(good[i].text, 8, map));
        assert_int_equal(map[0], good[i].bits);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(parse_cpu_mask(bad[i], 8, map));
}

/* ---- Histories ---- */

#define ID(d, v) ((uint32_t)(d) << 16 | (v))

/* d1v0 runs 100..400 on CPU 0, d2v0 waits 200..400 and runs 400..700 on CPU 1. */
static void story(void)
{
    turn(1, 400, ID(2, 0), VCPU_RUNNABLE, VCPU_RUNNING);
    turn(1, 700, ID(2, 0), VCPU_RUNNING, VCPU_BLOCKED);
    turn(0, 100, ID(1, 0), VCPU_BLOCKED, VCPU_RUNNING);
    turn(0, 200, ID(2, 0), VCPU_BLOCKED, VCPU_RUNNABLE);
    turn(0, 400, ID(1, 0), VCPU_RUNNING, VCPU_BLOCKED);
    turn(0, 1100, ID(1, 0), VCPU_BLOCKED, VCPU_RUNNABLE);
}

static struct record *load(size_t *count)
{
    FILE *f = capture(n * 4);
    struct record *list = load_schedule(f, "capture", count);

    fclose(f);
    return list;
}

static void sums(void **state)
{
    struct usage u = { .from = 100, .to = 1100 };
    struct history h = { .span = usage_span, .arg = &u };
    size_t count;

    (void)state;
    story();
    struct record *list = load(&count);

    assert_non_null(list);
    assert_int_equal(count, 6);
    for (size_t i = 0; i < count; i++)
        assert_true(history_feed(&h, &list[i]));
    usage_ongoing(&u, &h);
    assert_int_equal(u.count, 2);
    const struct usage_domain *one = usage_of(&u, 1), *two = usage_of(&u, 2);

    assert_int_equal(one->ticks[VCPU_RUNNING], 300);
    assert_int_equal(one->ticks[VCPU_BLOCKED], 700);
    assert_int_equal(one->waits, 0);
    assert_int_equal(two->ticks[VCPU_RUNNING], 300);
    assert_int_equal(two->ticks[VCPU_RUNNABLE], 200);
    assert_int_equal(two->ticks[VCPU_BLOCKED], 500);
    assert_int_equal(two->waits, 1);
    assert_int_equal(two->wait_max, 200);
    free(list);
    free(u.domain);
    history_free(&h);
}

/* Whatever is fed, each vcpu's times add up to what has passed since the first stamp. */
static void sums_of_nonsense(void **state)
{
    struct usage u = { .from = 0, .to = UINT64_MAX };
    struct history h = { .span = usage_span, .arg = &u };

    (void)state;
    srandom(3);
    for (unsigned int i = 0; i < 50000; i++) {
        struct record r = { .stamped = true, .stamp = 1000000 + i * 10 + random() % 500, .words = 1,
                            .event = change(random() % 5, random() % 5), .cpu = random() % 4,
                            .data = { ID(random() % 3, random() % 4) } };
        if (random() % 50 == 0)
            r.event = random() & 0x0fffffff;
        assert_true(history_feed(&h, &r));
    }
    uint64_t passed = h.last - h.first;

    history_close(&h, h.last);
    for (size_t i = 0; i < u.count; i++) {
        uint64_t sum = 0;

        for (unsigned int s = 0; s < VCPU_STATES; s++)
            sum += u.domain[i].ticks[s];
        assert_int_equal(sum, 4 * passed);
    }
    free(u.domain);
    history_free(&h);
}

static void too_many_vcpus(void **state)
{
    struct usage u = { 0 };
    struct history h = { .span = usage_span, .arg = &u };
    struct record r = { .stamped = true, .words = 1, .event = change(0, 1) };
    unsigned int fed = 0;

    (void)state;
    for (; fed < VCPUS_MAX + 10; fed++) {
        r.data[0] = fed * 7;
        if (!history_feed(&h, &r))
            break;
    }
    assert_int_equal(fed, VCPUS_MAX);
    free(u.domain);
    history_free(&h);
}

/* ---- Pictures ---- */

static char *draw(const struct picture *p, const struct record *list, size_t count)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    int failed = picture_draw(p, list, count, out);

    fclose(out);
    if (failed) {
        free(text);
        return NULL;
    }
    return text;
}

static void one_picture(void **state)
{
    const struct picture p = { .from = 100, .to = 1100, .khz = 1, .width = 1108, .domain = -1 };
    size_t count;

    (void)state;
    story();
    struct record *list = load(&count);
    char *svg = draw(&p, list, count);

    assert_non_null(svg);
    assert_non_null(strstr(svg, "2 processors, 2 vcpus, 1000.000 ms"));
    /* 1000 ticks are 1000 pixels from 84 on. */
    assert_non_null(strstr(svg, "<rect x=\"84.00\" y=\"74\" width=\"300.00\""));
    assert_non_null(strstr(svg, "<rect x=\"384.00\" y=\"108\" width=\"300.00\""));
    assert_non_null(strstr(svg, "d2v0 waits 200.000 ms from 100.000 ms"));
    assert_non_null(strstr(svg, "</svg>"));
    free(svg);
    free(list);
}

/* Any records give a picture whose tags are closed, of bounded size, or a complaint. */
static void pictures_of_nonsense(void **state)
{
    static struct record list[20000];

    (void)state;
    srandom(4);
    for (unsigned int round = 0; round < 20; round++) {
        unsigned int spread = 1 << random() % 20;
        uint64_t stamp = (uint64_t)random() << 20;

        for (size_t i = 0; i < 20000; i++) {
            stamp += random() % spread;
            list[i] = (struct record){
                .stamped = true, .stamp = stamp, .words = 4, .cpu = random() % (round ? 3 : 300),
                .event = random() % 40 ? change(random() % 4, random() % 4) : TRC_LOST_RECORDS,
                .data = { ID(random() % 40, random() % 9), random(), random(), random() },
            };
        }
        struct picture p = { .from = list[0].stamp + random() % 100000, .khz = round % 3 * 1000,
                             .to = stamp + 1 + random() % 1000, .width = 400 + random() % 2000,
                             .domain = round % 2 ? -1 : 3 };
        if (p.from >= p.to)
            p.from = list[0].stamp;
        char *svg = draw(&p, list, 20000);

        assert_true(round ? svg != NULL : svg == NULL);
        size_t open = 0;
        for (const char *c = svg; c && *c; c++) {
            open += *c == '<';
            open -= *c == '>';
            assert_true(open <= 1);
        }
        assert_true(!svg || (open == 0 && strlen(svg) < 12 << 20));
        assert_true(!svg || (!strstr(svg, "nan") && !strstr(svg, "inf")));
        free(svg);
    }
}

/* ---- Memory that keeps the newest ---- */

static void newest_windows(void **state)
{
    char *text = NULL;
    size_t size;
    struct sink s = { .out = open_memstream(&text, &size), .limit = 1000 };

    (void)state;
    for (uint32_t i = 0; i < 100; i++) {
        n = 0;
        stamped(TRC_SCHED_WAKE, i, 1, &i);
        const struct xc_trace_view view = { .part = { words, words + 1 }, .size = { 4, 12 } };
        assert_int_equal(sink_put(&s, 1, &view), 0);
    }
    assert_int_equal(sink_finish(&s), 0);
    fclose(s.out);
    assert_true(size <= 1000 && size > 900);
    memcpy(words, text, size);
    assert_int_equal(count_records(size), size / 28);
    assert_int_equal(words[size / 4 - 1], 99);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(whole_captures, setup),
        cmocka_unit_test_setup(cut_off, setup),
        cmocka_unit_test_setup(nonsense, setup),
        cmocka_unit_test(lines),
        cmocka_unit_test(bad_rules),
        cmocka_unit_test(our_rules),
        cmocka_unit_test(event_masks),
        cmocka_unit_test(cpu_masks),
        cmocka_unit_test_setup(sums, setup),
        cmocka_unit_test(sums_of_nonsense),
        cmocka_unit_test(too_many_vcpus),
        cmocka_unit_test_setup(one_picture, setup),
        cmocka_unit_test(pictures_of_nonsense),
        cmocka_unit_test_setup(newest_windows, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
