// SPDX-License-Identifier: MIT
/*
 * capos-message: converts messages between their encodings, without their schema.
 *
 *   capos-message convert FROM:TO <IN >OUT
 *
 *   binary       framed: a table of segments, then the segments; one message after the other
 *   packed       the same, packed
 *   flat         one segment, no table; what capOS uses inside
 *   flat-packed  the same, packed
 *   canonical    flat, in the canonical form (as FROM the same as flat)
 *
 * The names and the bytes are those of `capnp convert`, except that this tool writes one
 * segment always and has limits (lib/message_frame.h): input of 256 MiB, 511 segments, pointers
 * nested 32 deep, traversal of 16 times the message.  Exit status 1, with the reason on stderr
 * and nothing of that message written, when a message is not well-formed.
 */
#include "lib/message.h"
#include "tools/capos-message/format.h"

#include <stdlib.h>
#include <string.h>

/* Write one message; it is in one segment. */
static bool write_message(const struct format *to, const uint8_t *bytes, size_t size)
{
	uint8_t table[8];

	message_frame_table(size, table);
	if (to->is_framed && !format_write(to, table, sizeof(table)))
		return false;
	return format_write(to, bytes, size);
}

/* Convert the message of a frame: null, or what is wrong. */
static const char *convert_frame(const struct message_frame *frame, const struct format *to)
{
	size_t capacity = (frame->budget_words + 1ull) * MESSAGE_WORD_BYTES;
	uint8_t *buffer = malloc(capacity);
	struct message_builder builder;
	enum message_fault fault;
	const char *wrong = nullptr;

	if (buffer == nullptr)
		return "out of memory";
	message_builder_init(&builder, buffer, capacity);
	message_builder_capabilities(&builder, MESSAGE_CAPABILITIES_CARRIED, 0);
	fault = message_frame_copy(frame, &builder, to->form);
	if (fault != MESSAGE_FAULT_NONE)
		wrong = message_fault_text(fault);
	else if (!write_message(to, buffer, message_builder_finish(&builder)))
		wrong = "cannot write";
	free(buffer);
	return wrong;
}

/* Convert every message in `bytes`: null, or what is wrong with the last one looked at. */
static const char *convert_all(const struct format *from, const struct format *to,
			       struct bytes bytes, uint32_t *out_count)
{
	struct message_frame frame;
	enum message_fault fault;
	const char *wrong = nullptr;

	for (size_t at = 0, used = 0; wrong == nullptr && at < bytes.size; at += used) {
		++*out_count;
		used = bytes.size - at;
		if (from->is_framed)
			fault = message_frame_init(&frame, bytes.data + at, used, &used);
		else
			fault = message_frame_init_flat(&frame, bytes.data + at, used);
		if (fault != MESSAGE_FAULT_NONE)
			wrong = message_fault_text(fault);
		else if (*out_count > 1 && !to->is_framed)
			wrong = "only a framed format can hold a second message";
		else
			wrong = convert_frame(&frame, to);
	}
	return wrong;
}

static int usage(void)
{
	fputs("usage: capos-message convert FROM:TO <IN >OUT\n"
	      "formats: binary packed flat flat-packed canonical\n",
	      stderr);
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	char *colon = argc == 3 ? strchr(argv[2], ':') : nullptr;
	const struct format *from, *to;
	struct bytes bytes = {};
	const char *wrong;
	uint32_t count = 0;

	if (colon == nullptr || strcmp(argv[1], "convert") != 0)
		return usage();
	*colon = '\0';
	from = format_find(argv[2]);
	to = format_find(colon + 1);
	if (from == nullptr || to == nullptr)
		return usage();
	wrong = format_read(from, stdin, &bytes);
	if (wrong == nullptr)
		wrong = convert_all(from, to, bytes, &count);
	if (wrong == nullptr && fflush(stdout) != 0)
		wrong = "cannot write";
	if (wrong != nullptr)
		fprintf(stderr, "capos-message: message %u: %s\n", count, wrong);
	free(bytes.data);
	return wrong == nullptr ? EXIT_SUCCESS : EXIT_FAILURE;
}
