// SPDX-License-Identifier: MIT
/*
 * Our message reader against the official library: same verdicts and values on the same bytes.
 *
 * One segment is walked pointer by pointer, each as what it is; with mode 1 each is also read as
 * everything that it is not: lists upgraded and downgraded, texts, data.  support/official.h++ says
 * what a case is.  Where the two count or decide differently, the target makes up for it, so that
 * the comparison is exact:
 *
 *   - The official budget pays a word twice for the root pointer; it gets two words more.
 *   - The official limit of nesting counts a struct in a list twice, and text not at all; so it
 *     gets none, and ours is compared with the depth that is counted here.
 *   - A far pointer in one segment without a table is refused by us only.
 *   - Objects without words outside, lists of larger scalars read as lists of Bool: refused by us
 *     only.  Huge tags: left out.
 */
#include "tests/fuzz/support/official.h++"

namespace
{

constexpr uint32_t MAX_OBJECTS = 256;
constexpr uint32_t MAX_OBJECTS_AS_EVERYTHING = 24; /* a refusal costs them 20 microseconds */
constexpr uint32_t MAX_ELEMENTS = 24;
constexpr uint32_t NO_LIMIT = 1u << 30;

/* A struct of which the pointers are to be looked at, as both have it. */
struct Pair {
	struct struct_reader ours;
	capnp::AnyStruct::Reader theirs;
	uint32_t depth; /* pointers followed below the root */
};

/* A pointer, as both have it: ours as pointer `index` of a struct. */
struct PointerPair {
	struct struct_reader ours;
	uint32_t index;
	capnp::AnyPointer::Reader theirs;
	uint32_t depth;

