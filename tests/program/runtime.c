// SPDX-License-Identifier: MIT
/*
 * Proves libcapos against the kernel: calls in flight, cancel, deadlines, ownership, heap,
 * time.
 *
 * The first process of system/proof-runtime; one line for each thing proved.
 */
#include "lib/string.h"
#include "user/rt/capos.h"

#include "schema/memory.client.h"
#include "schema/power.client.h"
#include "schema/timer.client.h"

constexpr uint64_t MILLISECOND = 1000000;
constexpr uint64_t STEP_NS = 5 * MILLISECOND;
constexpr uint64_t FOR_EVER = UINT64_MAX / 2;
constexpr uint32_t IN_FLIGHT = 20;
constexpr uint32_t MANY = 2000;
constexpr uint32_t OBJECT_BYTES =
	256 * 1024; /* so many of them no machine of these tests has */
constexpr uint32_t BLOCKS = 128;

struct proof {
	const char *name;
	const char *(*run)(void); /* what went wrong, or nullptr */
};

static struct timer_client timer;
static struct virtual_memory_client memory;
static struct capos_call calls[64];

static uint32_t free_arena(void)
{
	return span_pool_free_bytes(&capos_client.spans);
}

/* Put a Timer.wait in flight. */
static enum status begin_wait(struct capos_call *call, uint64_t until_ns, uint64_t deadline_ns)
{
	struct timer_wait_params_builder params;
	enum status status = timer_wait_begin(call, timer, (struct capos_call_size){}, &params);

	if (status != STATUS_OK)
		return status;
	timer_wait_params_set_until_ns(params, until_ns);
	capos_call_set_deadline(call, deadline_ns);
	return capos_call_submit(call);
}

static enum status finish_wait(struct capos_call *call)
{
	struct timer_wait_results_reader results;
	enum status status = timer_wait_wait(call, &results);

	capos_call_end(call);
	return status;
}

/* Calls that end in the opposite order of submission: the last one submitted is due first. */
static const char *calls_complete_out_of_order(void)
{
	struct capos_call *pending[IN_FLIGHT];
	uint64_t start = capos_now_ns();
	uint32_t before = free_arena();

	for (uint32_t i = 0; i < IN_FLIGHT; i++) {
		pending[i] = &calls[i];
		if (begin_wait(&calls[i], start + (IN_FLIGHT - i) * STEP_NS, 0) != STATUS_OK)
			return "submit";
	}
	for (uint32_t left = IN_FLIGHT; left != 0; left--) {
		uint32_t index;

		if (capos_wait_any(pending, IN_FLIGHT, RING_NO_DEADLINE, &index) != STATUS_OK)
			return "wait_any";
		if (capos_now_ns() < start + (IN_FLIGHT - index) * STEP_NS)
			return "too early";
		if (index + 1 != IN_FLIGHT && pending[index + 1] != nullptr &&
		    !capos_call_is_done(pending[index + 1]))
			return "order";
		if (finish_wait(pending[index]) != STATUS_OK)
			return "status";
		pending[index] = nullptr;
	}
	return free_arena() == before ? nullptr : "arena lost";
}

static const char *more_calls_than_the_ring_is_long(void)
{
	struct timer_now_params_builder params;
	struct timer_now_results_reader results;
	uint64_t last = 0;

	for (uint32_t i = 0; i < 60; i++)
		if (timer_now_begin(&calls[i], timer, (struct capos_call_size){}, &params) !=
			    STATUS_OK ||
		    capos_call_submit(&calls[i]) != STATUS_OK)
			return "submit";
	for (uint32_t i = 0; i < 60; i++) {
		if (timer_now_wait(&calls[i], &results) != STATUS_OK ||
		    timer_now_results_get_now_ns(results) < last)
			return "result";
		last = timer_now_results_get_now_ns(results);
		capos_call_end(&calls[i]);
	}
	return nullptr;
}

