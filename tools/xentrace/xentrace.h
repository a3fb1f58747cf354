/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the trace tools share: records and where they come from, event masks, the history of
 * vcpus.
 *
 * A trace file is a row of windows: a record TRC_TRACE_CPU_CHANGE that names a CPU and a number of
 * bytes, and so many bytes of that CPU's records.
 */
#ifndef XENTRACE_H
#define XENTRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <xen/trace.h>

#define CPUS_MAX 4096

int cmd_capture(int argc, char **argv);
int cmd_setsize(int argc, char **argv);
int cmd_format(int argc, char **argv);
int cmd_timeline(int argc, char **argv);
int cmd_monitor(int argc, char **argv);

/* "PROGRAM: ..." on standard error; returns 1. */
int complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
extern const char *program;

/* ---- reader.c ---- */

struct record {
    uint32_t event;
    bool stamped;
    uint64_t stamp;         /* its own, or that of its CPU's last one */
    unsigned int cpu;
    unsigned int words;
    uint32_t data[TRACE_EXTRA_MAX];
};

/* One record at p: its size, or 0 if `left` bytes do not hold it. cpu is not set. */
size_t record_parse(const void *p, size_t left, struct record *r);

struct reader {
    FILE *in;
    uint8_t buf[65536];
    size_t at, have;
    uint64_t offset;        /* of buf[at] in the file */
    unsigned int cpu;
    uint32_t window;        /* bytes that are left of this CPU's */
    uint64_t stamp[CPUS_MAX];
    char error[160];
};

void reader_init(struct reader *r, FILE *in);
/* 1: a record; 0: the end; -1: no trace goes on like this, and error says why. */
int reader_next(struct reader *r, struct record *record);

/* ---- masks.c: what can be asked for on the command line ---- */

/* A number, or names of classes with commas: "sched,mem". */
bool parse_event_mask(const char *text, uint32_t *mask);
/* A number, a list as "0,2,5-7", or "all": bits of CPUs below `cpus`. */
bool parse_cpu_mask(const char *text, unsigned int cpus, uint8_t *map);
bool parse_range(const char *text, unsigned long min, unsigned long max, unsigned long *value);
/* The processor's clock in kHz: as said in MHz, or 0 if that is no number. */
double parse_mhz(const char *text);

/* ---- history.c: who was in which state, from the records of the scheduler ---- */

enum vcpu_state { VCPU_RUNNING, VCPU_RUNNABLE, VCPU_BLOCKED, VCPU_OFFLINE, VCPU_STATES };

struct vcpu_history {
    uint32_t id;            /* domain << 16 | vcpu */
    enum vcpu_state state;
    uint64_t since;
    unsigned int cpu;       /* where it ran last, or runs */
};

#define VCPUS_MAX 65536
#define DOMID_OF_IDLE 0x7fff

struct history {
    struct vcpu_history *vcpu;      /* by id */
    size_t count, room;
    bool started;
    uint64_t first, last;           /* stamps */
    /* `v` was in `v->state` from v->since to `until`. */
    void (*span)(void *arg, const struct vcpu_history *v, uint64_t until);
    void *arg;
};

/* False: there are too many vcpus for this to be a trace. */
bool history_feed(struct history *h, const struct record *r);
/* Everybody stays what he is until then. */
void history_close(struct history *h, uint64_t until);
void history_free(struct history *h);

/* Stamps in order; records of one CPU keep theirs. */
void records_sort(struct record *r, size_t count);
/* All of a file's records about scheduling and losses, in the order of their stamps; NULL after a
 * complaint. */
struct record *load_schedule(FILE *in, const char *name, size_t *count);

/* ---- usage.c ---- */

struct usage_domain {
    uint16_t id;
    uint64_t ticks[VCPU_STATES];
    uint64_t waits, wait_total, wait_max;   /* from runnable to running */
};

/* What domains did within an interval; ordered by id. */
struct usage {
    struct usage_domain *domain;
    size_t count, room;
    uint64_t from, to;
};

struct usage_domain *usage_of(struct usage *u, uint16_t domid);
/* A history's span(): u = arg; time outside of the interval is not counted. */
void usage_span(void *u, const struct vcpu_history *v, uint64_t until);
/* The interval ends at u->to: what has not ended by then counts up to there. */
void usage_ongoing(struct usage *u, const struct history *h);
void usage_print(const struct usage *u, double khz, double at, FILE *out);
void usage_clear(struct usage *u);

/* ---- rules.c: how events are written out ---- */

struct rules;
/* NULL after a complaint that names the line. */
struct rules *rules_load(FILE *in, const char *name);
/* False: there is no rule for it. reltsc: ticks since its CPU's last record. */
bool rules_print(const struct rules *rules, const struct record *r, uint64_t reltsc, FILE *out);
void rules_free(struct rules *rules);

/* ---- svg.c ---- */

struct picture {
    uint64_t from, to;      /* stamps */
    double khz;             /* 0: the axis counts ticks */
    unsigned int width;
    long domain;            /* lanes of vcpus: of this one; -1: all */
};

/* Draws the records that load_schedule() returned. 0, or 1 after a complaint. */
int picture_draw(const struct picture *p, const struct record *r, size_t count, FILE *out);

#endif
