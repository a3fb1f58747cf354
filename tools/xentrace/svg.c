/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The picture: a lane for each processor, in the colour of whom it runs, and below a lane for each
 * vcpu, which runs, waits or sleeps.
 *
 * A span of a pixel or more is a rectangle of its own.  Shorter ones are added up by pixel, which
 * is then as dark as it was busy, so that the file stays small and nothing disappears.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "xentrace.h"

#define LEFT      84
#define RIGHT     24
#define TOP       74
#define CPU_LANE  26
#define VCPU_LANE 16
#define GAP       8
#define LANES_MAX 256
#define COLOURS   10

static const char *const palette[COLOURS] = {
    "#4e79a7", "#59a14f", "#e15759", "#b07aa1", "#76b7b2", "#9c755f", "#d37295", "#499894",
    "#8cd17d", "#79706e",
};
#define WAIT_COLOUR "#f28e2b"

struct span { uint32_t id; uint32_t cpu; enum vcpu_state state; uint64_t from, to; };

struct scene {
    const struct picture *p;
    FILE *out;
    struct span *span;
    size_t count, room;
    bool failed;
    double scale;                   /* pixels per tick */
    uint16_t *domain;               /* in order of their ids; the place says the colour */
    size_t domains;
    unsigned int cpus;
};

static unsigned int domain_of(uint32_t id) { return id >> 16; }

/* ---- Spans ---- */

static void add_span(void *arg, const struct vcpu_history *v, uint64_t until)
{
    struct scene *s = arg;
    uint64_t from = v->since > s->p->from ? v->since : s->p->from;
    uint64_t to = until < s->p->to ? until : s->p->to;

    if (from >= to || domain_of(v->id) == DOMID_OF_IDLE || v->state == VCPU_OFFLINE)
        return;
    if (s->count == s->room) {
        size_t room = s->room ? 2 * s->room : 4096;
        struct span *more = reallocarray(s->span, room, sizeof(*more));

        if (!more) {
            s->failed = true;
            return;
        }
        s->span = more;
        s->room = room;
    }
    s->span[s->count++] = (struct span){ v->id, v->cpu, v->state, from, to };
}

/* By vcpu, then time. */
static int compare(const void *a, const void *b)
{
    const struct span *x = a, *y = b;

    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return x->from < y->from ? -1 : x->from > y->from;
}

static int find_domains(struct scene *s)
{
    for (size_t i = 0; i < s->count; i++) {
        uint16_t id = domain_of(s->span[i].id);

        if (s->domains && s->domain[s->domains - 1] == id)
            continue;
        uint16_t *more = reallocarray(s->domain, s->domains + 1, sizeof(*more));

        if (!more)
            return complain("out of memory");
        s->domain = more;
        s->domain[s->domains++] = id;
    }
    return 0;
}

static unsigned int colour_of(const struct scene *s, uint32_t id)
{
    size_t i = 0;

    while (i < s->domains && s->domain[i] != domain_of(id))
        i++;
    return i % COLOURS;
}

/* ---- A lane ---- */

struct lane {
    double y, height;
    float *part[COLOURS];           /* by colour or state, of each pixel */
};

static double x_of(const struct scene *s, uint64_t stamp)
{
    return LEFT + (stamp - s->p->from) * s->scale;
}

static unsigned int pixels(const struct scene *s) { return s->p->width - LEFT - RIGHT; }

/* A span that is too short to be drawn. */
static void add_part(struct scene *s, struct lane *lane, unsigned int kind, double x, double width)
{
    if (!lane->part[kind])
        lane->part[kind] = calloc(pixels(s) + 2, sizeof(float));
    if (!lane->part[kind]) {
        s->failed = true;
        return;
    }
    unsigned int at = x - LEFT;
    double here = LEFT + at + 1 - x;

    lane->part[kind][at] += width < here ? width : here;
    if (width > here)
        lane->part[kind][at + 1] += width - here;
}

