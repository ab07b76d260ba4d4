# SPDX-License-Identifier: MIT
#
# The SDK as it will be installed: build/sdk.  tools/sdk/stage says what is in it, tools/sdk/install
# puts it into a folder of the user's.

.PHONY: sdk
sdk: build/sdk/.stamp ; @:

# Flags of every program, without the include paths, which depend on where the SDK lies.  Of the
# warnings, the usual ones, and the one that changes a type: that of string literals.
SDK_WARNINGS := -Wall -Wextra -Wwrite-strings -Wno-language-extension-token
SDK_CFLAGS := $(filter-out -I% -isystem lib/freestanding $(EXTRA),$(COMMON) $(PROGRAM)) \
	$(filter $(SDK_WARNINGS),$(WARNINGS))
SDK_LDFLAGS := $(PROGRAM_LINK)
sdk_optimisation = $(filter-out -I%,$($(1)_FLAGS))

define SDK_FLAGS
cflags $(SDK_CFLAGS)
ldflags $(SDK_LDFLAGS)
$(foreach v,release debug,$(v) $(call sdk_optimisation,$(v))
)
endef
ifneq ($(file <build/sdk.flags),$(strip $(SDK_FLAGS)))
$(file >build/sdk.flags,$(strip $(SDK_FLAGS)))
endif

# A real archive of the variant's library: the one in build/ only names its objects.
build/%/sdk/libcapos.a: build/%/libcapos.a
	$(call say,AR,$@)
	$(Q)mkdir -p $(@D)
	$(Q)new=$@.$$$$ && $(AR) t $< | tr '\n' '\0' | xargs -0 $(AR) qcsD $$new && mv $$new $@

SDK_TEXTS := $(wildcard tools/sdk/* tools/sdk/template/*) docs/guides/sdk.md
SDK_CONFIG := $(wildcard lib/config/*/*.h lib/freestanding/*.h)

# Staged in a folder of this run's own: two that meet do the same, and do not disturb each other.
build/sdk/.stamp: build/release/sdk/libcapos.a build/debug/sdk/libcapos.a build/tools/capnpc-capos \
		build/tools/mkmanifest build/gen/.stamp build/sdk.flags user/rt/program.ld \
		build/reference/.stamp $(SCHEMAS) $(PUBLIC_HEADERS) $(SDK_CONFIG) $(SDK_TEXTS)
	$(call say,SDK,build/sdk)
	$(Q)mkdir -p $(@D)
	$(Q)new=build/sdk.new$$$$ && STRIP=$(STRIP) tools/sdk/stage $$new $(PUBLIC_HEADERS) && \
		tools/update-folder $$new build/sdk
	$(Q)touch $@
