/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Any bytes as rules of xentrace_format up to the first NUL, and as a capture behind it: read,
 * written as text, summed and drawn.
 *
 * sources: tools/xentrace/reader.c tools/xentrace/rules.c tools/xentrace/history.c
 * sources: tools/xentrace/usage.c tools/xentrace/svg.c
 * flags: -lm
 */
#include <stdlib.h>
#include <string.h>

#include <xentrace/xentrace.h>

const char *program = "fuzz";

int complain(const char *fmt, ...)
{
    return fmt ? 1 : 0;
}

static FILE *open_bytes(const uint8_t *data, size_t size)
{
    return size ? fmemopen((void *)data, size, "r") : fopen("/dev/null", "r");
}

static void write_out(const struct rules *rules, const uint8_t *data, size_t size, FILE *out)
{
    struct reader *reader = malloc(sizeof(*reader));
    FILE *in = open_bytes(data, size);
    struct record r;

    reader_init(reader, in);
    while (reader_next(reader, &r) > 0)
        rules_print(rules, &r, 1, out);
    fclose(in);
    free(reader);
}

static void sum_and_draw(const struct record *list, size_t count, FILE *out)
{
    struct usage u = { .from = list[0].stamp, .to = list[count - 1].stamp };
    struct history h = { .span = usage_span, .arg = &u };
    const struct picture p = { .from = list[0].stamp, .to = list[count - 1].stamp, .khz = 1000,
                               .width = 600, .domain = -1 };
    bool sound = true;

    for (size_t i = 0; sound && i < count; i++)
        sound = history_feed(&h, &list[i]);
    usage_ongoing(&u, &h);
    usage_print(&u, 1000, 1, out);
    if (p.from < p.to)
        picture_draw(&p, list, count, out);
    history_free(&h);
    free(u.domain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = memchr(data, 0, size);
    size_t head = end ? (size_t)(end - data) : 0, skip = end ? head + 1 : 0, count;
    FILE *out = fopen("/dev/null", "w"), *in = open_bytes(data, head);
    struct rules *rules = rules_load(in, "rules");

    fclose(in);
    if (rules)
        write_out(rules, data + skip, size - skip, out);
    rules_free(rules);
    in = open_bytes(data + skip, size - skip);
    struct record *list = load_schedule(in, "capture", &count);

    fclose(in);
    if (list)
        sum_and_draw(list, count, out);
    free(list);
    fclose(out);
    return 0;
}
