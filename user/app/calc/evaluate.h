// SPDX-License-Identifier: MIT
#pragma once
/*
 * Integer expressions: + - * / % and parentheses, unary minus and plus, decimal and 0x numbers.
 *
 * Values are 64-bit signed; a result that does not fit is an error, as is division by zero; /
 * and % cut towards zero.  * / % bind tighter than + and -, unary signs tightest.  Operator
 * precedence by two stacks (Dijkstra's shunting yard), bounded, without recursion.
 */
#include <stdint.h>

/* Operators and operands that may wait at one time. */
constexpr uint32_t EVALUATE_DEPTH_MAX = 128;

enum evaluate_error : uint8_t {
	EVALUATE_OK = 0,
	EVALUATE_EMPTY,
	EVALUATE_UNEXPECTED, /* a character that cannot stand here */
	EVALUATE_MISSING,    /* the expression ends where a number is due */
	EVALUATE_OPEN,       /* a parenthesis is not closed */
	EVALUATE_NUMBER,     /* a number that does not fit 64 bits */
	EVALUATE_OVERFLOW,   /* a result that does not fit 64 bits */
	EVALUATE_DIVISION,   /* by zero */
	EVALUATE_DEPTH,
};

struct evaluate_result {
	enum evaluate_error error;
	uint32_t column; /* from 1; of what was wrong */
	int64_t value;   /* when there is no error */
};

struct evaluate_result evaluate(const char *text, uint32_t size);

/* What an error means, for people. */
const char *evaluate_error_text(enum evaluate_error error);
