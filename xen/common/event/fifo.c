/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The FIFO ABI: each port has a 32-bit word in pages the guest gave us, each vcpu a control block
 * with sixteen queues, by priority.  A queue is a chain through the words' LINK fields, from the
 * control block's head to the tail that only we know.
 *
 * A word is ours and the guest's to change, always by locked instructions:
 *   we set PENDING; if then the word was neither MASKED nor LINKED, we set LINKED and append the
 *   port to its queue;
 *   the guest takes the head: clears LINKED and LINK in one step, and handles the event if PENDING
 *   and not MASKED.
 * So whichever of "PENDING set" and "LINKED cleared" comes second finds the other done, and no
 * event is lost.
 *
 * Appending writes the tail's LINK while that is still LINKED.  If it is not, the guest has
 * consumed the tail, the queue is empty, and the port becomes its head.  A port that goes to
 * another queue (notify_vcpu or priority changed) must cease to be the old queue's tail; p->queue
 * says which that is and changes under both queues' locks.
 *
 * The guest can write nonsense into words and lose its own events by it.  We follow no LINK, and
 * retry a bounded number of times.  Words of a port are looked at while it is open, or under
 * event.lock (private.h); the pages leave when no port is open.
 */
#include <lib/math.h>
#include <xen/arch.h>
#include <xen/assert.h>
#include <xen/frame.h>
#include <xen/heap.h>
#include <xen/printk.h>

#include "private.h"

#define PENDING         (1u << EVTCHN_FIFO_PENDING)
#define MASKED          (1u << EVTCHN_FIFO_MASKED)
#define LINKED          (1u << EVTCHN_FIFO_LINKED)
#define BUSY            (1u << EVTCHN_FIFO_BUSY)
#define LINK_MASK       ((uint32_t)EVTCHN_FIFO_LINK_MASK)
#define WORDS_PER_PAGE  (PAGE_SIZE / sizeof(event_word_t))
#define MAX_PAGES       (EVTCHN_FIFO_NR_CHANNELS / WORDS_PER_PAGE)
#define APPEND_TRIES    16
#define DEFAULT_QUEUE   EVTCHN_FIFO_PRIORITY_DEFAULT

struct event_fifo {
    uint32_t nr_words;
    event_word_t *pages[MAX_PAGES];     /* guest frames, with references for writing */
};

struct event_fifo_queue {
    struct spinlock lock;               /* LOCK_EVENT_QUEUE, interrupts off */
    uint32_t tail;                      /* last port linked; 0: none */
};

struct event_fifo_vcpu {
    struct evtchn_fifo_control_block *control;      /* in a guest frame; NULL: none yet */
    struct event_fifo_queue queue[EVTCHN_FIFO_MAX_QUEUES];
};

/* Guest memory, hostile; or NULL where the guest has given no page yet. */
static event_word_t *word_of(const struct domain *d, uint32_t port)
{
    const struct event_fifo *fifo = d->event.fifo;
    if (unlikely(port >= load_acquire(&fifo->nr_words)))
        return NULL;
    return &fifo->pages[port / WORDS_PER_PAGE][port % WORDS_PER_PAGE];
}

static uint32_t word_set(event_word_t *word, uint32_t bits)
{
    return __atomic_fetch_or(word, bits, __ATOMIC_SEQ_CST);
}

static uint32_t word_clear(event_word_t *word, uint32_t bits)
{
    return __atomic_fetch_and(word, ~bits, __ATOMIC_SEQ_CST);
}

/* ---- Queues ---------------------------------------------------------------------------------- */

static struct event_fifo_queue *queue_of(const struct domain *d, uint32_t id)
{
    return &d->vcpu[id >> QUEUE_PRIORITY_BITS]->event.fifo->queue[id % EVTCHN_FIFO_MAX_QUEUES];
}

/* Lock the queue to link on, and the one p was last on; p->queue is stable then. */
static unsigned long queues_lock(const struct domain *d, const struct event_port *p,
                                 struct event_fifo_queue *queue, struct event_fifo_queue **old)
{
    for (;;) {
        uint32_t id = read_once(p->queue);
        struct event_fifo_queue *other = queue_of(d, id);
        unsigned long flags = spin_lock_irqsave(&min(queue, other)->lock);
        if (other != queue)
            spin_lock_nested(&max(queue, other)->lock);
        if (likely(read_once(p->queue) == id)) {
            *old = other;
            return flags;
        }
        if (other != queue)
            spin_unlock(&max(queue, other)->lock);
        spin_unlock_irqrestore(&min(queue, other)->lock, flags);
    }
}

static void queues_unlock(struct event_fifo_queue *queue, struct event_fifo_queue *old,
                          unsigned long flags)
{
    if (old != queue)
        spin_unlock(&max(queue, old)->lock);
    spin_unlock_irqrestore(&min(queue, old)->lock, flags);
}

/*
 * Make the tail point to `port`, if the guest has not consumed it.  BUSY asks the guest to leave
 * the word alone but for consuming it; a guest that does not gets a new head instead, and what
 * was queued is its loss.
 */
