# SPDX-License-Identifier: MIT
#
# Everything that counts what it runs: the variant "coverage" of the kernel, with systems for it,
# and the host tests.  tools/coverage/run runs and reports.

.PHONY: coverage
coverage: $(call kernel_and_systems,coverage) build/coverage/default.iso $(call host_all,coverage/host) ; @:

# The tools again, for the tests of the schema compiler (CAPOS_TOOLS).
COUNTED_TOOLS := $(TOOL_FOLDERS:tools/%=build/coverage/tools/%)

build/coverage/tools/obj/%.o: %.c build/flags | build/gen/.stamp
	$(call say,CC,coverage $<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(COMMON) $(WARNINGS) $(WERROR) $(TOOL) $(COUNT) -MMD -MP -c -o $@ $<

define counted_tool_rule
build/coverage/tools/$(notdir $(1)): $(call tool_objects,$(1),build/coverage/tools/obj)
	$$(call say,LINK,$$@)
	$$(Q)$(CC) -fprofile-instr-generate -fuse-ld=lld -o $$@ $$^
endef
$(foreach t,$(TOOL_FOLDERS),$(eval $(call counted_tool_rule,$(t))))
coverage: $(COUNTED_TOOLS)
