// SPDX-License-Identifier: MIT
#pragma once
/*
 * What the targets that compare with the official library share.
 *
 * A case is a byte that chooses what is compared, one that gives the nesting limit, two with the
 * budget in words, four unused, and the message.  A target defines compare(), which aborts by MUST
 * where the two differ.
 *
 * Of the official library's peculiarities, two concern both targets.  It lets an object without
 * any words lie anywhere, even outside its segment: is_nothing_outside().  And it takes a tag that
 * claims 2^29 elements or more modulo 2^29: is_huge_tag().
 *
 * C++ because the official library is.
 */
#pragma clang diagnostic ignored "-Wmissing-designated-field-initializers"
#pragma clang diagnostic ignored "-Wc++20-designator"
extern "C" {
#include "lib/message.h"
#include "lib/message_packed.h"
}

#include <capnp/any.h>
#include <capnp/message.h>
#include <capnp/serialize-packed.h>
#include <capnp/serialize.h>
#include <kj/exception.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
extern "C" const char *__asan_default_options();

namespace
{

constexpr size_t HEADER_BYTES = 8;
constexpr size_t MAX_MESSAGE_BYTES = 4096;
constexpr uint32_t MAX_BUDGET = 4095;

/* Exceptions are the normal case here: no stack traces. */
class NoTraces : public kj::ExceptionCallback
{
      public:
	StackTraceMode stackTraceMode() override
	{
		return StackTraceMode::NONE;
	}
};

/* What is being compared, for whoever looks into a case that breaks. */
struct {
	uint64_t pointer;
	int element; /* that is expected */
	std::string refusal;
} place;

[[noreturn]] void differ(int line, const char *what)
{
	std::fprintf(stderr,
		     "%d: %s\npointer %016llx, read as element %d\nlast official refusal: %s\n",
		     line, what, static_cast<unsigned long long>(place.pointer), place.element,
		     place.refusal.c_str());
	std::abort();
}

#define MUST(condition) ((condition) ? (void)0 : differ(__LINE__, #condition))

/* Whether the official library does it without throwing. */
template <typename Work> bool accepts(Work &&work)
{
	try {
		work();
		return true;
	} catch (kj::Exception &exception) {
		place.refusal = exception.getDescription().cStr();
		return false;
	}
}

struct Case {
	uint8_t mode;
	uint8_t nesting;
	uint32_t budget;
	std::vector<uint64_t> words; /* aligned, exactly as long as the message */
	size_t bytes;                /* without the padding of the last word */

	const uint8_t *data() const
	{
		return reinterpret_cast<const uint8_t *>(words.data());
	}
	kj::ArrayPtr<const capnp::word> segment() const
	{
		return { reinterpret_cast<const capnp::word *>(words.data()), words.size() };
	}
};

bool is_same(const void *ours, const void *theirs, size_t size)
{
	return size == 0 || std::memcmp(ours, theirs, size) == 0;
}

/*
 * Whether a pointer at a word of a segment leads to an object that has no words at all, outside:
 * accepted by the official library only.
 */
bool is_nothing_outside(uint64_t pointer, size_t at, uint32_t segment_words)
{
	int64_t offset = static_cast<int32_t>(static_cast<uint32_t>(pointer)) >> 2;
	int64_t start = static_cast<int64_t>(at) + 1 + offset;
	uint32_t element = (pointer >> 32) & 7;
	bool is_empty = (pointer & 3) == 0
				? pointer >> 32 == 0
				: element == MESSAGE_ELEMENT_VOID ||
					  (pointer >> 35 == 0 && element != MESSAGE_ELEMENT_STRUCT);

	return is_empty && (pointer & 3) < 2 && (start < 0 || start > segment_words);
}

/* Whether a word, as the tag of a list, claims 2^29 elements or more. */
bool is_huge_tag(uint64_t word)
{
	return (word & 3) == 0 && (static_cast<uint32_t>(word) >> 31) != 0;
}

void compare(const Case &c);

} // namespace

/*
 * No stack of its own for what may be used after its function's return: each exception would clean
 * it up, which takes most of the time, and the library insists that NoTraces is on the real one.
 */
extern "C" const char *__asan_default_options()
{
	return "detect_stack_use_after_return=0";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	NoTraces no_traces;
	Case c{};

	if (size < HEADER_BYTES || size > HEADER_BYTES + MAX_MESSAGE_BYTES)
		return 0;
	c.mode = data[0] & 1;
	c.nesting = data[1] % (MESSAGE_COPY_NESTING + 1);
	c.budget = (data[2] | data[3] << 8) & MAX_BUDGET;
	c.bytes = size - HEADER_BYTES;
	c.words.resize((c.bytes + 7) / 8);
	if (c.bytes != 0)
		std::memcpy(c.words.data(), data + HEADER_BYTES, c.bytes);
	compare(c);
	return 0;
}
