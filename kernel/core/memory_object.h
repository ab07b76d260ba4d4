// SPDX-License-Identifier: MIT
#pragma once
/*
 * Memory object: a run of pages that address spaces map.
 *
 * All pages, and the tables that index them, are paid for when the object is made and taken
 * when they are first touched; so touching never fails.  A new page holds the object's source
 * bytes if it has a source there, and zeros elsewhere.  The source is a binary in the boot
 * module, which lives for ever, or a part of another object, which is sealed, has no such
 * source itself, and is held by a reference until this object goes.
 *
 * Sealing ends writable mappings for good; only a sealed object is ever mapped executable, so
 * no page is writable in one place and executable in another.
 *
 * Index: up to 64 pages directly; larger objects through leaf frames of 1024 frame numbers
 * each. References: capabilities, mappings.  The last one frees the pages in bounded steps.
 * Methods: kernel/object/memory_object.c.
 */
#include "kernel/core/account.h"
#include "kernel/core/object.h"
#include "kernel/core/work.h"
#include "kernel/hal/memory.h"

constexpr uint32_t MEMORY_OBJECT_INDEX = 64;
constexpr uint32_t MEMORY_OBJECT_LEAF = PAGE_SIZE / sizeof(uint32_t);

/* Initial content, placed lead_bytes after the object's start. */
struct memory_source {
	const uint8_t *bytes;         /* in the boot module, or */
	struct memory_object *object; /* from offset_bytes on, if not nullptr */
	uint64_t offset_bytes;
	uint64_t size_bytes;
	uint64_t lead_bytes;
};

struct memory_object {
	struct object object;
	struct account *account; /* pays; a reference is held */
	struct work teardown;
	struct memory_source source;
	uint32_t page_count;
	uint32_t writable_mappings;
	uint32_t teardown_next; /* first page that teardown has not looked at */
	bool sealed;
	uint32_t
		index[MEMORY_OBJECT_INDEX]; /* frame numbers (physical / 4096), 0 = not taken */
};

extern const struct object_type memory_object_type;

/* An object of page_count pages, one reference.  STATUS_INVALID_ARGUMENT: not 1 to
 * MAX_MEMORY_OBJECT_BYTES / PAGE_SIZE pages; STATUS_OUT_OF_MEMORY. */
[[nodiscard]] enum status memory_object_create(struct account *account, uint64_t page_count,
					       struct memory_source source,
					       struct memory_object **out_object);

/* The frame of a page below page_count, taken and filled if it was not yet. */
struct paddr memory_object_page(struct memory_object *object, uint32_t page);

/* Whether the frame of a page below page_count is there already; takes nothing. */
bool memory_object_has_page(const struct memory_object *object, uint32_t page,
			    struct paddr *out_frame);

/* Copy bytes into the object at offset, which together lie inside it. */
void memory_object_write(struct memory_object *object, uint64_t offset, const void *bytes,
			 size_t size);

/* Copy bytes out of the object at offset, which together lie inside it; takes the pages. */
void memory_object_read(struct memory_object *object, uint64_t offset, void *buffer,
			size_t size);

/* Seal it; STATUS_WRITABLE_MAPPING if a writable mapping exists. */
[[nodiscard]] enum status memory_object_seal(struct memory_object *object);

/* The type's destroy function. */
void memory_object_destroy(struct object *object);
