// SPDX-License-Identifier: MIT
/*
 * A client of user/app/counter: adds 1 to the counter "visits" and says how many that makes.
 *
 * Needs "console" and "counters".
 */
#include "user/app/counter/counter.client.h"
#include "user/rt/capos.h"

int capos_main(void)
{
	struct counters_client counters = { capos_require("counters", COUNTERS_INTERFACE_ID) };
	[[gnu::cleanup(capos_owned_drop)]] struct capos_owned counter = {};
	struct counter_client visits = {};
	int64_t value = 0;
	enum status status = counters_open(counters, "visits", 6, &visits);

	counter.id = visits.id;
	if (status == STATUS_OK)
		status = counter_add(visits, 1, &value);
	if (status == STATUS_EXCEPTION)
		capos_print("count: %s\n", capos_last_exception()->reason);
	if (status != STATUS_OK)
		return 1;
	capos_print("count: %ld visits\n", value);
	return 0;
}