/* Runs of pixels that are equally dark, in tenths. */
static void draw_parts(struct scene *s, struct lane *lane, unsigned int kind, const char *colour,
                       double y, double height)
{
    const float *part = lane->part[kind];

    for (unsigned int at = 0; part && at <= pixels(s);) {
        int dark = lround(fmin(part[at], 1) * 10);
        unsigned int end = at + 1;

        if (!dark && part[at] > 0.01f)
            dark = 1;
        while (end <= pixels(s) && lround(fmin(part[end], 1) * 10) == dark)
            end++;
        if (dark)
            fprintf(s->out, "<rect x=\"%u\" y=\"%g\" width=\"%u\" height=\"%g\" fill=\"%s\""
                    " opacity=\"%g\"/>\n", LEFT + at, y, end - at, height, colour, dark / 10.0);
        at = end;
    }
    free(lane->part[kind]);
    lane->part[kind] = NULL;
}

/* In units that suit the length. */
static void print_time(FILE *out, const struct picture *p, double ticks)
{
    if (p->khz <= 0)
        fprintf(out, "%.0f ticks", ticks);
    else if (ticks < p->khz)
        fprintf(out, "%.1f us", ticks / p->khz * 1000);
    else
        fprintf(out, "%.3f ms", ticks / p->khz);
}

static void draw_span(struct scene *s, const struct span *span, const char *colour, double y,
                      double height)
{
    static const char *const states[] = { "runs", "waits", "sleeps" };
    double x = x_of(s, span->from), width = (span->to - span->from) * s->scale;

    fprintf(s->out, "<rect x=\"%.2f\" y=\"%g\" width=\"%.2f\" height=\"%g\" fill=\"%s\"><title>"
            "d%uv%u %s ", x, y, width, height, colour, domain_of(span->id), span->id & 0xffff,
            states[span->state]);
    if (span->state == VCPU_RUNNING)
        fprintf(s->out, "on CPU %u ", span->cpu);
    print_time(s->out, s->p, span->to - span->from);
    fputs(" from ", s->out);
    print_time(s->out, s->p, span->from - s->p->from);
    fputs("</title></rect>\n", s->out);
}

static void lane_name(struct scene *s, const struct lane *lane, const char *name)
{
    fprintf(s->out, "<rect x=\"%u\" y=\"%g\" width=\"%u\" height=\"%g\" fill=\"#f1f3f5\"/>\n"
            "<text x=\"%u\" y=\"%g\" text-anchor=\"end\">%s</text>\n", LEFT, lane->y, pixels(s),
            lane->height, LEFT - 8, lane->y + lane->height / 2 + 4, name);
}

static void draw_cpu(struct scene *s, unsigned int cpu, double y)
{
    struct lane lane = { .y = y, .height = CPU_LANE };
    char name[16];

    snprintf(name, sizeof(name), "CPU %u", cpu);
    lane_name(s, &lane, name);
    for (size_t i = 0; i < s->count; i++) {
        const struct span *span = &s->span[i];
        double width = (span->to - span->from) * s->scale;

        if (span->state != VCPU_RUNNING || span->cpu != cpu)
            continue;
        unsigned int colour = colour_of(s, span->id);

        if (width < 1) {
            add_part(s, &lane, colour, x_of(s, span->from), width);
            continue;
        }
        draw_span(s, span, palette[colour], y, CPU_LANE);
        if (width > 44)
            fprintf(s->out, "<text class=\"in\" x=\"%.1f\" y=\"%g\">d%uv%u</text>\n",
                    x_of(s, span->from) + width / 2, y + CPU_LANE / 2 + 4, domain_of(span->id),
                    span->id & 0xffff);
    }
    for (unsigned int colour = 0; colour < COLOURS; colour++)
        draw_parts(s, &lane, colour, palette[colour], y, CPU_LANE);
}

