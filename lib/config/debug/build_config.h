// SPDX-License-Identifier: MIT
#pragma once
/* What this build is: one that checks itself.  The build puts this folder on the
 * include path. */

constexpr bool BUILD_DEBUG = true;
