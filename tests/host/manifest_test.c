// SPDX-License-Identifier: MIT
/*
 * Host test of manifest.c and boot.c: whatever the loader brings, the machine either starts its
 * first process or says in one line why not.
 */
#include "tests/host/kernel_fixture.h"
#include "tests/host/sequence.h"

#include <stdio.h>
#include <string.h>

#include "kernel/core/manifest.h"
#include "schema/manifest.capnp.h"

constexpr size_t RAM_BYTES = 3 << 20;
constexpr uint8_t VERDICT_REFUSED = 63;
constexpr uint32_t BIG_BYTES = 128 << 10;

alignas(8) static uint8_t good[FIXTURE_MANIFEST_BYTES];
static size_t good_bytes;

static int build_good(void **)
{
	good_bytes = fixture_manifest(good, sizeof(good));
	return 0;
}

/* Boot; true: the first process runs.  Otherwise it must have been refused properly. */
static bool boots(const void *module, size_t bytes)
{
	enum fake_hal_end end = fixture_boot(RAM_BYTES, module, bytes);
	const char *output;

	if (end == FAKE_HAL_RESUMED) {
		assert_true(supply_audit().balanced);
		assert_true(address_space_check(&hal_cpu()->current->process->space));
		fake_hal_serial_clear();
		return true;
	}
	output = fake_hal_serial_output();
	assert_int_equal(end, FAKE_HAL_POWER_OFF);
	assert_int_equal(fake_hal_verdict(), VERDICT_REFUSED);
	assert_memory_equal(output, "boot: refused: ", 15);
	assert_ptr_equal(strchr(output, '\n'), output + strlen(output) - 1);
	return false;
}

static void ordinary_manifest_boots(void **)
{
	assert_true(boots(good, good_bytes));
}

static void truncated_manifest_is_refused(void **)
{
	for (size_t bytes = 0; bytes < good_bytes; bytes++)
		assert_false(boots(good, bytes));
	/* Words behind the message are nobody's. */
	assert_true(boots(good, good_bytes + 8));
}

static void flipped_bits_never_break_the_kernel(void **)
{
	alignas(8) uint8_t copy[FIXTURE_MANIFEST_BYTES];
	uint32_t booted = 0;

	for (size_t bit = 0; bit < good_bytes * 8; bit += bit % 31 + 1) {
		memcpy(copy, good, good_bytes);
		copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
		booted += boots(copy, good_bytes);
	}
	assert_in_range(booted, 1, good_bytes * 8 / 2);
}

static void random_words_never_break_the_kernel(void **)
{
	alignas(8) uint8_t copy[FIXTURE_MANIFEST_BYTES];
	struct sequence sequence = { 41 };

	for (uint32_t round = 0; round < 1000; round++) {
		uint32_t changes = 1 + sequence_below(&sequence, 4);

		memcpy(copy, good, good_bytes);
		for (uint32_t i = 0; i < changes; i++) {
			uint32_t at = sequence_below(&sequence, (uint32_t)good_bytes / 8);
			uint64_t word =
				sequence_next(&sequence) >> sequence_below(&sequence, 64);

			/* Another word of the message is the likeliest to be a good pointer. */
			if (sequence_below(&sequence, 2) == 0)
				memcpy(&word,
				       good + 8 * sequence_below(&sequence,
								 (uint32_t)good_bytes / 8),
				       8);
			memcpy(copy + 8 * at, &word, 8);
		}
		(void)boots(copy, good_bytes);
	}
}

/* --- Manifests that are well-formed and wrong ------------------------------------------- */

struct shape {
	uint32_t version;
	const char *const *names; /* of binaries; ends with a null */
	const char *init;
	uint32_t grant_count;
	const char *const *grant_names;
	uint16_t grant_object;
	bool has_badge;
	uint64_t badge;
	uint32_t argument_count;
	const char *argument;
};

static const char *const ordinary_names[] = { "first", "second", nullptr };

static const struct shape ordinary = { .version = MANIFEST_VERSION,
				       .names = ordinary_names,
				       .init = "first",
				       .grant_object = KERNEL_OBJECT_TIMER,
				       .argument = "x" };

static void set_binaries(struct system_manifest_builder root, const struct shape *shape)
{
	uint8_t image[FIXTURE_ELF_BYTES];
	struct binary_list_builder binaries;
	uint32_t count = 0;

	fixture_elf(image);
	while (shape->names[count] != nullptr)
		count++;
	binaries = system_manifest_init_binaries(root, count);
	for (uint32_t i = 0; i < count; i++) {
		struct binary_builder binary = binary_list_builder_get(binaries, i);

		binary_set_name(binary, shape->names[i], (uint32_t)strlen(shape->names[i]));
		binary_set_image(binary, image, i == 0 ? sizeof(image) : 8);
	}
}

static bool shape_boots(const struct shape *shape)
{
	alignas(8) static uint8_t bytes[BIG_BYTES];
	struct message_builder message;
	struct system_manifest_builder root;
	struct init_config_init_builder init;
	struct kernel_grant_list_builder grants;
	struct list_builder arguments;

	message_builder_init(&message, bytes, sizeof(bytes));
	root = system_manifest_init_root(&message);
	system_manifest_set_schema_version(root, shape->version);
	set_binaries(root, shape);
	init = init_config_init_init(system_manifest_init_init_config(root));
	init_config_init_set_binary(init, shape->init, (uint32_t)strlen(shape->init));
	grants = init_config_init_init_grants(init, shape->grant_count);
	for (uint32_t i = 0; i < shape->grant_count; i++) {
		struct kernel_grant_builder grant = kernel_grant_list_builder_get(grants, i);

		kernel_grant_set_name(grant, shape->grant_names[i],
				      (uint32_t)strlen(shape->grant_names[i]));
		struct_builder_set_uint16(grant.s, 0, shape->grant_object);
		if (shape->has_badge)
			kernel_grant_legacy_badge_set_badge(
				kernel_grant_init_legacy_badge(grant), shape->badge);
	}
	arguments = init_config_init_init_arguments(init, shape->argument_count);
	for (uint32_t i = 0; i < shape->argument_count; i++)
		list_builder_set_text(arguments, i, shape->argument,
				      (uint32_t)strlen(shape->argument));
	assert_false(message.failed);
	return boots(bytes, message_builder_finish(&message));
}

