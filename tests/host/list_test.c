// SPDX-License-Identifier: MIT
/* Host test of list.h: order at both ends, and removal from anywhere. */
#include "lib/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct item {
	int number;
	struct list_link link;
};

static void assert_numbers(const struct list_link *head, const int *numbers, size_t count)
{
	const struct list_link *l = head->next;

	for (size_t i = 0; i < count; i++, l = l->next) {
		assert_ptr_not_equal(l, head);
		assert_int_equal(LIST_OWNER(l, struct item, link)->number, numbers[i]);
		assert_ptr_equal(l->next->prev, l);
	}
	assert_ptr_equal(l, head);
}

static void keeps_order_at_both_ends(void **state)
{
	struct item a = { .number = 1 }, b = { .number = 2 }, c = { .number = 3 };
	struct list_link head;

	(void)state;
	list_init(&head);
	list_append(&head, &b.link);
	list_append(&head, &c.link);
	list_prepend(&head, &a.link);
	assert_numbers(&head, (const int[]){ 1, 2, 3 }, 3);
}

static void removes_from_anywhere_once_or_twice(void **state)
{
	struct item items[3] = { { .number = 1 }, { .number = 2 }, { .number = 3 } };
	struct list_link head;

	(void)state;
	list_init(&head);
	for (size_t i = 0; i < 3; i++)
		list_append(&head, &items[i].link);
	list_remove(&items[1].link);
	assert_numbers(&head, (const int[]){ 1, 3 }, 2);
	assert_true(list_is_empty(&items[1].link));
	list_remove(&items[1].link);
	list_remove(&items[0].link);
	assert_numbers(&head, (const int[]){ 3 }, 1);
	list_remove(&items[2].link);
	assert_true(list_is_empty(&head));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_order_at_both_ends),
		cmocka_unit_test(removes_from_anywhere_once_or_twice),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
