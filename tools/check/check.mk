# SPDX-License-Identifier: MIT
#
# Two checks that compile: each header on its own, and the analyzer over library and kernel.  A
# stamp remembers what passed, so the second run looks only at what changed.

.PHONY: headers analyze

HEADERS := $(shell find abi lib kernel user tests/program tests/host tests/fuzz tools -name '*.h' \
	! -path 'lib/config/*')
headers: $(HEADERS:%=build/check/%.ok)
analyze: $(addprefix build/check/,$(addsuffix .ok,$(LIB_TARGET) $(NEUTRAL) $(ARCH)))

# The flags that fit where a file lives.
check_flags = $(COMMON) $(WARNINGS) $(WERROR) $(strip \
	$(if $(filter tests/host/% tests/fuzz/%,$(1)),$(HOST), \
	$(if $(filter tools/%,$(1)),$(TOOL), \
	$(if $(filter user/% tests/program/%,$(1)),$(PROGRAM) $(debug_FLAGS), \
	$(KERNEL) $(debug_FLAGS)))))

build/check/%.h.ok: %.h build/flags | build/gen/.stamp $(BEARSSL_HEADER)
	$(Q)mkdir -p $(@D)
	$(Q)printf '#include "%s"\nextern int declared;\n' $< | $(CC) $(call check_flags,$<) \
		-fsyntax-only -MMD -MP -MF $@.d -MT $@ -x c -
	$(Q)touch $@

# Null dereferences are not looked for: every link of an intrusive list looks like one.
ANALYZE := --analyze --analyzer-output text -Xclang -analyzer-werror \
	-Xclang -analyzer-disable-checker=core.NullDereference

build/check/%.c.ok: %.c build/flags | build/gen/.stamp $(BEARSSL_HEADER)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ANALYZE) $(call check_flags,$<) -MMD -MP -MF $@.d -MT $@ -o /dev/null $<
	$(Q)touch $@

build/check/%.S.ok: %.S
	$(Q)mkdir -p $(@D) && touch $@

-include $(shell find build/check -name '*.d' 2>/dev/null)
