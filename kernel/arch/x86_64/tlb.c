// SPDX-License-Identifier: MIT
/* Which address space this CPU uses, and what it remembers of it.  Changing the root drops all
 * translations of the old one (no process-context identifiers), so only the current root ever
 * needs to be invalidated; the kernel's half is global and never changes after boot. */
#include "kernel/arch/x86_64/cpu_local.h"
#include "kernel/arch/x86_64/instruction.h"
#include "kernel/arch/x86_64/kernel_map.h"
#include "kernel/arch/x86_64/page_table.h"

bool tlb_root_is_current(struct paddr root)
{
	return cpu_local()->root.raw == root.raw;
}

void tlb_invalidate(uint64_t address)
{
	page_invalidate(address);
}

void hal_tlb_flush(struct paddr root)
{
	if (tlb_root_is_current(root))
		cr3_write(root.raw);
}

void hal_address_space_activate(struct paddr root)
{
	struct cpu_local *local = cpu_local();

	if (local->root.raw == root.raw)
		return;
	local->root = root;
	cr3_write(root.raw);
}

void hal_address_space_leave(void)
{
	hal_address_space_activate(kernel_map_root());
}