static bool tail_append(event_word_t *tail, uint32_t port)
{
    uint32_t w = read_once(*tail);
    for (unsigned int tries = 0; tries < APPEND_TRIES; tries++) {
        if (!(w & LINKED))
            break;
        if (atomic_cas(tail, &w, (w & ~(BUSY | LINK_MASK)) | port))
            return true;
        if (tries == 0)
            w = word_set(tail, BUSY) | BUSY;
    }
    if (w & BUSY)
        word_clear(tail, BUSY);
    return false;
}

/* An unmasked pending event goes to its vcpu's queue, unless it is on one. */
static void port_link(struct vcpu *v, struct event_port *p, event_word_t *word)
{
    struct domain *d = v->domain;
    struct event_fifo_vcpu *fv = v->event.fifo;
    struct evtchn_fifo_control_block *control = fv ? load_acquire(&fv->control) : NULL;
    if (unlikely(!control)) {
        return;                         /* found again when the control block comes */
    }
    unsigned int priority = read_once(p->priority);
    struct event_fifo_queue *queue = &fv->queue[priority], *old;
    bool is_head = false;

    unsigned long flags = queues_lock(d, p, queue, &old);
    if (!(word_set(word, LINKED) & LINKED)) {
        if (old->tail == p->port)
            old->tail = 0;
        p->queue = v->vcpu_id << QUEUE_PRIORITY_BITS | priority;
        is_head = !queue->tail || !tail_append(word_of(d, queue->tail), p->port);
        if (is_head)
            write_once(control->head[priority], p->port);
        queue->tail = p->port;
    }
    queues_unlock(queue, old, flags);

    uint32_t ready = 1u << priority;
    if (is_head && !(__atomic_fetch_or(&control->ready, ready, __ATOMIC_SEQ_CST) & ready))
        event_mark_pending(v);
}

/* ---- The ABI's operations -------------------------------------------------------------------- */

/*
 * Without a word the event is remembered in pending_early.  event_fifo_expand() first publishes
 * words and then collects, we first note and then look again: one of us sees both.
 */
static event_word_t *word_or_remember(struct domain *d, struct event_port *p)
{
    event_word_t *word = word_of(d, p->port);
    if (likely(word))
        return word;
    (void)atomic_xchg(&p->pending_early, 1);
    word = word_of(d, p->port);
    return word && atomic_xchg(&p->pending_early, 0) ? word : NULL;
}

static void fifo_set_pending(struct vcpu *v, struct event_port *p)
{
    event_word_t *word = word_or_remember(v->domain, p);
    if (unlikely(!word))
        return;
    uint32_t old = word_set(word, PENDING);
    if (old & PENDING)
        return;
    if (!(old & (MASKED | LINKED)))
        port_link(v, p, word);
    event_check_pollers(v->domain, p);
}

static void fifo_clear_pending(struct domain *d, struct event_port *p)
{
    event_word_t *word = word_of(d, p->port);
    if (word)
        word_clear(word, PENDING);
}

static void fifo_unmask(struct vcpu *v, struct event_port *p)
{
    event_word_t *word = word_of(v->domain, p->port);
    if (!word)
        return;
    uint32_t old = word_clear(word, MASKED);
    if ((old & PENDING) && !(old & LINKED))
        port_link(v, p, word);
}

static bool fifo_is_pending(struct domain *d, const struct event_port *p)
{
    event_word_t *word = word_of(d, p->port);
    return word ? read_once(*word) & PENDING : p->pending_early;
}

static bool fifo_is_masked(struct domain *d, const struct event_port *p)
{
    event_word_t *word = word_of(d, p->port);
    return !word || (read_once(*word) & MASKED);
}

static bool fifo_is_busy(struct domain *d, const struct event_port *p)
{
    event_word_t *word = word_of(d, p->port);
    return word && (read_once(*word) & LINKED);
}

static int fifo_set_priority(struct event_port *p, unsigned int priority)
{
    if (priority > EVTCHN_FIFO_PRIORITY_MIN)
        return -EINVAL;
    write_once(p->priority, (uint8_t)priority);
    return 0;
}

const struct event_abi event_abi_fifo = {
    .name = "FIFO",
    .max_ports = EVTCHN_FIFO_NR_CHANNELS,
    .set_pending = fifo_set_pending,
    .clear_pending = fifo_clear_pending,
    .unmask = fifo_unmask,
    .is_pending = fifo_is_pending,
    .is_masked = fifo_is_masked,
    .is_busy = fifo_is_busy,
    .set_priority = fifo_set_priority,
};

/* ---- Coming and going: under event.lock ------------------------------------------------------ */

/* A frame of the guest, writable by it and by us until page_release(). */
static void *page_map(struct domain *d, uint64_t gfn)
{
    struct frame *f = arch_gfn_to_frame(d, gfn_of(gfn));
    if (!f)
        return NULL;
    int rc = frame_get_and_type(f, d, FRAME_KIND_WRITABLE);
    frame_put(f);
    return rc ? NULL : frame_to_virt(f);
}