static const char *every_call_in_flight_ends_once(void)
{
	uint32_t count = 0;
	uint32_t refused = 0;

	while (count < 64 && begin_wait(&calls[count], FOR_EVER, 0) == STATUS_OK)
		count++;
	capos_call_end(&calls[count < 64 ? count : 0]);
	if (count < 32 || count == 64)
		return "number of tags";
	if (capos_flush() != STATUS_OK)
		return "flush";
	for (uint32_t i = 0; i < count; i++)
		capos_call_cancel(&calls[i]);
	for (uint32_t i = 0; i < count; i++) {
		enum status status = finish_wait(&calls[i]);

		refused += status == STATUS_WAIT_SLOTS_FULL;
		if (status != STATUS_CANCELLED && status != STATUS_WAIT_SLOTS_FULL)
			return status_name(status);
	}
	return refused == count - 32 ? nullptr : "number of wait slots";
}

static const char *deadlines_end_calls(void)
{
	struct capos_call call;
	uint64_t deadline = capos_now_ns() + 5 * MILLISECOND;

	if (begin_wait(&call, FOR_EVER, deadline) != STATUS_OK)
		return "submit";
	if (finish_wait(&call) != STATUS_TIMED_OUT)
		return "status";
	return capos_now_ns() >= deadline ? nullptr : "too early";
}

static const char *waiting_has_a_deadline_of_its_own(void)
{
	struct capos_call call;
	struct capos_call *both[] = { nullptr, &call };
	uint64_t deadline = capos_now_ns() + 5 * MILLISECOND;
	uint32_t index;

	if (begin_wait(&call, FOR_EVER, 0) != STATUS_OK)
		return "submit";
	if (capos_wait_any(both, 2, deadline, &index) != STATUS_TIMED_OUT)
		return "status";
	if (capos_now_ns() < deadline || capos_call_is_done(&call))
		return "ended";
	capos_call_cancel(&call);
	return finish_wait(&call) == STATUS_CANCELLED ? nullptr : "cancel";
}

static const char *waiting_for_nothing_is_an_error(void)
{
	struct capos_call *none[] = { nullptr };
	uint32_t index;

	return capos_wait_any(none, 1, RING_NO_DEADLINE, &index) == STATUS_NOTHING_PENDING
		       ? nullptr
		       : "status";
}

static const char *an_abandoned_call_leaves_nothing(void)
{
	uint32_t before = free_arena();

	for (uint32_t i = 0; i < MANY; i++) {
		struct capos_call call;

		if (begin_wait(&call, FOR_EVER, 0) != STATUS_OK)
			return "submit";
		capos_call_end(&call);
	}
	return free_arena() == before ? nullptr : "arena lost";
}

static const char *an_exhausted_arena_recovers(void)
{
	struct message_builder *params;
	struct capos_call_size size = { .param_bytes = 1000, .result_bytes = 1000 };
	uint32_t before = free_arena();
	uint32_t count = 0;
	uint64_t now;

	while (count < 16 && capos_call_begin(&calls[count], timer.id, TIMER_NOW_METHOD, size,
					      &params) == STATUS_OK)
		count++;
	if (count == 16 || calls[count].state != CAPOS_CALL_IDLE)
		return "not exhausted";
	for (uint32_t i = 0; i < count; i++)
		capos_call_end(&calls[i * 3 % count]); /* ending twice does no harm */
	for (uint32_t i = 0; i < count; i++)
		capos_call_end(&calls[i]);
	if (free_arena() != before)
		return "arena lost";
	return timer_now(timer, &now) == STATUS_OK ? nullptr : "call";
}

