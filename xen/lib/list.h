/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Doubly linked lists whose links live inside the elements.
 *
 * A list is a ring through its head; an element's link is the same structure. An initialised link
 * that is on no list points at itself, so list_empty() of it tells whether it was removed with
 * list_del_init(). list_del() leaves NULL links: following a removed element faults instead of
 * wandering.
 */
#ifndef LIB_LIST_H
#define LIB_LIST_H

#include <lib/math.h>

#include <stdbool.h>
#include <stddef.h>

struct list_head {
    struct list_head *next;
    struct list_head *prev;
};

#define LIST_HEAD_INIT(name) { .next = &(name), .prev = &(name) }
#define LIST_HEAD(name) struct list_head name = LIST_HEAD_INIT(name)

static inline void list_init(struct list_head *head)
{
    head->next = head;
    head->prev = head;
}

static inline bool list_empty(const struct list_head *head)
{
    return head->next == head;
}

static inline void list_insert_between(struct list_head *link, struct list_head *prev,
                                       struct list_head *next)
{
    link->prev = prev;
    link->next = next;
    prev->next = link;
    next->prev = link;
}

/* At the front of 'head', or right after an element. */
static inline void list_add(struct list_head *link, struct list_head *head)
{
    list_insert_between(link, head, head->next);
}

/* At the end of 'head', or right before an element. */
static inline void list_add_tail(struct list_head *link, struct list_head *head)
{
    list_insert_between(link, head->prev, head);
}

static inline void list_unlink(struct list_head *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
}

static inline void list_del(struct list_head *link)
{
    list_unlink(link);
    link->next = NULL;
    link->prev = NULL;
}

static inline void list_del_init(struct list_head *link)
{
    list_unlink(link);
    list_init(link);
}

static inline void list_move(struct list_head *link, struct list_head *head)
{
    list_unlink(link);
    list_add(link, head);
}

static inline void list_move_tail(struct list_head *link, struct list_head *head)
{
    list_unlink(link);
    list_add_tail(link, head);
}

/* Puts all of 'from' in front of what 'head' holds; 'from' is empty after. */
static inline void list_splice_init(struct list_head *from, struct list_head *head)
{
    if (list_empty(from))
        return;
    from->prev->next = head->next;
    head->next->prev = from->prev;
    head->next = from->next;
    from->next->prev = head;
    list_init(from);
}

static inline bool list_is_last(const struct list_head *link, const struct list_head *head)
{
    return link->next == head;
}

#define list_entry(link, type, member)          container_of(link, type, member)
#define list_first_entry(head, type, member)    list_entry((head)->next, type, member)
#define list_last_entry(head, type, member)     list_entry((head)->prev, type, member)
#define list_next_entry(pos, member)    list_entry((pos)->member.next, __typeof__(*(pos)), member)
#define list_prev_entry(pos, member)    list_entry((pos)->member.prev, __typeof__(*(pos)), member)
#define list_first_entry_or_null(head, type, member)                    \
    (list_empty(head) ? NULL : list_first_entry(head, type, member))

#define list_for_each(link, head)                                       \
    for (link = (head)->next; link != (head); link = link->next)

#define list_for_each_entry(pos, head, member)                          \
    for (pos = list_first_entry(head, __typeof__(*pos), member);        \
         &pos->member != (head);                                        \
         pos = list_next_entry(pos, member))

#define list_for_each_entry_reverse(pos, head, member)                  \
    for (pos = list_last_entry(head, __typeof__(*pos), member);         \
         &pos->member != (head);                                        \
         pos = list_prev_entry(pos, member))

/* The body may remove 'pos'; 'next' is scratch of the same type. */
#define list_for_each_entry_safe(pos, next, head, member)               \
    for (pos = list_first_entry(head, __typeof__(*pos), member),        \
         next = list_next_entry(pos, member);                           \
         &pos->member != (head);                                        \
         pos = next, next = list_next_entry(next, member))

#endif
