// SPDX-License-Identifier: MIT
#pragma once
/* Everything of libcapos that an ordinary program uses. */
#include "user/rt/call.h"   // IWYU pragma: export
#include "user/rt/capset.h" // IWYU pragma: export
#include "user/rt/heap.h"   // IWYU pragma: export
#include "user/rt/panic.h"  // IWYU pragma: export
#include "user/rt/print.h"  // IWYU pragma: export
#include "user/rt/start.h"  // IWYU pragma: export
#include "user/rt/time.h"   // IWYU pragma: export
