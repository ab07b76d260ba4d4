// SPDX-License-Identifier: MIT
/* Integer expressions.  See evaluate.h. */
#include "user/app/calc/evaluate.h"

#include <stdckdint.h>

/* Operators as they wait; the unary ones have letters of their own. */
constexpr char NEGATE = 'n';
constexpr char IDENTITY = 'p';

struct waiting {
	char symbol;
	uint32_t column;
};

struct evaluation {
	const char *text;
	uint32_t size;
	uint32_t at;
	uint32_t value_count;
	uint32_t operator_count;
	struct evaluate_result result;
	int64_t values[EVALUATE_DEPTH_MAX];
	struct waiting operators[EVALUATE_DEPTH_MAX];
};

static bool fail(struct evaluation *e, enum evaluate_error error, uint32_t column)
{
	e->result = (struct evaluate_result){ .error = error, .column = column };
	return false;
}

static bool push_value(struct evaluation *e, int64_t value, uint32_t column)
{
	if (e->value_count == EVALUATE_DEPTH_MAX)
		return fail(e, EVALUATE_DEPTH, column);
	e->values[e->value_count++] = value;
	return true;
}

static bool push_operator(struct evaluation *e, char symbol, uint32_t column)
{
	if (e->operator_count == EVALUATE_DEPTH_MAX)
		return fail(e, EVALUATE_DEPTH, column);
	e->operators[e->operator_count++] = (struct waiting){ symbol, column };
	return true;
}

static uint32_t precedence(char symbol)
{
	switch (symbol) {
	case '+':
	case '-':
		return 1;
	case '*':
	case '/':
	case '%':
		return 2;
	case NEGATE:
	case IDENTITY:
		return 3;
	default:
		return 0; /* ( */
	}
}

static bool divide(struct evaluation *e, struct waiting op, int64_t a, int64_t b, int64_t *out)
{
	if (b == 0)
		return fail(e, EVALUATE_DIVISION, op.column);
	if (b == -1) {
		/* The one quotient that does not fit; its remainder is 0 all the same. */
		if (op.symbol == '%') {
			*out = 0;
			return true;
		}
		return !ckd_sub(out, 0, a) || fail(e, EVALUATE_OVERFLOW, op.column);
	}
	*out = op.symbol == '/' ? a / b : a % b;
	return true;
}

static bool apply_binary(struct evaluation *e, struct waiting op, int64_t a, int64_t b,
			 int64_t *out)
{
	bool overflow = false;

	switch (op.symbol) {
	case '+':
		overflow = ckd_add(out, a, b);
		break;
	case '-':
		overflow = ckd_sub(out, a, b);
		break;
	case '*':
		overflow = ckd_mul(out, a, b);
		break;
	default:
		return divide(e, op, a, b, out);
	}
	return !overflow || fail(e, EVALUATE_OVERFLOW, op.column);
}

/* Do the operator that waits last; its operands are there. */
static bool apply_last(struct evaluation *e)
{
	struct waiting op = e->operators[--e->operator_count];
	int64_t *top = &e->values[e->value_count - 1];

	if (op.symbol == IDENTITY)
		return true;
	if (op.symbol == NEGATE)
		return !ckd_sub(top, 0, *top) || fail(e, EVALUATE_OVERFLOW, op.column);
	e->value_count--;
	return apply_binary(e, op, top[-1], top[0], &top[-1]);
}