static const char *what_does_not_fit_is_refused(void)
{
	struct capos_call call;
	struct message_builder *params;
	struct capos_call_size size = { .param_bytes = MAX_MESSAGE_BYTES + 1 };
	struct timer_wait_params_builder wait_params;
	uint32_t before = free_arena();

	if (capos_call_begin(&call, timer.id, 0, size, &params) != STATUS_MESSAGE_TOO_LARGE)
		return "parameters";
	size = (struct capos_call_size){ .result_capabilities = MAX_TRANSFERS + 1 };
	if (capos_call_begin(&call, timer.id, 0, size, &params) != STATUS_TOO_MANY_TRANSFERS)
		return "capabilities";
	size = (struct capos_call_size){ .param_bytes = 8 };
	if (timer_wait_begin(&call, timer, size, &wait_params) != STATUS_OK ||
	    capos_call_submit(&call) != STATUS_MESSAGE_TOO_LARGE)
		return "builder";
	capos_call_end(&call);
	if (timer_wait_begin(&call, timer, (struct capos_call_size){}, &wait_params) !=
	    STATUS_OK)
		return "begin";
	for (uint32_t i = 0; i < MAX_TRANSFERS; i++)
		if (capos_call_attach(&call, timer.id) != i || call.failed)
			return "attach";
	(void)capos_call_attach(&call, timer.id);
	if (capos_call_submit(&call) != STATUS_TOO_MANY_TRANSFERS)
		return "attached too much";
	capos_call_end(&call);
	return free_arena() == before ? nullptr : "arena lost";
}

static const char *capabilities_that_nobody_took_are_released(void)
{
	struct virtual_memory_create_object_params_builder params;
	struct virtual_memory_create_object_results_reader results;

	for (uint32_t i = 0; i < MANY; i++) {
		struct capos_call call;
		enum status status = virtual_memory_create_object_begin(
			&call, memory, (struct capos_call_size){}, &params);

		if (status != STATUS_OK)
			return "begin";
		virtual_memory_create_object_params_set_size_bytes(params, OBJECT_BYTES);
		status = virtual_memory_create_object_wait(&call, &results);
		if (status == STATUS_OK &&
		    capos_call_take_capability(&call, 0, TIMER_INTERFACE_ID) != 0)
			return "taken as another interface";
		capos_call_end(&call);
		if (status != STATUS_OK)
			return status_name(status);
	}
	return nullptr;
}

static const char *owned_capabilities_are_released(void)
{
	for (uint32_t i = 0; i < MANY; i++) {
		[[gnu::cleanup(capos_owned_drop)]] struct capos_owned owned = { 0 };
		struct memory_object_client object;
		enum status status =
			virtual_memory_create_object(memory, OBJECT_BYTES, &object);

		if (status != STATUS_OK)
			return status_name(status);
		owned.id = object.id;
	}
	return nullptr;
}

static const char *names_and_interfaces_are_checked(void)
{
	uint64_t id = 77;

	if (capos_find("nothing", TIMER_INTERFACE_ID, &id) != STATUS_BAD_CAPABILITY)
		return "name";
	if (capos_find("timer", POWER_INTERFACE_ID, &id) != STATUS_WRONG_INTERFACE || id != 77)
		return "interface";
	if (capos_argument_count() != 2 || capos_argument(1).size != 3 ||
	    memcmp(capos_argument(1).data, "two", 3) != 0 || capos_argument(2).size != 0)
		return "arguments";
	return capos_program_name().size == 7 ? nullptr : "program name";
}

static const char *time_needs_no_call(void)
{
	uint64_t before = capos_now_ns();
	uint64_t now = 0;

	if (timer_now(timer, &now) != STATUS_OK)
		return "call";
	return before <= now && now <= capos_now_ns() ? nullptr : "differs";
}

/* A repeatable sequence (Numerical Recipes' 64-bit linear congruential generator). */
static uint32_t next_random(void)
{
	static uint64_t state = 1;

	state = state * 6364136223846793005 + 1442695040888963407;
	return (uint32_t)(state >> 33);
}

struct block {
	uint8_t *data;
	uint32_t size;
	uint8_t fill;
};

static bool block_is_whole(const struct block *block)
{
	for (uint32_t i = 0; i < block->size; i++)
		if (block->data[i] != block->fill)
			return false;
	return true;
}

static bool block_fill(struct block *block, void *data, uint32_t size)
{
	*block = (struct block){ data, size, (uint8_t)next_random() };
	if (data == nullptr)
		return false;
	memset(data, block->fill, size);
	return true;
}