static void page_release(void *page)
{
    frame_put_and_type(virt_to_frame(page));
}

int event_fifo_vcpu_init(struct vcpu *v)
{
    struct event_fifo_vcpu *fv = new(struct event_fifo_vcpu);
    if (!fv)
        return -ENOMEM;
    for (unsigned int i = 0; i < EVTCHN_FIFO_MAX_QUEUES; i++)
        spin_lock_init(&fv->queue[i].lock, LOCK_EVENT_QUEUE);
    v->event.fifo = fv;
    return 0;
}

/* Ports that became pending before there was a queue for them. */
static void ports_collect(struct domain *d, bool two_level)
{
    for (uint32_t port = 1; port < d->event.nr_ports; port++) {
        struct event_port *p = event_port_of(d, port);
        if (p->state < EVENT_UNBOUND)
            continue;
        struct vcpu *v = d->vcpu[read_once(p->notify_vcpu)];
        event_word_t *word = word_of(d, port);
        if ((two_level && event_abi_two_level.is_pending(d, p))
            || (word && p->pending_early && atomic_xchg(&p->pending_early, 0))) {
            fifo_set_pending(v, p);
        } else if (word && (read_once(*word) & (PENDING | MASKED | LINKED)) == PENDING) {
            port_link(v, p, word);
        }
    }
}

/* Everything FIFO needs but pages of the guest. */
static int fifo_make(struct domain *d)
{
    struct event_fifo *fifo = new(struct event_fifo);
    int rc = fifo ? 0 : -ENOMEM;
    for_each_vcpu(d, v) {
        if (!rc && !v->event.fifo)
            rc = event_fifo_vcpu_init(v);
    }
    if (rc) {
        pool_free(fifo);
        return rc;
    }
    d->event.fifo = fifo;
    return 0;
}

static void fifo_unmake(struct domain *d)
{
    for_each_vcpu(d, v)
        event_vcpu_free(v);
    pool_free(d->event.fifo);
    d->event.fifo = NULL;
}

static int control_set(struct domain *d, struct vcpu *v, const struct evtchn_init_control *args)
{
    if (!v->event.fifo) {
        int rc = event_fifo_vcpu_init(v);
        if (rc)
            return rc;
    }
    if (v->event.fifo->control)
        return -EINVAL;
    char *page = page_map(d, args->control_gfn);
    if (!page)
        return -EINVAL;
    store_release(&v->event.fifo->control, (void *)(page + args->offset));
    return 0;
}

long event_fifo_init_control(struct domain *d, struct evtchn_init_control *args)
{
    args->link_bits = EVTCHN_FIFO_LINK_BITS;
    if (args->vcpu >= d->max_vcpus || !d->vcpu[args->vcpu])
        return -ENOENT;
    if (args->offset % 8 || args->offset > PAGE_SIZE - sizeof(struct evtchn_fifo_control_block))
        return -EINVAL;
    struct vcpu *v = d->vcpu[args->vcpu];

    spin_lock(&d->event.lock);
    bool first = !d->event.fifo;
    int rc = d->dying ? -EINVAL : first ? fifo_make(d) : 0;
    if (!rc) {
        rc = control_set(d, v, args);
        if (rc && first)
            fifo_unmake(d);
    }
    if (!rc) {
        if (first) {
            (void)atomic_xchg(&d->event.abi, &event_abi_fifo);  /* before the look: two_level.c */
        }
        ports_collect(d, first);
    }
    spin_unlock(&d->event.lock);
    return rc;
}

int event_fifo_expand(struct domain *d, uint64_t gfn)
{
    int rc = 0;
    spin_lock(&d->event.lock);
    struct event_fifo *fifo = d->event.fifo;
    if (!fifo || d->dying) {
        rc = -EOPNOTSUPP;
    } else if (fifo->nr_words > d->event.max_port) {
        rc = -ENOSPC;
    } else {
        event_word_t *page = page_map(d, gfn);
        if (page) {
            fifo->pages[fifo->nr_words / WORDS_PER_PAGE] = page;
            store_release(&fifo->nr_words, (uint32_t)(fifo->nr_words + WORDS_PER_PAGE));
            smp_mb();                                           /* see word_or_remember() */
            ports_collect(d, false);
        } else {
            rc = -EINVAL;
        }
    }
    spin_unlock(&d->event.lock);
    return rc;
}

void event_fifo_destroy(struct domain *d)
{
    struct event_fifo *fifo = d->event.fifo;
    assert(d->event.nr_active == 0);

    write_once(d->event.abi, &event_abi_two_level);
    for_each_vcpu(d, v) {
        if (v->event.fifo && v->event.fifo->control)
            page_release(v->event.fifo->control);
    }
    for (uint32_t i = 0; i < fifo->nr_words / WORDS_PER_PAGE; i++)
        page_release(fifo->pages[i]);
    for (uint32_t port = 0; port < d->event.nr_ports; port++)
        event_port_of(d, port)->queue = DEFAULT_QUEUE;
    fifo_unmake(d);
}
