// SPDX-License-Identifier: MIT
#pragma once
/* From the schema's camelCase to C identifiers, and the guard against two of the same. */

/* Formatted text in fresh memory, never null and never freed. */
[[gnu::format(printf, 1, 2)]] const char *name_format(const char *format, ...);

/* "irqOffMaxNs" becomes "irq_off_max_ns", "ELFImage" "elf_image". */
const char *name_snake(const char *camel);

/* "irqOffMaxNs" becomes "IRQ_OFF_MAX_NS". */
const char *name_upper(const char *camel);

/* A parameter's name, kept apart from C's keywords and the names that wrappers use. */
const char *name_parameter(const char *camel);

/*
 * Record that `owner` (a declaration, for messages) defines `identifier`.  Null when it is
 * free, else the owner that had it first.
 */
const char *name_claim(const char *identifier, const char *owner);