/* Do every waiting operator that binds at least as tightly, back to an open parenthesis. */
static bool apply_while(struct evaluation *e, uint32_t at_least)
{
	while (e->operator_count != 0 &&
	       precedence(e->operators[e->operator_count - 1].symbol) >= at_least)
		if (!apply_last(e))
			return false;
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Value of a digit of a base; base when it is none. */
static uint64_t digit_value(char c, uint64_t base)
{
	uint64_t value = base;

	if (is_digit(c))
		value = (uint64_t)(c - '0');
	else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		value = (uint64_t)((c | 0x20) - 'a') + 10;
	return value < base ? value : base;
}

/* 2^63 is a number only right after a unary minus, with which it is INT64_MIN. */
static bool push_magnitude(struct evaluation *e, uint64_t magnitude, uint32_t column)
{
	uint32_t last = e->operator_count - 1;

	if (magnitude <= INT64_MAX)
		return push_value(e, (int64_t)magnitude, column);
	if (magnitude != (uint64_t)INT64_MAX + 1 || e->operator_count == 0 ||
	    e->operators[last].symbol != NEGATE)
		return fail(e, EVALUATE_NUMBER, column);
	e->operator_count--;
	return push_value(e, INT64_MIN, column);
}

static bool read_number(struct evaluation *e)
{
	uint32_t column = e->at + 1;
	uint64_t base = 10;
	uint64_t magnitude = 0;

	if (e->size - e->at > 2 && e->text[e->at] == '0' && e->text[e->at + 1] == 'x' &&
	    digit_value(e->text[e->at + 2], 16) != 16) {
		base = 16;
		e->at += 2;
	}
	for (; e->at < e->size; e->at++) {
		uint64_t digit = digit_value(e->text[e->at], base);

		if (digit == base)
			break;
		if (ckd_mul(&magnitude, magnitude, base) ||
		    ckd_add(&magnitude, magnitude, digit))
			return fail(e, EVALUATE_NUMBER, column);
	}
	return push_magnitude(e, magnitude, column);
}

/* Where a number is due.  *operand becomes false when one was read. */
static bool read_operand(struct evaluation *e, bool *operand)
{
	char c = e->text[e->at];

	if (is_digit(c)) {
		*operand = false;
		return read_number(e);
	}
	e->at++;
	if (c == '-' || c == '+')
		return push_operator(e, c == '-' ? NEGATE : IDENTITY, e->at);
	if (c == '(')
		return push_operator(e, c, e->at);
	return fail(e, EVALUATE_UNEXPECTED, e->at);
}

static bool close_parenthesis(struct evaluation *e)
{
	if (!apply_while(e, 1))
		return false;
	if (e->operator_count == 0)
		return fail(e, EVALUATE_UNEXPECTED, e->at);
	e->operator_count--;
	return true;
}

/* Where an operator is due.  *operand becomes true when one was read. */
static bool read_operator(struct evaluation *e, bool *operand)
{
	char c = e->text[e->at++];

	if (c == ')')
		return close_parenthesis(e);
	if (precedence(c) == 0 || c == NEGATE || c == IDENTITY)
		return fail(e, EVALUATE_UNEXPECTED, e->at);
	*operand = true;
	return apply_while(e, precedence(c)) && push_operator(e, c, e->at);
}

/* All operators and operands; what can be done is done on the way. */
static bool read_all(struct evaluation *e)
{
	bool operand = true;

	while (e->at < e->size) {
		if (e->text[e->at] == ' ' || e->text[e->at] == '\t')
			e->at++;
		else if (!(operand ? read_operand(e, &operand) : read_operator(e, &operand)))
			return false;
	}
	if (operand)
		return fail(e, e->operator_count == 0 ? EVALUATE_EMPTY : EVALUATE_MISSING,
			    e->at + 1);
	if (!apply_while(e, 1))
		return false;
	return e->operator_count == 0 ||
	       fail(e, EVALUATE_OPEN, e->operators[e->operator_count - 1].column);
}

struct evaluate_result evaluate(const char *text, uint32_t size)
{
	static struct evaluation e;

	e.text = text;
	e.size = size;
	e.at = 0;
	e.value_count = 0;
	e.operator_count = 0;
	if (read_all(&e))
		e.result = (struct evaluate_result){ .value = e.values[0] };
	return e.result;
}

const char *evaluate_error_text(enum evaluate_error error)
{
	static const char *const texts[] = {
		[EVALUATE_OK] = "ok",
		[EVALUATE_EMPTY] = "nothing to compute",
		[EVALUATE_UNEXPECTED] = "unexpected character",
		[EVALUATE_MISSING] = "a number is missing",
		[EVALUATE_OPEN] = "parenthesis not closed",
		[EVALUATE_NUMBER] = "number does not fit 64 bits",
		[EVALUATE_OVERFLOW] = "overflow: the result does not fit 64 bits",
		[EVALUATE_DIVISION] = "division by zero",
		[EVALUATE_DEPTH] = "nested too deeply",
	};

	return texts[error];
}