static void names_of_binaries_are_checked(void **)
{
	static const char long_name[] = "a2345678901234567890123456789012";
	static const char too_long_name[] = "a23456789012345678901234567890123";
	static const char *const bad[] = {
		"", "A", "a b", "a\n", "init", too_long_name, "first"
	};
	struct shape shape = ordinary;

	assert_true(shape_boots(&shape));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *names[] = { "first", bad[i], nullptr };

		shape.names = names;
		assert_false(shape_boots(&shape));
	}
	shape.names = (const char *const[]){ long_name, nullptr };
	shape.init = long_name;
	assert_true(shape_boots(&shape));
	shape.init = "none";
	assert_false(shape_boots(&shape));
	shape.init = "";
	assert_false(shape_boots(&shape));
}

/* As many binaries as there may be, with names as long as they may be, and small images. */
static void number_of_binaries_is_bounded(void **)
{
	static char names[MANIFEST_MAX_BINARIES + 1][33];
	static const char *pointers[MANIFEST_MAX_BINARIES + 2];
	struct shape shape = ordinary;

	for (uint32_t i = 0; i <= MANIFEST_MAX_BINARIES; i++) {
		snprintf(names[i], sizeof(names[i]), "name-of-a-binary-with-number-%03u", i);
		pointers[i] = names[i];
	}
	shape.names = pointers;
	shape.init = names[0];
	assert_false(shape_boots(&shape));
	pointers[MANIFEST_MAX_BINARIES] = nullptr;
	assert_true(shape_boots(&shape));
	assert_int_equal(manifest_binary_count(), MANIFEST_MAX_BINARIES);
	assert_memory_equal(manifest_binary_name(255).data, names[255], 32);
	assert_int_equal(manifest_binary_name(256).size, 0);
	assert_int_equal(manifest_binary_name(UINT32_MAX).size, 0);
}

static void version_is_checked(void **)
{
	static const uint32_t versions[] = { 0, MANIFEST_VERSION + 1, UINT32_MAX };
	struct shape shape = ordinary;

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		shape.version = versions[i];
		assert_false(shape_boots(&shape));
	}
}

static void grants_are_checked(void **)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f", "g", "h", "i",
					     "j", "k", "l", "m", "n", "o", "p", "q" };
	static const char *const bad[] = { "", "memory", "B", "a" };
	static const uint16_t bad_objects[] = { KERNEL_OBJECT_NONE, KERNEL_OBJECT_COUNT, 1000,
						UINT16_MAX };
	struct shape shape = ordinary;

	shape.grant_names = names;
	shape.grant_count = 16;
	assert_true(shape_boots(&shape));
	shape.grant_count = 17;
	assert_false(shape_boots(&shape));
	shape.grant_count = 2;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		shape.grant_names = (const char *const[]){ "a", bad[i] };
		assert_false(shape_boots(&shape));
	}
	shape.grant_names = names;
	for (size_t i = 0; i < sizeof(bad_objects) / sizeof(bad_objects[0]); i++) {
		shape.grant_object = bad_objects[i];
		assert_false(shape_boots(&shape));
	}
}

/* Zero is a badge too. */
static void badges_are_refused(void **)
{
	static const char *const names[] = { "a" };
	static const uint64_t badges[] = { 0, 1, UINT64_MAX };
	struct shape shape = ordinary;

	shape.grant_names = names;
	shape.grant_count = 1;
	assert_true(shape_boots(&shape));
	shape.has_badge = true;
	for (size_t i = 0; i < sizeof(badges) / sizeof(badges[0]); i++) {
		shape.badge = badges[i];
		assert_false(shape_boots(&shape));
		assert_non_null(strstr(fake_hal_serial_output(), "a grant carries a badge"));
	}
}

static void arguments_are_checked(void **)
{
	static const char longest[] =
		"0123456789012345678901234567890123456789012345678901234567890123";
	static const char too_long[] =
		"01234567890123456789012345678901234567890123456789012345678901234";
	struct shape shape = ordinary;

	shape.argument = longest;
	shape.argument_count = 8;
	assert_true(shape_boots(&shape));
	shape.argument_count = 9;
	assert_false(shape_boots(&shape));
	shape.argument_count = 1;
	shape.argument = too_long;
	assert_false(shape_boots(&shape));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ordinary_manifest_boots),
		cmocka_unit_test(truncated_manifest_is_refused),
		cmocka_unit_test(flipped_bits_never_break_the_kernel),
		cmocka_unit_test(random_words_never_break_the_kernel),
		cmocka_unit_test(names_of_binaries_are_checked),
		cmocka_unit_test(number_of_binaries_is_bounded),
		cmocka_unit_test(version_is_checked),
		cmocka_unit_test(grants_are_checked),
		cmocka_unit_test(badges_are_refused),
		cmocka_unit_test(arguments_are_checked),
	};

	return cmocka_run_group_tests(tests, build_good, nullptr);
}
