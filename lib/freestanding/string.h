// SPDX-License-Identifier: MIT
#pragma once
/*
 * The name under which third-party sources expect the memory functions.  Our own code includes
 * lib/string.h; only sources fetched at build time find this one.
 */
#include "lib/string.h"
