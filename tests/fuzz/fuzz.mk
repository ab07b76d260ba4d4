# SPDX-License-Identifier: MIT
#
# Fuzz targets: tests/fuzz/NAME.c or NAME.c++ is one, build/fuzz/NAME runs it under libFuzzer with
# ASan and UBSan.  All share one tree of objects with coverage counters, build/fuzz/obj.
# build/host/replay/NAME is the same target under the host tests' flags: it runs given cases only,
# and is how the ordinary host tests see every seed and every found case again.

.PHONY: fuzz replay

FUZZ_TARGETS := $(sort $(basename $(notdir $(wildcard tests/fuzz/*.c tests/fuzz/*.c++))))
FUZZ_HELPERS := $(filter-out %/require_failed.c,$(HOST_HELPERS)) \
	$(filter-out %/replay.c,$(wildcard tests/fuzz/support/*.c))
FUZZ_USER := $(filter user/rt/% user/shell/% user/app/calc/%,$(HOST_USER)) $(HOST_GENERATED)
FUZZ := $(HOST) -fsanitize=fuzzer-no-link
CXX := clang++-19
CXX_FLAGS := -std=c++17 -g -I. -Ibuild/gen -fdebug-compilation-dir=. -Wall -Wextra $(WERROR)
FUZZ_LINK := -fuse-ld=lld -Wl,-z,muldefs

# What a target needs besides kernel, library, runtime and shell: sources_NAME are compiled along,
# libraries_NAME linked.
sources_manifest := tools/mkmanifest/check.c
libraries_message-official := -lcapnp -lkj
libraries_frame-official := -lcapnp -lkj
sources_request := $(filter-out %/main.c,$(wildcard tools/capnpc-capos/*.c))

fuzz_objects = $(patsubst %.c,build/fuzz/obj/%.o,$(1))
fuzz_option = $(if $(filter undefined,$(origin $(1)_$(2))),,$($(1)_$(2)))

fuzz: $(FUZZ_TARGETS:%=build/fuzz/%) ; @:
replay: $(FUZZ_TARGETS:%=build/host/replay/%) ; @:
host: replay
check: fuzz

build/fuzz/obj/%.o: %.c build/flags tests/fuzz/fuzz.mk | build/gen/.stamp $(BEARSSL_HEADER)
	$(call say,CC,fuzz $<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(COMMON) $(WARNINGS) $(WERROR) $(FUZZ) -MMD -MP -c -o $@ $<

build/fuzz/obj/%.o: %.c++ build/flags tests/fuzz/fuzz.mk | build/gen/.stamp
	$(call say,C++,fuzz $<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CXX) $(CXX_FLAGS) $(FUZZ) -MMD -MP -c -o $@ $<

build/host/obj/%.o: %.c++ build/flags tests/fuzz/fuzz.mk | build/gen/.stamp
	$(call say,C++,host $<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CXX) $(CXX_FLAGS) $(HOST) -MMD -MP -c -o $@ $<

# What needs no search is taken from the host tests, without counters: third-party code, and the
# entropy tests, whose thousands of samples would be most of what a boot of the kernel costs.
FUZZ_PLAIN := $(BEARSSL) kernel/core/random.c kernel/core/entropy_health.c
build/fuzz/kernel.a: \
		$(call fuzz_objects,$(filter-out $(FUZZ_PLAIN),$(LIB) $(NEUTRAL) $(HOST_ARCH) $(SERVERS))) \
		$(call host_objects,$(FUZZ_PLAIN))
	$(call say,AR,$@)
	$(Q)rm -f $@.new && $(AR) rcsT $@.new $^ && mv $@.new $@

build/fuzz/user.a: $(call fuzz_objects,$(FUZZ_USER))
	$(call say,AR,$@)
	$(Q)rm -f $@.new && $(AR) rcsT $@.new $^ && mv $@.new $@

define fuzz_rules
build/fuzz/$(1): build/fuzz/obj/tests/fuzz/$(1).o \
		$(call fuzz_objects,$(FUZZ_HELPERS) $(call fuzz_option,sources,$(1))) \
		build/fuzz/kernel.a build/fuzz/user.a
	$$(call say,LINK,$$@)
	$$(Q)$(if $(wildcard tests/fuzz/$(1).c++),$(CXX),$(CC)) -fsanitize=fuzzer,address,undefined \
		$(FUZZ_LINK) -o $$@ $$^ -lcmocka \
		$(call fuzz_option,libraries,$(1))

build/host/replay/$(1): build/host/obj/tests/fuzz/$(1).o build/host/obj/tests/fuzz/support/replay.o \
		$(call host_objects,$(FUZZ_HELPERS) $(call fuzz_option,sources,$(1))) \
		build/host/kernel.a build/host/user.a
	$$(call say,LINK,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(if $(wildcard tests/fuzz/$(1).c++),$(CXX),$(CC)) -fsanitize=address,undefined \
		$(FUZZ_LINK) -o $$@ $$^ -lcmocka $(call fuzz_option,libraries,$(1))
endef
$(foreach t,$(FUZZ_TARGETS),$(eval $(call fuzz_rules,$(t))))
