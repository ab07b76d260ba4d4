// SPDX-License-Identifier: MIT
#pragma once
/* What this build is: the one that is shipped.  The build puts this folder on the
 * include path. */

constexpr bool BUILD_DEBUG = false;
