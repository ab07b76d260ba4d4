// SPDX-License-Identifier: MIT
/* Intrusive heap of deadlines.  See heap.h for the model. */
#include "lib/heap.h"

#include "lib/require.h"

static bool is_before(const struct heap_node *a, const struct heap_node *b)
{
	return a->key < b->key || (a->key == b->key && a->sequence < b->sequence);
}

/* Where node `number` hangs, or would hang; number is at most count + 1. */
static struct heap_node **link_of_number(struct heap *heap, uint64_t number,
					 struct heap_node **out_parent)
{
	struct heap_node **link = &heap->root;

	*out_parent = nullptr;
	for (uint64_t bit = UINT64_C(1) << (63 - __builtin_clzll(number)) >> 1; bit != 0;
	     bit >>= 1) {
		require(*link != nullptr);
		*out_parent = *link;
		link = (number & bit) != 0 ? &(*link)->right : &(*link)->left;
	}
	return link;
}

static struct heap_node **link_of_node(struct heap *heap, const struct heap_node *node)
{
	if (node->parent == nullptr)
		return &heap->root;
	return node->parent->left == node ? &node->parent->left : &node->parent->right;
}

/* Point node's children back at it. */
static void adopt_children(struct heap_node *node)
{
	if (node->left != nullptr)
		node->left->parent = node;
	if (node->right != nullptr)
		node->right->parent = node;
}

/* Put node where old is. */
static void take_place(struct heap *heap, struct heap_node *node, const struct heap_node *old)
{
	*link_of_node(heap, old) = node;
	node->parent = old->parent;
	node->left = old->left;
	node->right = old->right;
	adopt_children(node);
}

/* Exchange child with its parent. */
static void move_up(struct heap *heap, struct heap_node *child)
{
	struct heap_node *parent = child->parent;
	struct heap_node **link = link_of_node(heap, parent);
	struct heap_node old = *child;

	child->parent = parent->parent;
	child->left = parent->left == child ? parent : parent->left;
	child->right = parent->right == child ? parent : parent->right;
	*link = child;
	parent->left = old.left;
	parent->right = old.right;
	adopt_children(parent);
	adopt_children(child);
}

static void sift_up(struct heap *heap, struct heap_node *node)
{
	while (node->parent != nullptr && is_before(node, node->parent))
		move_up(heap, node);
}

static struct heap_node *first_child(const struct heap_node *node)
{
	if (node->right != nullptr && is_before(node->right, node->left))
		return node->right;
	return node->left;
}

static void sift_down(struct heap *heap, struct heap_node *node)
{
	struct heap_node *child = first_child(node);

	while (child != nullptr && is_before(child, node)) {
		move_up(heap, child);
		child = first_child(node);
	}
}

void heap_init(struct heap *heap)
{
	*heap = (struct heap){ .next_sequence = 1 };
}

void heap_node_init(struct heap_node *node)
{
	*node = (struct heap_node){ 0 };
}

void heap_insert(struct heap *heap, struct heap_node *node, uint64_t key)
{
	struct heap_node *parent;
	struct heap_node **link = link_of_number(heap, heap->count + 1, &parent);

	debug_require(*link == nullptr);
	*node = (struct heap_node){
		.parent = parent,
		.key = key,
		.sequence = heap->next_sequence++,
	};
	*link = node;
	heap->count++;
	sift_up(heap, node);
}

void heap_remove(struct heap *heap, struct heap_node *node)
{
	struct heap_node **link, *last, *parent;

	if (!heap_node_is_queued(node))
		return;
	require(heap->count != 0);
	link = link_of_number(heap, heap->count, &parent);
	last = *link;
	*link = nullptr;
	heap->count--;
	if (last != node) {
		take_place(heap, last, node);
		sift_up(heap, last);
		sift_down(heap, last);
	}
	heap_node_init(node);
}

struct heap_node *heap_pop(struct heap *heap)
{
	struct heap_node *first = heap->root;

	if (first != nullptr)
		heap_remove(heap, first);
	return first;
}

/* Node `number` hangs where it should, is in order, and has the children that it
 * should have. */
static bool check_node(const struct heap *heap, const struct heap_node *node,
		       const struct heap_node *parent, uint64_t number)
{
	if (node == nullptr || node->parent != parent || !heap_node_is_queued(node) ||
	    node->sequence >= heap->next_sequence)
		return false;
	if (parent != nullptr && !is_before(parent, node))
		return false;
	return (node->left != nullptr) == (2 * number <= heap->count) &&
	       (node->right != nullptr) == (2 * number + 1 <= heap->count);
}

bool heap_check(const struct heap *heap)
{
	struct heap copy = *heap;

	/* Ascending, so that every way to a node has been checked before it is gone. */
	for (uint64_t number = 1; number <= heap->count; number++) {
		struct heap_node *parent;
		struct heap_node **link = link_of_number(&copy, number, &parent);

		if (!check_node(heap, *link, parent, number))
			return false;
	}
	return heap->count != 0 || heap->root == nullptr;
}
