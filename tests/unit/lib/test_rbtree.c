/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Red-black trees: random inserts and erases, the tree's rules checked after each.
 *
 * sources: xen/lib/rbtree.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include <lib/rbtree.h>

#define ITEMS 300

struct item {
    int key;
    int order;              /* of insertion */
    bool is_in;
    struct rb_node node;
};

static struct item items[ITEMS];

static struct item *item_of(const struct rb_node *node)
{
    return rb_entry(node, struct item, node);
}

static bool less(const struct rb_node *a, const struct rb_node *b)
{
    return item_of(a)->key < item_of(b)->key;
}

static int compare(const void *key, const struct rb_node *node)
{
    int k = *(const int *)key;
    return (k > item_of(node)->key) - (k < item_of(node)->key);
}

/* The number of black nodes on every path below; fails where a rule is broken. */
static int black_height(const struct rb_node *node, const struct rb_node *parent)
{
    if (node == NULL)
        return 1;
    assert_ptr_equal(node->parent, parent);
    if (node->is_red)
        assert_true(parent != NULL && !parent->is_red);
    int left = black_height(node->left, node);
    assert_int_equal(left, black_height(node->right, node));
    return left + !node->is_red;
}

static void check(const struct rb_root *root, int count)
{
    const struct rb_node *node, *previous = NULL;

    black_height(root->node, NULL);
    rb_for_each(node, root) {
        assert_true(item_of(node)->is_in && rb_is_linked(node));
        if (previous != NULL) {
            const struct item *a = item_of(previous), *b = item_of(node);
            assert_true(a->key < b->key || (a->key == b->key && a->order < b->order));
        }
        assert_ptr_equal(rb_prev(node), previous);
        previous = node;
        count--;
    }
    assert_int_equal(count, 0);
    assert_ptr_equal(rb_last(root), previous);
}

static void random_life(void **state)
{
    struct rb_root root = RB_ROOT;
    int count = 0;

    for (int i = 0; i < ITEMS; i++)
        rb_clear(&items[i].node);
    for (int round = 0; round < 20000; round++) {
        struct item *i = &items[rand() % ITEMS];
        int grows = round / 2000 % 2 == 0;      /* waves, so that the tree also empties */
        if (!i->is_in && (grows || rand() % 4 == 0)) {
            i->key = rand() % 100;
            i->order = round;
            i->is_in = true;
            rb_insert(&root, &i->node, less);
            count++;
        } else if (i->is_in && (!grows || rand() % 4 == 0)) {
            rb_erase(&root, &i->node);
            i->is_in = false;
            assert_false(rb_is_linked(&i->node));
            count--;
        }
        if (round % 7 == 0)
            check(&root, count);
        int key = rand() % 100;
        const struct rb_node *found = rb_find(&root, &key, compare);
        const struct rb_node *from = rb_find_from(&root, &key, compare);
        assert_true(found == NULL || (item_of(found)->key == key && found == from));
        assert_true(from == NULL || item_of(from)->key >= key);
        const struct rb_node *before = from != NULL ? rb_prev(from) : rb_last(&root);
        assert_true(before == NULL || item_of(before)->key < key);
    }
    for (int i = 0; i < ITEMS; i++) {
        if (items[i].is_in)
            rb_erase(&root, &items[i].node);
    }
    assert_true(rb_empty(&root));
    assert_null(rb_first(&root));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_life),
    };
    srand(1);
    return cmocka_run_group_tests_name("rbtree", tests, NULL, NULL);
}
