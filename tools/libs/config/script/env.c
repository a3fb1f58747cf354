/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names and what they stand for.
 */
#include "script.h"

struct env *env_new(struct script *s, struct env *parent)
{
    struct env *e = script_alloc(s, sizeof(*e));

    e->parent = parent;
    return e;
}

/* The slot of name, or the free one where it belongs. There is always a free one. */
static struct variable *probe(struct variable *slot, size_t size, const struct symbol *name)
{
    size_t i = name->id * 0x9e3779b1u & (size - 1);

    while (slot[i].name && slot[i].name != name)
        i = (i + 1) & (size - 1);
    return &slot[i];
}

struct variable *env_find(struct env *e, const struct symbol *name)
{
    if (!e->size)
        return NULL;
    struct variable *v = probe(e->slot, e->size, name);

    return v->name && v->value ? v : NULL;
}

static void env_grow(struct script *s, struct env *e)
{
    size_t size = e->size ? e->size * 2 : 8;
    struct variable *slot = script_alloc(s, size * sizeof(*slot));

    for (size_t i = 0; i < e->size; i++) {
        if (e->slot[i].name)
            *probe(slot, size, e->slot[i].name) = e->slot[i];
    }
    e->slot = slot;
    e->size = size;
}

struct variable *env_set(struct script *s, struct env *e, const struct symbol *name,
                         struct value *v)
{
    if ((e->count + 1) * 4 > e->size * 3)
        env_grow(s, e);
    struct variable *slot = probe(e->slot, e->size, name);

    if (!slot->name) {
        slot->name = name;
        e->count++;
    }
    slot->value = v;
    slot->place = s->at;
    slot->is_preset = false;
    return slot;
}

void env_set_name(struct script *s, struct env *e, const char *name, struct value *v)
{
    size_t len = 0;

    while (name[len])
        len++;
    env_set(s, e, script_symbol(s, name, len), v);
}
