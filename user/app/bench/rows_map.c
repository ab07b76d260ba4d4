// SPDX-License-Identifier: MIT
/*
 * Mapping and unmapping one page, the messages prepared and the ring by hand: each sample takes
 * the page away and maps it again, two entries in one system call, as a program moves a window.
 */
#include "user/app/bench/rows.h"

#include "schema/ring.capnp.h"
#include "user/app/bench/queues.h"
#include "user/rt/capos.h"

/* Spans at the arena's end. */
constexpr uint32_t PARAM_BYTES = 64;
constexpr uint32_t SPANS_BYTES = 4 * PARAM_BYTES;
/* Free in every process: between the stack and the program. */
constexpr uint64_t WINDOW_ADDRESS = 0x230000;

static struct ring_submission prepare_map(struct ring_header *ring, uint32_t offset,
					  struct virtual_memory_client memory,
					  struct memory_object_client object)
{
	struct ring_transfer *transfer = capos_arena_at(ring, offset + PARAM_BYTES);
	struct virtual_memory_map_params_builder params;
	struct message_builder message;

	message_builder_init(&message, capos_arena_at(ring, offset), PARAM_BYTES);
	params = virtual_memory_map_params_init_root(&message);
	virtual_memory_map_params_set_memory(params, 0);
	virtual_memory_map_params_set_length_bytes(params, PAGE_BYTES);
	virtual_memory_map_params_set_protection(params, PROTECTION_READ_WRITE);
	virtual_memory_map_params_set_address(params, WINDOW_ADDRESS);
	virtual_memory_map_params_set_allow_revocable(params, true);
	*transfer =
		(struct ring_transfer){ .capability = object.id, .mode = CAP_GRANT_MODE_COPY };
	return (struct ring_submission){
		.opcode = OPERATION_CODE_CALL,
		.method = VIRTUAL_MEMORY_MAP_METHOD,
		.target = memory.id,
		.param_offset = offset,
		.param_length = (uint32_t)message_builder_finish(&message),
		.transfer_offset = offset + PARAM_BYTES,
		.transfer_count = 1,
		.result_offset = offset + 2 * PARAM_BYTES,
		.result_capacity = PARAM_BYTES,
	};
}

static struct ring_submission prepare_unmap(struct ring_header *ring, uint32_t offset,
					    struct virtual_memory_client memory)
{
	struct virtual_memory_unmap_params_builder params;
	struct message_builder message;

	message_builder_init(&message, capos_arena_at(ring, offset), PARAM_BYTES);
	params = virtual_memory_unmap_params_init_root(&message);
	virtual_memory_unmap_params_set_address(params, WINDOW_ADDRESS);
	virtual_memory_unmap_params_set_length_bytes(params, PAGE_BYTES);
	return (struct ring_submission){
		.opcode = OPERATION_CODE_CALL,
		.method = VIRTUAL_MEMORY_UNMAP_METHOD,
		.target = memory.id,
		.param_offset = offset,
		.param_length = (uint32_t)message_builder_finish(&message),
	};
}

/* The page's content proves that it is mapped: each sample reads what the one before wrote. */
static void measure_window(struct measure *measure, const struct queues *queues)
{
	volatile uint64_t *word = (volatile uint64_t *)WINDOW_ADDRESS;

	measure_begin(measure, "mem.mapunmap", 1);
	while (measure_wants(measure)) {
		uint64_t content = measure->count;
		uint64_t start = measure_counter();
		bool right = queues_run(queues, 2);
		uint64_t seen = *word;

		*word = content + 1;
		measure_add(measure, start, measure_counter(), right && seen == content);
	}
	measure_report(measure);
}

void rows_map(struct measure *measure, struct virtual_memory_client memory)
{
	struct ring_header *ring = capos_ring();
	uint32_t offset = ring->arena_bytes - SPANS_BYTES;
	struct memory_object_client object;
	struct ring_submission map;
	struct ring_submission unmap;
	struct queues queues;
	uint64_t address = 0;

	if (virtual_memory_create_object(memory, PAGE_BYTES, &object) != STATUS_OK ||
	    virtual_memory_map(memory, object, 0, PAGE_BYTES, PROTECTION_READ_WRITE,
			       WINDOW_ADDRESS, true, &address) != STATUS_OK)
		capos_panic(__FILE__, __LINE__, "no window");
	map = prepare_map(ring, offset, memory, object);
	unmap = prepare_unmap(ring, offset + 3 * PARAM_BYTES, memory);
	queues = queues_prepare(&map);
	for (uint32_t i = 0; i < ring->sq_entries; i += 2)
		*capos_submission_at(ring, ring->sq_tail + i) = unmap;
	measure_window(measure, &queues);
	if (virtual_memory_unmap(memory, WINDOW_ADDRESS, PAGE_BYTES) != STATUS_OK)
		capos_panic(__FILE__, __LINE__, "the window is gone");
	capos_release(object.id);
}
