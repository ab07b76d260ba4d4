// SPDX-License-Identifier: MIT
#pragma once
/*
 * The boot module: one SystemManifest message (schema/manifest.capnp), as the loader brought
 * it. It is hostile input like any other: every look goes through a bounded reader.
 */
#include "kernel/hal/memory.h"
#include "lib/message.h"
#include "schema/manifest.capnp.h"

/* Take over the module and check what every look relies on.  nullptr: it is good; otherwise
 * what is wrong with it, for people. */
[[nodiscard]] const char *manifest_init(const void *module, uint64_t size_bytes);

/* The module's bytes. */
struct data_reader manifest_bytes(void);

/* A binary's image.  False: there is none of that name. */
[[nodiscard]] bool manifest_find_binary(struct text_reader name, struct data_reader *out_image);

/* Name of binary i; empty past the end. */
struct text_reader manifest_binary_name(uint32_t i);
uint32_t manifest_binary_count(void);

/* The first process.  message is storage for the reader. */
struct init_config_init_reader manifest_init_config(struct message_reader *message);
