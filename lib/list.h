// SPDX-License-Identifier: MIT
#pragma once
/*
 * Intrusive circular list.  The link sits in the element, so inserting and removing never fail
 * and never allocate.  A link is in at most one list; list_init() makes it safe to remove.
 */
#include <stddef.h>
#include <stdint.h>

/* In the element, or the head of a list. */
struct list_link {
	struct list_link *next;
	struct list_link *prev;
};

/* The element of which link is a member. */
#define LIST_OWNER(link, type, member) ((type *)((uintptr_t)(link) - offsetof(type, member)))

/* Make a list empty, or a link one that is in no list. */
static inline void list_init(struct list_link *head)
{
	head->next = head;
	head->prev = head;
}

/* Also: whether a link that was initialised is in no list. */
static inline bool list_is_empty(const struct list_link *head)
{
	return head->next == head;
}

/* Add link, which is in no list, as the first element. */
static inline void list_prepend(struct list_link *head, struct list_link *link)
{
	link->prev = head;
	link->next = head->next;
	head->next->prev = link;
	head->next = link;
}

/* Add link, which is in no list, as the last element. */
static inline void list_append(struct list_link *head, struct list_link *link)
{
	link->prev = head->prev;
	link->next = head;
	head->prev->next = link;
	head->prev = link;
}

/* Take link out of whatever list holds it; harmless if none does. */
static inline void list_remove(struct list_link *link)
{
	link->prev->next = link->next;
	link->next->prev = link->prev;
	list_init(link);
}
