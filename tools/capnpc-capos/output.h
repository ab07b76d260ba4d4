// SPDX-License-Identifier: MIT
#pragma once
/*
 * Generated files.  Each is built in memory; output_commit() writes them all, and only those
 * whose content changed, so that nothing is written when an error is found on the way and
 * nothing is rebuilt without need.
 */
#include <stddef.h>
#include <stdint.h>

struct output;

/* A new file, by its path below the working folder. */
struct output *output_open(const char *path);

/* Append formatted text.  Lines of code longer than 96 columns are folded at a comma. */
[[gnu::format(printf, 2, 3)]] void out(struct output *o, const char *format, ...);

/* Append a comment at that depth of tabs: one line if it fits, else a block.  ""
 * gives nothing. */
void out_comment(struct output *o, unsigned int depth, const char *text);

/* Append a C string literal. */
void out_string(struct output *o, const char *bytes, size_t size);

/*
 * Write every file: all under other names first, then each is renamed, so that what stands
 * there is never half written.  False, with a message on stderr, when one cannot be written.
 */
bool output_commit(void);

/* A sum over the names and contents of all files, to compare two runs by. */
uint64_t output_sum(void);

/* Forget all files. */
void output_reset(void);
