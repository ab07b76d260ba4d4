// SPDX-License-Identifier: MIT
#pragma once
/*
 * Intrusive heap of deadlines: the smallest key is first; equal keys leave in order of
 * insertion.
 *
 * A complete binary tree of linked nodes.  The node sits in the element, so nothing allocates
 * and nothing fails; insert, remove (of any node) and pop take O(log n) steps in the worst
 * case, first takes one.  Node number i (the root is 1) is reached from the root by the bits of
 * i below the highest, 0 = left, 1 = right; so the count alone says where the last node is.
 *
 * A node is in at most one heap; heap_node_init() makes it safe to ask and to remove.
 */
#include "lib/list.h"

#include <stdint.h>

/* In the element; its members are the heap's. */
struct heap_node {
	struct heap_node *parent;
	struct heap_node *left;
	struct heap_node *right;
	uint64_t key;
	uint64_t sequence; /* order of insertion; 0 = in no heap */
};

/* The caller's storage; its members are the heap's. */
struct heap {
	struct heap_node *root;
	uint64_t count;
	uint64_t next_sequence;
};

/* The element of which node is a member. */
#define HEAP_OWNER(node, type, member) LIST_OWNER(node, type, member)

/* Make a heap empty, or a node one that is in no heap. */
void heap_init(struct heap *heap);
void heap_node_init(struct heap_node *node);

/* Whether the node is in a heap. */
static inline bool heap_node_is_queued(const struct heap_node *node)
{
	return node->sequence != 0;
}

/* The node with the smallest key, which stays; nullptr if the heap is empty. */
static inline struct heap_node *heap_first(const struct heap *heap)
{
	return heap->root;
}

/* Add node, which is in no heap, with this key. */
void heap_insert(struct heap *heap, struct heap_node *node, uint64_t key);

/* Take node out; harmless if it is in no heap.  It must not be in another heap. */
void heap_remove(struct heap *heap, struct heap_node *node);

/* Take the first node out and return it; nullptr if the heap is empty. */
struct heap_node *heap_pop(struct heap *heap);

/* Shape, links and order are right.  For tests and debug builds. */
bool heap_check(const struct heap *heap);
