// SPDX-License-Identifier: MIT
#pragma once
/*
 * Endpoints and calls between processes, as programs of kernel_fixture.h make them.
 *
 * Each tag has a part of the arena of its own: IPC_SPAN_BYTES that it sends and as many that it
 * gets, with room for a transfer list.  Small tags only (below IPC_TAGS).
 */
#include "schema/endpoint.capnp.h"
#include "tests/host/kernel_calls.h"

constexpr uint32_t IPC_TAGS = 16;
constexpr uint32_t IPC_SPAN_BYTES = 256;
constexpr uint32_t IPC_MESSAGE_BYTES = 128;            /* that the endpoints here admit */
constexpr uint8_t IPC_CAPS = 2;                        /* likewise */
constexpr uint64_t IPC_INTERFACE = 0xabcdef0123456789; /* of facets here */

/* An endpoint with these limits, and max_open_calls; by Account.createEndpoint. */
enum status create_endpoint(struct program *program, uint32_t max_open_calls,
			    uint64_t *out_endpoint);

struct made_facet {
	uint64_t facet;
	uint64_t control;
	uint64_t cookie;
};

enum status make_client(struct program *program, uint64_t endpoint, enum transfer_scope scope,
			struct made_facet *out);
enum status mint(struct program *program, uint64_t endpoint, enum transfer_scope scope,
		 struct made_facet *out);
enum status derive(struct program *program, uint64_t capability, enum transfer_scope scope,
		   struct made_facet *out);
enum status revoke(struct program *program, uint64_t control);
enum facet_state facet_control_state(struct program *program, uint64_t control);
enum status close_object(struct program *program, uint64_t endpoint, uint64_t cookie);
enum status close_endpoint(struct program *program, uint64_t endpoint);

/* What goes along with a call or an answer. */
struct sent {
	uint64_t capability[MAX_TRANSFERS];
	enum cap_grant_mode mode[MAX_TRANSFERS];
	uint32_t count;
};

/* Submit only.  value is the one word of the message. */
void submit_call(struct program *program, uint64_t facet, uint64_t value,
		 const struct sent *sent, uint16_t tag);
void submit_receive(struct program *program, uint64_t endpoint, uint16_t tag);
void submit_return(struct program *program, uint64_t call_id, uint64_t value,
		   const struct sent *sent, uint16_t tag);
/* The last entry that one of them submitted, to be spoilt and submitted by hand. */
struct ring_submission *last_entry(struct program *program);

/* Enter without waiting; everything is taken. */
void enter(struct program *program);

/* The next completion must be that of tag. */
struct ring_completion completion_of(struct program *program, uint16_t tag);
/* It must have come to this; kind is done, or what belongs to the status. */
void assert_ended(struct program *program, uint16_t tag, enum status status);
void assert_nothing(struct program *program);

/* The header and the word that a receive with that tag got, and the one that a call got. */
struct ring_call_header received_header(const struct program *program, uint16_t tag);
uint64_t received_word(const struct program *program, uint16_t tag);
uint64_t answered_word(const struct program *program, uint16_t tag);
/* The capabilities behind it. */
struct ring_transfer_result received_capability(const struct program *program, uint16_t tag,
						uint32_t i);
struct ring_transfer_result answered_capability(const struct program *program, uint16_t tag,
						uint32_t i);
