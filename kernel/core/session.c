// SPDX-License-Identifier: MIT
/* Sessions.  See session.h for the model. */
#include "kernel/core/session.h"

struct session session_system;