/* A vcpu's spans are span[first .. first + n). */
static void draw_vcpu(struct scene *s, size_t first, size_t n, double y)
{
    struct lane lane = { .y = y, .height = VCPU_LANE };
    uint32_t id = s->span[first].id;
    const char *own = palette[colour_of(s, id)];
    char name[16];

    snprintf(name, sizeof(name), "d%uv%u", domain_of(id), id & 0xffff);
    lane_name(s, &lane, name);
    for (size_t i = first; i < first + n; i++) {
        const struct span *span = &s->span[i];
        double width = (span->to - span->from) * s->scale;

        if (width < 1)
            add_part(s, &lane, span->state, x_of(s, span->from), width);
        else if (span->state == VCPU_RUNNING)
            draw_span(s, span, own, y, VCPU_LANE);
        else if (span->state == VCPU_RUNNABLE)
            draw_span(s, span, WAIT_COLOUR, y + 4, VCPU_LANE - 8);
        else
            draw_span(s, span, "#adb5bd", y + VCPU_LANE / 2 - 1, 2);
    }
    draw_parts(s, &lane, VCPU_BLOCKED, "#adb5bd", y + VCPU_LANE / 2 - 1, 2);
    draw_parts(s, &lane, VCPU_RUNNING, own, y, VCPU_LANE);
    draw_parts(s, &lane, VCPU_RUNNABLE, WAIT_COLOUR, y + 4, VCPU_LANE - 8);
}

/* ---- The whole ---- */

/* 1, 2 or 5 times a power of ten, so that there are about ten. */
static double tick_step(double whole)
{
    double step = pow(10, floor(log10(whole / 10)));

    return whole / step > 50 ? 10 * step : whole / step > 20 ? 5 * step
         : whole / step > 10 ? 2 * step : step;
}

static void draw_axis(struct scene *s, double bottom)
{
    const struct picture *p = s->p;
    bool ms = p->khz > 0;
    double unit = ms ? p->khz : 1, whole = (p->to - p->from) / unit;
    /* Short ones in microseconds. */
    bool us = ms && whole < 1;

    if (us) {
        unit /= 1000;
        whole *= 1000;
    }
    double step = tick_step(whole);

    fputs("<g class=\"axis\">\n", s->out);
    for (unsigned int i = 0; i * step <= whole * 1.0001; i++) {
        double x = LEFT + i * step * unit * s->scale;

        fprintf(s->out, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%g\"/>"
                "<text x=\"%.1f\" y=\"%g\">%g</text>\n", x, x, TOP - 8, bottom, x, bottom + 16,
                i * step);
    }
    fprintf(s->out, "<text x=\"%u\" y=\"%g\">%s</text>\n</g>\n", LEFT + pixels(s) / 2,
            bottom + 34, us ? "microseconds" : ms ? "milliseconds" : "ticks");
}

static bool has_losses(const struct record *r, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (r[i].event == TRC_LOST_RECORDS)
            return true;
    return false;
}

static void draw_losses(struct scene *s, const struct record *r, size_t count, double bottom)
{
    for (size_t i = 0; i < count; i++) {
        if (r[i].event != TRC_LOST_RECORDS || r[i].words < 4)
            continue;
        uint64_t from = r[i].data[2] | (uint64_t)r[i].data[3] << 32, to = r[i].stamp;

        from = from < s->p->from ? s->p->from : from;
        to = to > s->p->to ? s->p->to : to;
        if (from < to)
            fprintf(s->out, "<rect x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%g\""
                    " fill=\"#e03131\" opacity=\"0.15\"><title>%u records of CPU %u were lost"
                    "</title></rect>\n", x_of(s, from), TOP - 8, (to - from) * s->scale,
                    bottom - TOP + 8, r[i].data[0], r[i].cpu);
    }
}

static void draw_legend(struct scene *s, bool losses)
{
    unsigned int x = LEFT, end = s->p->width - RIGHT - (losses ? 330 : 210);

    for (size_t i = 0; i < s->domains && x + 58 < end; i++, x += 58)
        fprintf(s->out, "<rect x=\"%u\" y=\"38\" width=\"12\" height=\"12\" fill=\"%s\"/>"
                "<text x=\"%u\" y=\"48\">d%u</text>\n", x, palette[i % COLOURS], x + 17,
                s->domain[i]);
    x = s->p->width - RIGHT - 210;
    if (losses)
        fprintf(s->out, "<rect x=\"%u\" y=\"38\" width=\"12\" height=\"12\" fill=\"#e03131\""
                " opacity=\"0.15\"/><text x=\"%u\" y=\"48\">records lost</text>\n", end, end + 17);
    fprintf(s->out, "<rect x=\"%u\" y=\"40\" width=\"22\" height=\"8\" fill=\"" WAIT_COLOUR
            "\"/><text x=\"%u\" y=\"48\">waits for a CPU</text>\n", x, x + 27);
    fprintf(s->out, "<rect x=\"%u\" y=\"43\" width=\"22\" height=\"2\" fill=\"#adb5bd\"/>"
            "<text x=\"%u\" y=\"48\">sleeps</text>\n", x + 140, x + 167);
}

