// SPDX-License-Identifier: MIT
/* Power: the machine's switch.  Interface: schema/power.capnp. */
#include "kernel/core/call.h"
#include "kernel/core/log.h"
#include "kernel/core/singletons.h"
#include "kernel/hal/cpu.h"
#include "schema/power.capnp.h"

static enum status off(struct call *call)
{
	struct power_off_params_flat flat;
	struct message_reader message;
	struct power_off_params_reader params;

	if (!call_read_flat(call, power_off_params_flat(&flat)))
		return STATUS_MALFORMED_MESSAGE;
	params = power_off_params_from_flat(&flat, &message);
	log_end();
	hal_power_off(power_off_params_get_verdict(params));
}

static enum status reset(struct call *)
{
	log_end();
	hal_reset();
}

static const struct method methods[] = {
	[POWER_OFF_METHOD] = { .max_param_bytes = 64, .handler = off },
	[POWER_RESET_METHOD] = { .max_param_bytes = 64, .handler = reset },
};

static_assert(sizeof(methods) / sizeof(methods[0]) == POWER_METHOD_COUNT);

static const struct object_type power_type = {
	.interface_id = POWER_INTERFACE_ID,
	.methods = methods,
	.method_count = POWER_METHOD_COUNT,
};

struct object power_object = { .type = &power_type, .references = 1 };
