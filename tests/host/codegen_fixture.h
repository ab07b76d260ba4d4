// SPDX-License-Identifier: MIT
#pragma once
/* What the tests of generated code share: one message that is built, and read again. */
#include "lib/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

extern uint64_t codegen_buffer[1024];
extern struct message_builder codegen_builder;
extern struct message_reader codegen_message;

/* Start building into the buffer, which holds rubbish. */
void start_message(void);

/* Read what was built. */
struct message_reader *built(void);

/* Read that file as a message. */
struct message_reader *read_file(const char *path);

/* Write what was built to that file; the exit status of a program. */
int write_file(const char *path);

void assert_text(struct text_reader found, const char *expected);
