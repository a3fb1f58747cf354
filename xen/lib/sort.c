/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Heapsort.
 */
#include <lib/sort.h>

struct array {
    char *base;
    size_t size;        /* of one element */
    int (*compare)(const void *a, const void *b);
};

static void *at(const struct array *a, size_t i)
{
    return a->base + i * a->size;
}

static void swap(const struct array *a, size_t i, size_t j)
{
    char *x = at(a, i);
    char *y = at(a, j);

    for (size_t k = 0; k < a->size; k++) {
        char t = x[k];
        x[k] = y[k];
        y[k] = t;
    }
}

/* Lets element i sink in the heap of the first n until no child is larger. */
static void sink(const struct array *a, size_t i, size_t n)
{
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= n)
            return;
        if (child + 1 < n && a->compare(at(a, child), at(a, child + 1)) < 0)
            child++;
        if (a->compare(at(a, i), at(a, child)) >= 0)
            return;
        swap(a, i, child);
        i = child;
    }
}

void sort(void *base, size_t n, size_t size, int (*compare)(const void *a, const void *b))
{
    const struct array a = { .base = base, .size = size, .compare = compare };

    for (size_t i = n / 2; i > 0; i--)
        sink(&a, i - 1, n);
    for (size_t end = n; end > 1; end--) {
        swap(&a, 0, end - 1);
        sink(&a, 0, end - 1);
    }
}
