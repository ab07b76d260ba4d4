// SPDX-License-Identifier: MIT
/*
 * Messages from outside against the official library: same verdicts and bytes on the same bytes.
 *
 * A frame is copied into one segment; then its canonical form and its packed form are compared.
 * With mode 1 packed bytes are unpacked.  support/official.h++ says what a case is.  Where the two
 * count or decide differently, the target makes up for it, so that the comparison is exact:
 *
 *   - The official budget pays a word twice for the root pointer; it gets two words more.
 *   - The official limit of nesting counts the root; it gets one more.
 *   - A frame of more than 511 segments is refused by us only (and by the official reader of
 *     streams).
 *   - Objects without words outside, and huge tags: where we refuse for a reason that could be
 *     one of these, and the frame has a word that could be one, there is no comparison.
 */
#include "tests/fuzz/support/official.h++"

namespace
{

constexpr size_t MAX_COPY_WORDS = MAX_BUDGET + 2;

void compare_packed(const uint8_t *bytes, size_t size)
{
	std::vector<uint8_t> ours(message_packed_bound(size) + 1);
	kj::VectorOutputStream theirs;
	capnp::_::PackedOutputStream stream(theirs);
	size_t used = message_pack(bytes, size, ours.data());

	stream.write(bytes, size);
	MUST(used == theirs.getArray().size());
	MUST(is_same(ours.data(), theirs.getArray().begin(), used));
}

/* The canonical form of a flat message that both have accepted. */
void compare_canonical(const uint64_t *flat, size_t size)
{
	static uint64_t buffer[MAX_COPY_WORDS];
	kj::ArrayPtr<const capnp::word> segment(reinterpret_cast<const capnp::word *>(flat),
						size / 8);
	capnp::SegmentArrayMessageReader reader(kj::arrayPtr(&segment, 1));
	struct message_builder builder;
	struct message_frame frame;
	bool is_good;

	MUST(message_frame_init_flat(&frame, flat, size) == MESSAGE_FAULT_NONE);
	frame.budget_words = MAX_BUDGET; /* what was enough once */
	message_builder_init(&builder, buffer, sizeof(buffer));
	is_good = message_frame_copy(&frame, &builder, MESSAGE_FORM_CANONICAL) == 0;
	MUST(is_good == accepts([&] {
		     auto theirs = reader.getRoot<capnp::AnyStruct>().canonicalize();

		     MUST(is_good);
		     MUST(message_builder_finish(&builder) == theirs.asBytes().size());
		     MUST(is_same(buffer, theirs.begin(), theirs.asBytes().size()));
	     }));
}

bool has_huge_tag(const struct message_frame &frame)
{
	struct message_segment segment;

	for (uint32_t i = 0; message_frame_segment(&frame, i, &segment); i++)
		for (uint32_t at = 0; at < segment.words; at++)
			if (is_huge_tag(message_load_uint64(segment.bytes + 8ull * at)))
				return true;
	return false;
}

/* Whether any word of the frame could be such a pointer; or the far one that a tag stands by. */
bool has_nothing_outside(const struct message_frame &frame)
{
	struct message_segment segment, other;

	for (uint32_t i = 0; message_frame_segment(&frame, i, &segment); i++)
		for (uint32_t at = 0; at < segment.words; at++) {
			uint64_t word = message_load_uint64(segment.bytes + 8ull * at);

			if (is_nothing_outside(word, at, segment.words))
				return true;
			if ((word & 3) == 2 && message_frame_segment(&frame, word >> 32, &other) &&
			    static_cast<uint32_t>(word) >> 3 > other.words)
				return true;
		}
	return false;
}

void compare_copies(const Case &c)
{
	static uint64_t buffer[MAX_COPY_WORDS];
	static capnp::word theirs[MAX_COPY_WORDS];
	struct message_builder builder;
	struct message_frame frame;
	size_t used = 0;
	size_t words = c.bytes / 8;
	enum message_fault fault = message_frame_init(&frame, c.data(), words * 8, &used);
	capnp::ReaderOptions options{ c.budget + 2, c.nesting + 1 };

	if (fault == MESSAGE_FAULT_SEGMENTS)
		return;
	message_builder_init(&builder, buffer, sizeof(buffer));
	if (fault == MESSAGE_FAULT_NONE) {
		frame.budget_words = c.budget;
		frame.nesting = c.nesting;
		fault = message_frame_copy(&frame, &builder, MESSAGE_FORM_PLAIN);
		MUST(fault != MESSAGE_FAULT_ROOM);
		if (fault == MESSAGE_FAULT_OUTSIDE && has_nothing_outside(frame))
			return;
		if ((fault == MESSAGE_FAULT_TAG || fault == MESSAGE_FAULT_BUDGET) &&
		    has_huge_tag(frame))
			return;
	}
	MUST((fault == MESSAGE_FAULT_NONE) == accepts([&] {
		     capnp::FlatArrayMessageReader reader(c.segment().slice(0, words), options);
		     std::memset(theirs, 0, sizeof(theirs));
		     capnp::MallocMessageBuilder copy(kj::arrayPtr(theirs, MAX_COPY_WORDS));

		     copy.setRoot(reader.getRoot<capnp::AnyPointer>());
		     MUST(fault == MESSAGE_FAULT_NONE);
		     auto segments = copy.getSegmentsForOutput();
		     MUST(segments.size() == 1);
		     MUST(message_builder_finish(&builder) == segments[0].asBytes().size());
		     MUST(is_same(buffer, segments[0].begin(), segments[0].asBytes().size()));
	     }));
	if (fault != MESSAGE_FAULT_NONE)
		return;
	compare_packed(reinterpret_cast<uint8_t *>(buffer), message_builder_finish(&builder));
	compare_canonical(buffer, message_builder_finish(&builder));
}

/*
 * The official stream is asked for as much as we got, or for a word more than we got before the
 * bytes ended.  Where we find too little room there is nothing to compare.
 */
void compare_unpacking(const Case &c)
{
	static uint8_t ours[8 * MAX_COPY_WORDS], theirs[8 * MAX_COPY_WORDS + 8];
	size_t size = 0;
	enum message_fault fault = message_unpack(c.data(), c.bytes, ours, sizeof(ours), &size);
	size_t wanted = fault == MESSAGE_FAULT_NONE ? size : (size & ~size_t{ 7 }) + 8;

	if (fault == MESSAGE_FAULT_ROOM)
		return;
	MUST((fault == MESSAGE_FAULT_NONE) == accepts([&] {
		kj::ArrayInputStream bytes(kj::arrayPtr(c.data(), c.bytes));
		capnp::_::PackedInputStream stream(bytes);

		stream.read(theirs, wanted);
		MUST(fault == MESSAGE_FAULT_NONE);
		MUST(is_same(ours, theirs, size));
	}));
}

void compare(const Case &c)
{
	if (c.mode == 1)
		compare_unpacking(c);
	else
		compare_copies(c);
}

} // namespace