	uint64_t word() const
	{
		uint64_t value;

		std::memcpy(&value, ours.data + ours.data_bytes + 8ull * index, 8);
		return value;
	}
};

struct Walk {
	const Case &c;
	struct message_reader message;
	std::vector<Pair> pending;
	uint32_t objects;
	uint32_t max_objects;
	bool is_over; /* both refused: the budgets need not agree any more */
};

/* Whether the two differ on the pointer for a reason that the first comment gives. */
bool is_exception(const Walk &w, const PointerPair &p)
{
	uint64_t pointer = p.word();
	size_t at = (p.ours.data + p.ours.data_bytes - w.message.bytes) / 8 + p.index;
	int64_t start = static_cast<int64_t>(at) + 1 +
			(static_cast<int32_t>(static_cast<uint32_t>(pointer)) >> 2);
	bool is_tagged = (pointer & 3) == 1 && ((pointer >> 32) & 7) == MESSAGE_ELEMENT_STRUCT &&
			 start >= 0 && start < w.message.words;

	return (pointer & 3) == 2 || is_nothing_outside(pointer, at, w.message.words) ||
	       (is_tagged && is_huge_tag(message_load_uint64(w.message.bytes + 8 * start)));
}

void compare_sections(const struct struct_reader &ours, capnp::AnyStruct::Reader theirs)
{
	auto data = theirs.getDataSection();

	MUST(ours.data_bytes == data.size());
	MUST(is_same(ours.data, data.begin(), data.size()));
	MUST(ours.pointers == theirs.getPointerSection().size());
}

void look_later(Walk &w, const struct struct_reader &ours, capnp::AnyStruct::Reader theirs,
		uint32_t depth)
{
	if (w.objects++ < w.max_objects)
		w.pending.push_back(Pair{ ours, theirs, depth });
}

void walk_pointer(Walk &w, const PointerPair &p);

void walk_structs(Walk &w, const PointerPair &p, struct list_reader ours,
		  capnp::List<capnp::AnyStruct>::Reader theirs)
{
	MUST(ours.count == theirs.size());
	for (uint32_t i = 0; i < ours.count && i < MAX_ELEMENTS; i++) {
		struct struct_reader element = list_reader_get_struct(ours, i);

		compare_sections(element, theirs[i]);
		look_later(w, element, theirs[i], p.depth + 1);
	}
}

void walk_pointers(Walk &w, const PointerPair &p, struct list_reader ours,
		   capnp::List<capnp::AnyPointer>::Reader theirs)
{
	MUST(ours.count == theirs.size());
	for (uint32_t i = 0; i < ours.count && i < MAX_ELEMENTS && !w.is_over; i++)
		walk_pointer(w, PointerPair{ list_reader_get_struct(ours, i), 0, theirs[i],
					     p.depth + 1 });
}

void walk_list(Walk &w, const PointerPair &p)
{
	enum message_element element = static_cast<enum message_element>((p.word() >> 32) & 7);
	struct list_reader ours = struct_reader_get_list(p.ours, p.index, element);

	w.is_over = w.message.malformed;
	MUST(!w.is_over == accepts([&] {
		auto theirs = p.theirs.getAs<capnp::AnyList>();

		MUST(!w.is_over);
		MUST(ours.count == theirs.size());
		if (element == MESSAGE_ELEMENT_STRUCT)
			walk_structs(w, p, ours, theirs.as<capnp::List<capnp::AnyStruct>>());
		else if (element == MESSAGE_ELEMENT_POINTER)
			walk_pointers(w, p, ours, theirs.as<capnp::List<capnp::AnyPointer>>());
		else
			MUST(is_same(ours.data, theirs.getRawBytes().begin(),
				     theirs.getRawBytes().size()));
	}));
}

void walk_struct(Walk &w, const PointerPair &p)
{
	struct struct_reader ours = struct_reader_get_struct(p.ours, p.index);

	w.is_over = w.message.malformed;
	MUST(!w.is_over == accepts([&] {
		auto theirs = p.theirs.getAs<capnp::AnyStruct>();

		MUST(!w.is_over);
		compare_sections(ours, theirs);
		look_later(w, ours, theirs, p.depth + 1);
	}));
}

/* Follow a pointer as what it is. */
void walk_pointer(Walk &w, const PointerPair &p)
{
	uint64_t pointer = p.word();

	place.pointer = pointer;
	MUST(struct_reader_has(p.ours, p.index) == (pointer != 0));
	MUST(pointer != 0 || p.theirs.isNull());
	if (pointer == 0 || is_exception(w, p))
		return;
	if ((pointer & 3) == 3) {
		struct capability_index ours = struct_reader_get_capability(p.ours, p.index);

		w.is_over = w.message.malformed;
		MUST(ours.present == !w.is_over);
		MUST(!w.is_over == accepts([&] { MUST(p.theirs.isCapability()); }));
		return;
	}
	if (p.depth >= w.message.nesting) {
		struct_reader_get_struct(p.ours, p.index);
		MUST(w.message.malformed);
		w.is_over = true;
		return;
	}
	if ((pointer & 3) == 0)
		walk_struct(w, p);
	else
		walk_list(w, p);
}

// --- Reading as something else
// ------------------------------------------------------------------

/* Forget that reading failed, and what it cost. */
bool take_verdict(Walk &w)
{
	bool is_good = !w.message.malformed;

	w.message.malformed = false;
	w.message.budget_words = NO_LIMIT;
	return is_good;
}

/* get(ours, i, theirs) is whether both have the same element i. */
template <typename Get>
void read_as_list(Walk &w, const PointerPair &p, enum message_element element, Get &&get)
{
	struct list_reader ours = struct_reader_get_list(p.ours, p.index, element);
	bool is_good = take_verdict(w);

	place.element = element;
	MUST(is_good == accepts([&] {
		     auto pointer =
			     capnp::_::PointerHelpers<capnp::AnyPointer>::getInternalReader(
				     p.theirs);
		     auto theirs =
			     pointer.getList(static_cast<capnp::ElementSize>(element), nullptr);

		     MUST(is_good);
		     MUST(ours.count == theirs.size() / capnp::ELEMENTS);
		     for (uint32_t i = 0; i < ours.count && i < MAX_ELEMENTS; i++)
			     MUST(get(ours, i, theirs));
	     }));
}

using TheirList = capnp::_::ListReader;

template <typename Value> Value element_of(TheirList l, uint32_t i)
{
	return l.getDataElement<Value>(i * capnp::ELEMENTS);
}

/* The official library reads larger elements as bits, too; we do not. */
void read_as_bits(Walk &w, const PointerPair &p)
{
	bool is_bits = (p.word() & 3) == 1 && ((p.word() >> 32) & 7) == MESSAGE_ELEMENT_BIT;

	if (p.word() == 0 || is_bits) {
		read_as_list(w, p, MESSAGE_ELEMENT_BIT, [](auto l, uint32_t i, TheirList theirs) {
			return list_reader_get_bool(l, i) == element_of<bool>(theirs, i);
		});
		return;
	}
	struct_reader_get_list(p.ours, p.index, MESSAGE_ELEMENT_BIT);
	MUST(!take_verdict(w));
}

void read_as_scalars(Walk &w, const PointerPair &p)
{
	read_as_list(w, p, MESSAGE_ELEMENT_VOID,
		     [](auto, uint32_t, TheirList) { return true; });
	read_as_list(w, p, MESSAGE_ELEMENT_BYTE, [](auto l, uint32_t i, TheirList theirs) {
		return list_reader_get_uint8(l, i) == element_of<uint8_t>(theirs, i);
	});
	read_as_list(w, p, MESSAGE_ELEMENT_TWO_BYTES, [](auto l, uint32_t i, TheirList theirs) {
		return list_reader_get_uint16(l, i) == element_of<uint16_t>(theirs, i);
	});
	read_as_list(
		w, p, MESSAGE_ELEMENT_FOUR_BYTES, [](auto l, uint32_t i, TheirList theirs) {
			return list_reader_get_uint32(l, i) == element_of<uint32_t>(theirs, i);
		});
	read_as_list(
		w, p, MESSAGE_ELEMENT_EIGHT_BYTES, [](auto l, uint32_t i, TheirList theirs) {
			return list_reader_get_uint64(l, i) == element_of<uint64_t>(theirs, i);
		});
}

void read_as_objects(Walk &w, const PointerPair &p)
{
	read_as_list(w, p, MESSAGE_ELEMENT_POINTER, [](auto l, uint32_t i, TheirList theirs) {
		/* Theirs cannot say whether a pointer is null that it cannot follow. */
		return struct_reader_has(list_reader_get_struct(l, i), 0) ||
		       theirs.getPointerElement(i * capnp::ELEMENTS).isNull();
	});
	read_as_list(w, p, MESSAGE_ELEMENT_STRUCT, [](auto l, uint32_t i, TheirList theirs) {
		compare_sections(list_reader_get_struct(l, i),
				 capnp::List<capnp::AnyStruct>::Reader(theirs)[i]);
		return true;
	});
}

void read_as_bytes(Walk &w, const PointerPair &p)
{
	struct text_reader text = struct_reader_get_text(p.ours, p.index);
	bool is_text = take_verdict(w);
	struct data_reader data = struct_reader_get_data(p.ours, p.index);
	bool is_data = take_verdict(w);

	MUST(is_text == accepts([&] {
		     auto theirs = p.theirs.getAs<capnp::Text>();

		     MUST(text.size == theirs.size() || !is_text);
		     MUST(is_same(text.data, theirs.begin(), text.size));
	     }));
	MUST(is_data == accepts([&] {
		     auto theirs = p.theirs.getAs<capnp::Data>();

		     MUST(data.size == theirs.size() || !is_data);
		     MUST(is_same(data.data, theirs.begin(), data.size));
	     }));
}

/* A struct, when it is one; also capabilities. */
void read_as_struct(Walk &w, const PointerPair &p)
{
	struct struct_reader ours = struct_reader_get_struct(p.ours, p.index);
	bool is_good = take_verdict(w);

	MUST(is_good == accepts([&] {
		     auto theirs = p.theirs.getAs<capnp::AnyStruct>();

		     MUST(is_good);
		     compare_sections(ours, theirs);
	     }));
	struct_reader_get_capability(p.ours, p.index);
	is_good = take_verdict(w);
	MUST(is_good == ((p.word() & 0xffffffff) == 3 || p.word() == 0));
}

void read_as_everything(Walk &w, const PointerPair &p)
{
	place.pointer = p.word();
	if (p.word() != 0 && is_exception(w, p))
		return;
	read_as_bytes(w, p);
	read_as_struct(w, p);
	read_as_bits(w, p);
	read_as_scalars(w, p);
	read_as_objects(w, p);
}

/* The root, a struct; false when both refuse it. */
bool walk_root(Walk &w, capnp::MessageReader &reader)
{
	PointerPair root{};
	struct struct_reader ours;
	bool is_good;

	root.ours.data = w.message.bytes;
	root.ours.pointers = 1;
	if (root.word() != 0 && is_exception(w, root))
		return false;
	is_good = message_reader_root(&w.message, &ours);
	MUST(is_good == accepts([&] {
		     auto theirs = reader.getRoot<capnp::AnyStruct>();

		     MUST(is_good);
		     compare_sections(ours, theirs);
		     look_later(w, ours, theirs, 0);
	     }));
	return is_good;
}

void compare_walks(const Case &c, bool is_everything)
{
	kj::ArrayPtr<const capnp::word> segment = c.segment();
	uint32_t budget = is_everything ? NO_LIMIT : c.budget;
	uint64_t their_budget = is_everything ? UINT64_C(1) << 60 : c.budget + 2;
	capnp::SegmentArrayMessageReader reader(kj::arrayPtr(&segment, 1),
						{ their_budget, static_cast<int>(NO_LIMIT) });
	Walk w{ c, {}, {}, 0, is_everything ? MAX_OBJECTS_AS_EVERYTHING : MAX_OBJECTS, false };

	if (c.words.empty())
		return;
	message_reader_init(&w.message, c.words.data(), c.words.size() * 8);
	message_reader_limit(&w.message, budget, is_everything ? 255 : c.nesting);
	if (!walk_root(w, reader))
		return;
	while (!w.pending.empty() && !w.is_over) {
		Pair at = w.pending.back();

		w.pending.pop_back();
		for (uint32_t i = 0; i < at.ours.pointers && i < MAX_ELEMENTS && !w.is_over;
		     i++) {
			PointerPair p{ at.ours, i, at.theirs.getPointerSection()[i], at.depth };

			if (is_everything && at.depth < 200)
				read_as_everything(w, p);
			walk_pointer(w, p);
			if (is_everything)
				take_verdict(w), w.is_over = false;
		}
	}
}

void compare(const Case &c)
{
	compare_walks(c, c.mode == 1);
}

} // namespace
