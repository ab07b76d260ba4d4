// SPDX-License-Identifier: MIT
#include "lib/name.h"

static bool is_name_byte(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '_' ||
	       byte == '-';
}

bool name_is_valid(const char *data, size_t size)
{
	if (size == 0 || size > NAME_BYTES_MAX)
		return false;
	for (size_t i = 0; i < size; i++)
		if (!is_name_byte(data[i]))
			return false;
	return true;
}
