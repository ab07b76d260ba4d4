// SPDX-License-Identifier: MIT
#pragma once
/* Floating-point fields.  Apart from lib/message.h because the kernel has no such registers. */
#include <stdint.h>

/* The number that the bits of a field stand for (IEEE 754). */
static inline float message_float32(uint32_t bits)
{
	float value;

	__builtin_memcpy(&value, &bits, sizeof(value));
	return value;
}

/* As message_float32(). */
static inline double message_float64(uint64_t bits)
{
	double value;

	__builtin_memcpy(&value, &bits, sizeof(value));
	return value;
}

/* The bits that stand for a number in a field. */
static inline uint32_t message_bits32(float value)
{
	uint32_t bits;

	__builtin_memcpy(&bits, &value, sizeof(bits));
	return bits;
}

/* As message_bits32(). */
static inline uint64_t message_bits64(double value)
{
	uint64_t bits;

	__builtin_memcpy(&bits, &value, sizeof(bits));
	return bits;
}
