// SPDX-License-Identifier: MIT
#pragma once
/* From the schema's camelCase to C identifiers, and the guard against two of the same. */

/* Formatted text in fresh memory (memory.h). */
[[gnu::format(printf, 1, 2)]] const char *name_format(const char *format, ...);

/* "irqOffMaxNs" becomes "irq_off_max_ns", "ELFImage" "elf_image". */
const char *name_snake(const char *camel);

/* "irqOffMaxNs" becomes "IRQ_OFF_MAX_NS". */
const char *name_upper(const char *camel);

/* Whether it is [A-Za-z][A-Za-z0-9_]*, as `capnp` lets through. */
bool name_is_sound(const char *name);

/* Whether it is [a-z][a-z0-9_]*: what a schema may ask to be called in C. */
bool name_is_snake(const char *name);

/* A parameter's name, from snake_case: apart from keywords and the names that wrappers use. */
const char *name_parameter(const char *snake);

/*
 * Record that `owner` defines `identifier`.  Null when it is free, else what had it first: an
 * owner given before, or the text "the C language" or "lib/message.h" of what is kept for them.
 * A tag is claimed as "struct foo".
 */
struct claim_owner {
	const void *node; /* of a claim before; null: it is kept */
	const char *member;
	const char *keeper; /* who keeps it, for people */
};

const struct claim_owner *name_claim(const char *identifier, struct claim_owner owner);

/* Forget all claims; their memory is that of memory.h. */
void name_reset(void);