static const char *the_heap_keeps_blocks_apart(void)
{
	static struct block blocks[BLOCKS];

	for (uint32_t round = 0; round < 4000; round++) {
		struct block *block = &blocks[next_random() % BLOCKS];
		uint32_t size = next_random() % (next_random() % 16 == 0 ? 100000 : 500);

		if (!block_is_whole(block))
			return "content";
		capos_free(block->data);
		if (!block_fill(block, capos_allocate(size), size))
			return "allocate";
	}
	for (uint32_t i = 0; i < BLOCKS; i++) {
		capos_free(blocks[i].data);
		blocks[i] = (struct block){};
	}
	return nullptr;
}

static const char *the_heap_grows_and_ends(void)
{
	uint8_t *small = capos_allocate(100);
	uint8_t *large = capos_allocate(8 << 20);

	if (small == nullptr || large == nullptr)
		return "allocate";
	large[(8 << 20) - 1] = 1;
	memset(small, 7, 100);
	small = capos_resize(small, 5000);
	if (small == nullptr || small[99] != 7)
		return "resize";
	capos_free(large);
	if (capos_allocate(CAPOS_HEAP_BYTES) != nullptr || capos_allocate(SIZE_MAX) != nullptr)
		return "no end";
	large = capos_allocate(8 << 20);
	capos_free(small);
	capos_free(large);
	return large != nullptr ? nullptr : "not given back";
}

static const char *long_text_goes_out_in_pieces(void)
{
	char text[600];

	memset(text, '.', sizeof(text));
	text[sizeof(text) - 1] = '\n';
	return capos_write(text, sizeof(text)) == STATUS_OK ? nullptr : "status";
}

static const struct proof proofs[] = {
	{ "calls_complete_out_of_order", calls_complete_out_of_order },
	{ "more_calls_than_the_ring_is_long", more_calls_than_the_ring_is_long },
	{ "every_call_in_flight_ends_once", every_call_in_flight_ends_once },
	{ "deadlines_end_calls", deadlines_end_calls },
	{ "waiting_has_a_deadline_of_its_own", waiting_has_a_deadline_of_its_own },
	{ "waiting_for_nothing_is_an_error", waiting_for_nothing_is_an_error },
	{ "an_abandoned_call_leaves_nothing", an_abandoned_call_leaves_nothing },
	{ "an_exhausted_arena_recovers", an_exhausted_arena_recovers },
	{ "what_does_not_fit_is_refused", what_does_not_fit_is_refused },
	{ "capabilities_that_nobody_took_are_released",
	  capabilities_that_nobody_took_are_released },
	{ "owned_capabilities_are_released", owned_capabilities_are_released },
	{ "names_and_interfaces_are_checked", names_and_interfaces_are_checked },
	{ "time_needs_no_call", time_needs_no_call },
	{ "the_heap_keeps_blocks_apart", the_heap_keeps_blocks_apart },
	{ "the_heap_grows_and_ends", the_heap_grows_and_ends },
	{ "long_text_goes_out_in_pieces", long_text_goes_out_in_pieces },
};

/* What a failed proof left in flight. */
static void end_calls(void)
{
	for (uint32_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		capos_call_end(&calls[i]);
}

int capos_main(void)
{
	struct power_client power = { capos_require("power", POWER_INTERFACE_ID) };
	uint32_t failed = 0;

	timer.id = capos_require("timer", TIMER_INTERFACE_ID);
	memory.id = capos_require("memory", VIRTUAL_MEMORY_INTERFACE_ID);
	(void)!capos_flush(); /* from here on there is a ring client, so an arena to count */
	for (uint32_t i = 0; i < sizeof(proofs) / sizeof(proofs[0]); i++) {
		const char *wrong = proofs[i].run();

		if (wrong == nullptr)
			capos_print("ok runtime.%s\n", proofs[i].name);
		else
			capos_print("not ok runtime.%s %s\n", proofs[i].name, wrong);
		end_calls();
		failed += wrong != nullptr;
	}
	(void)!power_off(power, failed == 0 ? 0 : 1);
	return 1;
}
