# SPDX-License-Identifier: MIT
#
# The host tests on a kernel that overwrites what it has read of a program's memory
# (docs/internals/variants.md).  Only the neutral kernel is built anew.

.PHONY: host-double-fetch
host-double-fetch: $(HOST_TESTS:%=build/double-fetch/host/%) ; @:

HOST_DOUBLE_FETCH := $(subst -Ikernel/fetch/plain,-Ikernel/fetch/poison,$(HOST))
POISON_OBJECTS := $(patsubst %.c,build/double-fetch/host/obj/%.o,$(NEUTRAL) $(double-fetch_SOURCES))

build/double-fetch/host/obj/%.o: %.c build/flags | build/gen/.stamp $(BEARSSL_HEADER)
	$(call say,CC,double-fetch/host $<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(COMMON) $(WARNINGS) $(WERROR) $(HOST_DOUBLE_FETCH) -MMD -MP -c -o $@ $<

# Before the library that holds the plain ones, so that these are taken.
build/double-fetch/host/%_test: build/host/obj/tests/host/%_test.o \
		$(HOST_HELPERS:%.c=build/host/obj/%.o) build/double-fetch/host/poison.a \
		build/host/kernel.a build/host/user.a $(wildcard tests/host/*_test.link)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(HOST_LINK) -fuse-ld=lld -Wl,-z,muldefs $(addprefix @,$(filter %/$*_test.link,$^)) \
		-o $@ $(filter %.o %.a,$^) -lcmocka

build/double-fetch/host/poison.a: $(POISON_OBJECTS)
	$(call say,AR,$@)
	$(Q)rm -f $@.new && $(AR) rcsT $@.new $^ && mv $@.new $@
