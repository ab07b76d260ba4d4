// SPDX-License-Identifier: MIT
/* Host test of heap.c: against an array that is searched for the smallest, and
 * order of ties. */
#include "lib/heap.h"

#include "tests/host/sequence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

constexpr uint32_t ITEMS = 97;

struct item {
	struct heap_node node;
	uint64_t key;   /* the model's copy */
	uint64_t order; /* of insertion; 0 = not in the model */
};

struct model {
	struct item items[ITEMS];
	uint64_t next_order;
};

static struct item *model_first(struct model *model)
{
	struct item *first = nullptr;

	for (uint32_t i = 0; i < ITEMS; i++) {
		struct item *item = &model->items[i];

		if (item->order == 0)
			continue;
		if (first == nullptr || item->key < first->key ||
		    (item->key == first->key && item->order < first->order))
			first = item;
	}
	return first;
}

static void insert(struct heap *heap, struct model *model, struct item *item, uint64_t key)
{
	item->key = key;
	item->order = ++model->next_order;
	heap_insert(heap, &item->node, key);
}

static void assert_same_first(const struct heap *heap, struct model *model)
{
	struct item *first = model_first(model);

	assert_ptr_equal(heap_first(heap), first == nullptr ? nullptr : &first->node);
	assert_true(heap_check(heap));
}

static void random_operation(struct heap *heap, struct model *model, struct sequence *sequence,
			     uint32_t keys)
{
	struct item *item = &model->items[sequence_below(sequence, ITEMS)];

	assert_int_equal(heap_node_is_queued(&item->node), item->order != 0);
	if (sequence_below(sequence, 8) == 0) {
		struct item *first = model_first(model);
		struct heap_node *popped = heap_pop(heap);

		assert_ptr_equal(popped, first == nullptr ? nullptr : &first->node);
		if (first != nullptr)
			first->order = 0;
	} else if (item->order != 0) {
		item->order = 0;
		heap_remove(heap, &item->node);
	} else {
		insert(heap, model, item, sequence_below(sequence, keys));
	}
}

static void agrees_with_a_searched_array(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct sequence sequence = { seed };
		struct model model = { 0 };
		struct heap heap;

		heap_init(&heap);
		for (uint32_t i = 0; i < ITEMS; i++)
			heap_node_init(&model.items[i].node);
		for (uint32_t i = 0; i < 2000; i++) {
			random_operation(&heap, &model, &sequence, seed % 2 == 0 ? 5 : 100000);
			assert_same_first(&heap, &model);
		}
	}
}

static void equal_keys_leave_in_order_of_insertion(void **state)
{
	struct heap_node nodes[40];
	struct heap heap;

	(void)state;
	heap_init(&heap);
	for (uint32_t i = 0; i < 40; i++)
		heap_insert(&heap, &nodes[i], UINT64_MAX);
	heap_remove(&heap, &nodes[7]);
	heap_insert(&heap, &nodes[7], UINT64_MAX);
	for (uint32_t i = 0; i < 40; i++)
		if (i != 7)
			assert_ptr_equal(heap_pop(&heap), &nodes[i]);
	assert_ptr_equal(heap_pop(&heap), &nodes[7]);
	assert_null(heap_pop(&heap));
	assert_true(heap_check(&heap));
}

static void removing_what_is_not_queued_does_nothing(void **state)
{
	struct heap_node idle, queued;
	struct heap heap;

	(void)state;
	heap_init(&heap);
	heap_node_init(&idle);
	heap_insert(&heap, &queued, 0);
	heap_remove(&heap, &idle);
	assert_int_equal(heap.count, 1);
	heap_remove(&heap, &queued);
	heap_remove(&heap, &queued);
	assert_int_equal(heap.count, 0);
	assert_null(heap_first(&heap));
}

static void check_sees_a_broken_order(void **state)
{
	struct heap_node nodes[5];
	struct heap heap;

	(void)state;
	heap_init(&heap);
	for (uint32_t i = 0; i < 5; i++)
		heap_insert(&heap, &nodes[i], i);
	assert_true(heap_check(&heap));
	nodes[4].key = 0;
	nodes[1].key = 9;
	assert_false(heap_check(&heap));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_a_searched_array),
		cmocka_unit_test(equal_keys_leave_in_order_of_insertion),
		cmocka_unit_test(removing_what_is_not_queued_does_nothing),
		cmocka_unit_test(check_sees_a_broken_order),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
