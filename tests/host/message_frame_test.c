// SPDX-License-Identifier: MIT
/*
 * Host test of lib/message_frame and of copies out of frames: segments, far pointers, the
 * canonical form, and the fault that each kind of bad frame gets.
 */
#include "tests/host/message_sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct message_frame frame;
static void *storage;
static uint64_t buffer[64];
static struct message_builder builder;

/* Frame `words`, of which the first is the table's, in memory of exactly their size. */
static enum message_fault load(const uint64_t *words, size_t count)
{
	size_t used = 0;
	enum message_fault fault;

	free(storage);
	storage = malloc(count * 8);
	assert_non_null(storage);
	memcpy(storage, words, count * 8);
	fault = message_frame_init(&frame, storage, count * 8, &used);
	if (fault == MESSAGE_FAULT_NONE)
		assert_int_equal(used, count * 8);
	return fault;
}

/* The table word of one segment; the two words of three. */
#define ONE(a)         ((uint64_t)(a) << 32)
#define THREE(a, b, c) ((uint64_t)(a) << 32 | 2), ((uint64_t)(c) << 32 | (b))

#define LOAD(...)                               \
	load((const uint64_t[]){ __VA_ARGS__ }, \
	     sizeof((const uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t))

static enum message_fault copy(enum message_form form)
{
	memset(buffer, 0xa5, sizeof(buffer));
	message_builder_init(&builder, buffer, sizeof(buffer));
	return message_frame_copy(&frame, &builder, form);
}

static void assert_built(const uint64_t *words, size_t count)
{
	assert_int_equal(message_builder_finish(&builder), count * 8);
	assert_memory_equal(buffer, words, count * 8);
}

/* The loaded frame's copy is exactly these words. */
#define ASSERT_COPY(form, ...)                                               \
	do {                                                                 \
		assert_int_equal(copy(form), MESSAGE_FAULT_NONE);            \
		assert_built((const uint64_t[]){ __VA_ARGS__ },              \
			     sizeof((const uint64_t[]){ __VA_ARGS__ }) / 8); \
	} while (false)

/* A frame is refused for this reason, and nothing is left of its copy. */
#define ASSERT_FAULT(fault, ...)                                         \
	do {                                                             \
		assert_int_equal(LOAD(__VA_ARGS__), MESSAGE_FAULT_NONE); \
		assert_int_equal(copy(MESSAGE_FORM_PLAIN), fault);       \
		assert_int_equal(message_builder_finish(&builder), 0);   \
	} while (false)

static int teardown(void **state)
{
	(void)state;
	free(storage);
	storage = nullptr;
	return 0;
}

static void one_segment(void **state)
{
	(void)state;
	assert_int_equal(LOAD(ONE(2), struct_pointer(0, 1, 0), 7), MESSAGE_FAULT_NONE);
	ASSERT_COPY(MESSAGE_FORM_PLAIN, struct_pointer(0, 1, 0), 7);
	assert_int_equal(LOAD(ONE(1), 0), MESSAGE_FAULT_NONE);
	ASSERT_COPY(MESSAGE_FORM_PLAIN, 0);
}

/* Root in segment 0, landing pad and object in segment 2, whose text is in segment 1. */
static void a_far_pointer_leads_to_its_landing_pad(void **state)
{
	(void)state;
	uint64_t text = 0;

	memcpy(&text, "far", 3);
	assert_int_equal(LOAD(THREE(1, 2, 4), far_pointer(2, 1, false),
			      list_pointer(0, MESSAGE_ELEMENT_BYTE, 4), text, /* segment 1 */
			      99, struct_pointer(0, 1, 1), 7, far_pointer(1, 0, false)),
			 MESSAGE_FAULT_NONE);
	ASSERT_COPY(MESSAGE_FORM_PLAIN, struct_pointer(0, 1, 1), 7,
		    list_pointer(0, MESSAGE_ELEMENT_BYTE, 4), text);
}

/* The pad in segment 1 says: the object is at word 1 of segment 2, and looks like this. */
static void a_double_far_pointer_has_a_tag(void **state)
{
	(void)state;
	assert_int_equal(LOAD(THREE(1, 2, 3), far_pointer(1, 0, true), /* segment 1: */
			      far_pointer(2, 1, false), struct_pointer(0, 2, 0), 99, 7, 8),
			 MESSAGE_FAULT_NONE);
	ASSERT_COPY(MESSAGE_FORM_PLAIN, struct_pointer(0, 2, 0), 7, 8);
}

/* After the pointers of an object in another segment, copying goes on where it was. */
static void copying_returns_to_the_segment_it_left(void **state)
{
	(void)state;
	assert_int_equal(LOAD(THREE(4, 2, 0), struct_pointer(0, 0, 2), far_pointer(1, 0, false),
			      struct_pointer(0, 1, 0), 5, /* segment 1: */
			      struct_pointer(0, 0, 1), 0),
			 MESSAGE_FAULT_NONE);
	ASSERT_COPY(MESSAGE_FORM_PLAIN, struct_pointer(0, 0, 2), struct_pointer(1, 0, 1),
		    struct_pointer(1, 1, 0), 0, 5);
}

static void bad_far_pointers_have_names(void **state)
{
	(void)state;
	ASSERT_FAULT(MESSAGE_FAULT_NO_SEGMENT, ONE(1), far_pointer(1, 0, false));
	ASSERT_FAULT(MESSAGE_FAULT_OUTSIDE, ONE(1), far_pointer(0, 1, false));
	ASSERT_FAULT(MESSAGE_FAULT_OUTSIDE, ONE(2), far_pointer(0, 1, true), 0);
	ASSERT_FAULT(MESSAGE_FAULT_OUTSIDE, ONE(1), far_pointer(0, (1u << 29) - 1, true));
	/* To itself; a tag that is far; a pad whose first word is not. */
	ASSERT_FAULT(MESSAGE_FAULT_LANDING_PAD, ONE(1), far_pointer(0, 0, false));
	ASSERT_FAULT(MESSAGE_FAULT_LANDING_PAD, ONE(3), far_pointer(0, 1, true),
		     far_pointer(0, 0, false), far_pointer(0, 0, false));
	ASSERT_FAULT(MESSAGE_FAULT_LANDING_PAD, ONE(3), far_pointer(0, 1, true),
		     struct_pointer(0, 1, 0), struct_pointer(0, 1, 0));
	ASSERT_FAULT(MESSAGE_FAULT_NO_SEGMENT, ONE(3), far_pointer(0, 1, true),
		     far_pointer(9, 0, false), struct_pointer(0, 1, 0));
	ASSERT_FAULT(MESSAGE_FAULT_OUTSIDE, ONE(3), far_pointer(0, 1, true),
		     far_pointer(0, 3, false), struct_pointer(0, 1, 0));
}

static void other_bad_pointers_have_names(void **state)
{
	(void)state;
	ASSERT_FAULT(MESSAGE_FAULT_OUTSIDE, ONE(1), struct_pointer(0, 1, 0));
	ASSERT_FAULT(MESSAGE_FAULT_OUTSIDE, ONE(1), struct_pointer(-2, 1, 0));
	ASSERT_FAULT(MESSAGE_FAULT_OUTSIDE, ONE(1), list_pointer(0, MESSAGE_ELEMENT_BYTE, 1));
	ASSERT_FAULT(MESSAGE_FAULT_KIND, ONE(1), 7);
	ASSERT_FAULT(MESSAGE_FAULT_CAPABILITY, ONE(1), capability_pointer(0));
	ASSERT_FAULT(MESSAGE_FAULT_TAG, ONE(2), list_pointer(0, MESSAGE_ELEMENT_STRUCT, 0),
		     list_pointer(0, MESSAGE_ELEMENT_STRUCT, 0));
	ASSERT_FAULT(MESSAGE_FAULT_NESTING, ONE(1),
		     list_pointer(-1, MESSAGE_ELEMENT_POINTER, 1));
	ASSERT_FAULT(MESSAGE_FAULT_BUDGET, ONE(1),
		     list_pointer(-1, MESSAGE_ELEMENT_VOID, 1 << 20));
	ASSERT_FAULT(MESSAGE_FAULT_EMPTY, ONE(0));
	assert_int_equal(LOAD(ONE(2), struct_pointer(0, 1, 0), 7), MESSAGE_FAULT_NONE);
	message_builder_init(&builder, buffer, 8);
	assert_int_equal(message_frame_copy(&frame, &builder, MESSAGE_FORM_PLAIN),
			 MESSAGE_FAULT_ROOM);
}

static void a_flat_message_has_no_far_pointers(void **state)
{
	(void)state;
	static const uint64_t words[] = { 2, 0 };

	assert_int_equal(message_frame_init_flat(&frame, words, 16), MESSAGE_FAULT_NONE);
	assert_int_equal(copy(MESSAGE_FORM_PLAIN), MESSAGE_FAULT_KIND);
	assert_int_equal(message_frame_init_flat(&frame, words, 15), MESSAGE_FAULT_CUT);
	assert_int_equal(message_frame_init_flat(&frame, words, 0), MESSAGE_FAULT_NONE);
	assert_int_equal(copy(MESSAGE_FORM_PLAIN), MESSAGE_FAULT_EMPTY);
}

static void limits_are_the_frames(void **state)
{
	(void)state;
	const uint64_t words[] = { struct_pointer(0, 0, 1), struct_pointer(0, 1, 0), 7 };

	assert_int_equal(message_frame_init_flat(&frame, words, 24), MESSAGE_FAULT_NONE);
	frame.nesting = 0;
	assert_int_equal(copy(MESSAGE_FORM_PLAIN), MESSAGE_FAULT_NESTING);
	frame.nesting = 1;
	frame.budget_words = 1;
	assert_int_equal(copy(MESSAGE_FORM_PLAIN), MESSAGE_FAULT_BUDGET);
	frame.budget_words = 2;
	assert_int_equal(copy(MESSAGE_FORM_PLAIN), MESSAGE_FAULT_NONE);
}

/* Landing pads are paid for: two words for the double one, and the object. */
static void landing_pads_cost(void **state)
{
	(void)state;
	assert_int_equal(LOAD(THREE(1, 2, 1), far_pointer(1, 0, true), far_pointer(2, 0, false),
			      struct_pointer(0, 1, 0), 7),
			 MESSAGE_FAULT_NONE);
	frame.budget_words = 2;
	assert_int_equal(copy(MESSAGE_FORM_PLAIN), MESSAGE_FAULT_BUDGET);
	frame.budget_words = 3;
	assert_int_equal(copy(MESSAGE_FORM_PLAIN), MESSAGE_FAULT_NONE);
}

static void frames_that_end_too_early(void **state)
{
	(void)state;
	static const uint64_t words[] = { THREE(1, 2, 1), 0, 0, 0, 0, 0 };
	size_t used = 0;

	for (size_t size = 0; size < 48; size++) {
		void *exact = malloc(size);

		assert_non_null(exact);
		memcpy(exact, words, size);
		assert_int_equal(message_frame_init(&frame, exact, size, &used),
				 MESSAGE_FAULT_CUT);
		/* What is needed is known as far as the table is. */
		assert_int_equal(used, size < 4 ? 8 : size < 16 ? 16 : 48);
		free(exact);
	}
	assert_int_equal(message_frame_init(&frame, words, sizeof(words), &used),
			 MESSAGE_FAULT_NONE);
	assert_int_equal(used, 48);
	assert_int_equal(frame.segments, 3);
}

static void segments_are_limited(void **state)
{
	(void)state;
	static uint64_t words[300];
	size_t used = 0;

	words[0] = MESSAGE_MAX_SEGMENTS - 1;
	assert_int_equal(message_frame_init(&frame, words, sizeof(words), &used),
			 MESSAGE_FAULT_NONE);
	words[0] = MESSAGE_MAX_SEGMENTS;
	assert_int_equal(message_frame_init(&frame, words, sizeof(words), &used),
			 MESSAGE_FAULT_SEGMENTS);
	words[0] = UINT32_MAX;
	assert_int_equal(message_frame_init(&frame, words, sizeof(words), &used),
			 MESSAGE_FAULT_SEGMENTS);
	/* A segment that is longer than any pointer can say. */
	words[0] = ONE(1u << 29);
	assert_int_equal(message_frame_init(&frame, words, sizeof(words), &used),
			 MESSAGE_FAULT_CUT);
}

static void segments_are_found(void **state)
{
	(void)state;
	struct message_segment segment;

	assert_int_equal(LOAD(THREE(1, 0, 2), 0, 1, 2), MESSAGE_FAULT_NONE);
	assert_true(message_frame_segment(&frame, 2, &segment));
	assert_int_equal(segment.words, 2);
	assert_int_equal(message_load_uint64(segment.bytes), 1);
	assert_true(message_frame_segment(&frame, 1, &segment));
	assert_int_equal(segment.words, 0);
	assert_false(message_frame_segment(&frame, 3, &segment));
}

/* Trailing zero words and null pointers go; objects come in the order of their pointers. */
static void canonical_structs_are_trimmed(void **state)
{
	(void)state;
	assert_int_equal(LOAD(ONE(8), struct_pointer(1, 3, 3), 99, 7, 0, 0, 0,
			      struct_pointer(-1, 0, 0), 0),
			 MESSAGE_FAULT_NONE);
	ASSERT_COPY(MESSAGE_FORM_CANONICAL, struct_pointer(0, 1, 2), 7, 0,
		    struct_pointer(-1, 0, 0));
	assert_int_equal(LOAD(ONE(3), struct_pointer(0, 1, 1), 0, 0), MESSAGE_FAULT_NONE);
	ASSERT_COPY(MESSAGE_FORM_CANONICAL, struct_pointer(-1, 0, 0));
	assert_int_equal(LOAD(ONE(1), 0), MESSAGE_FAULT_NONE);
	ASSERT_COPY(MESSAGE_FORM_CANONICAL, struct_pointer(-1, 0, 0));
}

/* All elements of a list are as long as the longest. */
static void canonical_elements_are_trimmed_alike(void **state)
{
	(void)state;
	assert_int_equal(LOAD(ONE(9), struct_pointer(0, 0, 1),
			      list_pointer(0, MESSAGE_ELEMENT_STRUCT, 6),
			      struct_pointer(2, 2, 1), 1, 0, 0, 0, 0, struct_pointer(-1, 0, 0)),
			 MESSAGE_FAULT_NONE);
	ASSERT_COPY(MESSAGE_FORM_CANONICAL, struct_pointer(0, 0, 1),
		    list_pointer(0, MESSAGE_ELEMENT_STRUCT, 4), struct_pointer(2, 1, 1), 1, 0,
		    0, struct_pointer(-1, 0, 0));
}

static void bits_after_a_list_become_zero(void **state)
{
	(void)state;
	assert_int_equal(LOAD(ONE(3), struct_pointer(0, 0, 1),
			      list_pointer(0, MESSAGE_ELEMENT_BIT, 11), UINT64_MAX),
			 MESSAGE_FAULT_NONE);
	ASSERT_COPY(MESSAGE_FORM_PLAIN, struct_pointer(0, 0, 1),
		    list_pointer(0, MESSAGE_ELEMENT_BIT, 11), 0x7ff);
}

static void only_structs_have_a_canonical_form(void **state)
{
	(void)state;
	assert_int_equal(LOAD(ONE(1), list_pointer(0, MESSAGE_ELEMENT_BYTE, 0)),
			 MESSAGE_FAULT_NONE);
	assert_int_equal(copy(MESSAGE_FORM_PLAIN), MESSAGE_FAULT_NONE);
	assert_int_equal(copy(MESSAGE_FORM_CANONICAL), MESSAGE_FAULT_KIND);
	assert_int_equal(LOAD(ONE(2), struct_pointer(0, 0, 1), capability_pointer(1)),
			 MESSAGE_FAULT_NONE);
	message_builder_init(&builder, buffer, sizeof(buffer));
	message_builder_capabilities(&builder, MESSAGE_CAPABILITIES_CARRIED, 0);
	assert_int_equal(message_frame_copy(&frame, &builder, MESSAGE_FORM_CANONICAL),
			 MESSAGE_FAULT_CAPABILITY);
}

static void every_fault_has_a_text(void **state)
{
	(void)state;
	for (enum message_fault fault = 0; fault < MESSAGE_FAULT_COUNT; fault++)
		for (enum message_fault other = 0; other < fault; other++)
			assert_string_not_equal(message_fault_text(fault),
						message_fault_text(other));
	assert_non_null(message_fault_text(MESSAGE_FAULT_COUNT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_segment),
		cmocka_unit_test(a_far_pointer_leads_to_its_landing_pad),
		cmocka_unit_test(a_double_far_pointer_has_a_tag),
		cmocka_unit_test(copying_returns_to_the_segment_it_left),
		cmocka_unit_test(bad_far_pointers_have_names),
		cmocka_unit_test(other_bad_pointers_have_names),
		cmocka_unit_test(a_flat_message_has_no_far_pointers),
		cmocka_unit_test(limits_are_the_frames),
		cmocka_unit_test(landing_pads_cost),
		cmocka_unit_test(frames_that_end_too_early),
		cmocka_unit_test(segments_are_limited),
		cmocka_unit_test(segments_are_found),
		cmocka_unit_test(canonical_structs_are_trimmed),
		cmocka_unit_test(canonical_elements_are_trimmed_alike),
		cmocka_unit_test(bits_after_a_list_become_zero),
		cmocka_unit_test(only_structs_have_a_canonical_form),
		cmocka_unit_test(every_fault_has_a_text),
	};

	return cmocka_run_group_tests(tests, nullptr, teardown);
}
