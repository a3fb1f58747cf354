/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table on a terminal, anew after each delay or key.
 */
#include <ctype.h>
#include <errno.h>
#include <ncurses.h>
#include <stdlib.h>
#include <string.h>

#include <base/clock.h>
#include <base/strings.h>

#include "xentop.h"

#define KEY_ESCAPE 27
#define DELAY_MAX 86400

static void put_line(int y, const char *text, int attributes)
{
    attrset(attributes);
    mvaddnstr(y, 0, text, COLS);
    clrtoeol();
    attrset(A_NORMAL);
}

/* Lines of text from y on, as far as there is room; the next y. */
static int put_lines(int y, const char *text, int attributes)
{
    while (*text && y < LINES - 1) {
        size_t len = strcspn(text, "\n");
        char *line = strndup(text, len);

        put_line(y++, line ? line : "", attributes);
        free(line);
        text += len + (text[len] == '\n');
    }
    return y;
}

static void put_keys(const struct options *o)
{
    struct buffer text = { 0 };

    buffer_printf(&text, "  Delay  %sNetworks  v%sBds  %sVCPUs  Repeat header  Sort order (%s)  "
                  "Quit", o->networks ? "*" : "", o->vbds ? "*" : "", o->vcpus ? "*" : "",
                  column_title(o->sort));
    put_line(LINES - 1, buffer_string(&text), A_REVERSE);
    buffer_free(&text);
}

static void draw(struct sample *s, struct options *o)
{
    struct buffer text = { 0 };

    sort_rows(s, o->sort);
    if (s->count && o->scroll >= s->count)
        o->scroll = s->count - 1;
    erase();
    format_summary(&text, s);
    int y = put_lines(0, buffer_string(&text), A_NORMAL);

    for (size_t i = o->scroll; i < s->count; i++) {
        if (i == o->scroll || o->repeat_header) {
            buffer_clear(&text);
            format_header(&text);
            y = put_lines(y, buffer_string(&text), A_REVERSE);
        }
        buffer_clear(&text);
        format_row(&text, s, &s->rows[i], o);
        y = put_lines(y, buffer_string(&text), A_NORMAL);
    }
    put_keys(o);
    refresh();
    buffer_free(&text);
}

static void ask_delay(struct options *o)
{
    char text[16] = "";
    char *end;

    put_line(LINES - 1, "New delay in seconds: ", A_NORMAL);
    timeout(-1);
    echo();
    if (getnstr(text, sizeof(text) - 1) == OK) {
        double delay = strtod(text, &end);

        if (end != text && !*end && delay >= 0.1 && delay <= DELAY_MAX)
            o->delay = delay;
    }
    noecho();
}

/* False: the user has enough. */
static bool take_key(int key, struct options *o)
{
    switch (key < 256 ? tolower(key) : key) {
    case 'q': case KEY_ESCAPE: return false;
    case 'd': ask_delay(o); break;
    case 'n': o->networks = !o->networks; break;
    case 'b': o->vbds = !o->vbds; break;
    case 'v': o->vcpus = !o->vcpus; break;
    case 'r': o->repeat_header = !o->repeat_header; break;
    case 's': o->sort = (o->sort + 1) % column_count(); break;
    case KEY_UP: o->scroll -= o->scroll > 0; break;
    case KEY_DOWN: o->scroll++; break;
    case KEY_PPAGE: o->scroll -= o->scroll < 10 ? o->scroll : 10; break;
    case KEY_NPAGE: o->scroll += 10; break;
    case KEY_HOME: o->scroll = 0; break;
    default: break;
    }
    return true;
}

/* Keys until it is time for the next sample. False: the user has enough. */
static bool wait_keys(struct sample *s, struct options *o)
{
    for (;;) {
        double rest = s->when + o->delay - monotonic_seconds();

        if (rest <= 0)
            return true;
        timeout((int)(rest * 1000) + 1);
        int key = getch();

        if (key == ERR)
            continue;
        if (!take_key(key, o))
            return false;
        draw(s, o);
    }
}

int screen_run(const struct source *source, struct options *o)
{
    struct sample now, older = { 0 };
    int rc = 0;

    initscr();
    cbreak();
    noecho();
    keypad(stdscr, TRUE);
    set_escdelay(50);
    curs_set(0);
    for (long n = 0; o->iterations < 0 || n < o->iterations; n++) {
        rc = sample_take(source->xc, source->xs, source->sysfs, true, &now);
        if (rc)
            break;
        sample_compare(&now, &older);
        draw(&now, o);
        bool goes_on = wait_keys(&now, o);

        sample_free(&older);
        older = now;
        if (!goes_on)
            break;
    }
    sample_free(&older);
    endwin();
    return rc;
}
