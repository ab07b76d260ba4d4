// SPDX-License-Identifier: MIT
/* A first process that starts the machine anew: tests/system/test_boot.py counts how often. */
#include "user/rt/capset.h"
#include "user/rt/start.h"

#include "schema/power.client.h"

int capos_main(void)
{
	struct power_client power;

	if (capos_find("power", POWER_INTERFACE_ID, &power.id) != STATUS_OK)
		return 1;
	(void)!power_reset(power);
	return 2;
}