static size_t count_lanes(const struct scene *s)
{
    size_t n = 0;

    for (size_t i = 0; i < s->count; i++)
        n += i == 0 || s->span[i].id != s->span[i - 1].id;
    return n;
}

static double draw_vcpus(struct scene *s, double y)
{
    size_t lanes = 0;

    for (size_t i = 0, n; i < s->count; i += n) {
        for (n = 1; i + n < s->count && s->span[i + n].id == s->span[i].id; n++)
            ;
        if (s->p->domain >= 0 && (unsigned long)s->p->domain != domain_of(s->span[i].id))
            continue;
        if (lanes++ == LANES_MAX) {
            fprintf(s->out, "<text x=\"%u\" y=\"%g\">and more: choose a domain with -d</text>\n",
                    LEFT, y + 12);
            return y + 20;
        }
        draw_vcpu(s, i, n, y);
        y += VCPU_LANE + GAP;
    }
    return y;
}

static void draw_scene(struct scene *s, const struct record *r, size_t count)
{
    size_t lanes = count_lanes(s);
    unsigned int most = lanes < LANES_MAX ? lanes : LANES_MAX;
    unsigned int height = TOP + s->cpus * (CPU_LANE + GAP) + 24 + most * (VCPU_LANE + GAP) + 46;

    fprintf(s->out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\""
            " viewBox=\"0 0 %u %u\">\n<style>text{font:12px sans-serif;fill:#343a40}"
            ".in{fill:#fff;text-anchor:middle;pointer-events:none}.title{font-size:16px}"
            ".axis line{stroke:#868e96;stroke-opacity:.25}.axis text{text-anchor:middle}</style>\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n"
            "<text class=\"title\" x=\"%u\" y=\"24\">Who ran where: %u processor%s, %zu vcpu%s, ",
            s->p->width, height, s->p->width, height, LEFT, s->cpus, s->cpus == 1 ? "" : "s",
            lanes, lanes == 1 ? "" : "s");
    print_time(s->out, s->p, s->p->to - s->p->from);
    fputs("</text>\n", s->out);
    draw_legend(s, has_losses(r, count));
    double y = TOP;

    for (unsigned int cpu = 0; cpu < s->cpus; cpu++, y += CPU_LANE + GAP)
        draw_cpu(s, cpu, y);
    y = draw_vcpus(s, y + 16);
    draw_losses(s, r, count, y);
    draw_axis(s, y);
    fputs("</svg>\n", s->out);
}

int picture_draw(const struct picture *p, const struct record *r, size_t count, FILE *out)
{
    struct scene s = { .p = p, .out = out };
    struct history h = { .span = add_span, .arg = &s };
    bool sound = true;

    s.scale = (double)(p->width - LEFT - RIGHT) / (p->to - p->from);
    for (size_t i = 0; sound && i < count; i++) {
        sound = history_feed(&h, &r[i]);
        if (r[i].cpu >= s.cpus)
            s.cpus = r[i].cpu + 1;
    }
    history_close(&h, p->to);
    history_free(&h);
    if (sound && s.cpus > LANES_MAX)
        sound = false;
    if (sound && s.count)
        qsort(s.span, s.count, sizeof(*s.span), compare);
    int failed = !sound ? complain("too many vcpus or CPUs: this is no trace") : find_domains(&s);

    if (!failed)
        draw_scene(&s, r, count);
    if (s.failed)
        failed = complain("out of memory");
    free(s.span);
    free(s.domain);
    return failed;
}
