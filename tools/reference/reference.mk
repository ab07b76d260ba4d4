# SPDX-License-Identifier: MIT
#
# What is public, and the reference made of it.

# Headers of the kernel's and the runtime's insides, which are not installed.
PRIVATE_HEADERS := lib/cap_table.h lib/elf.h lib/index.h lib/words.h lib/message_copier.h \
	user/rt/allocator.h user/rt/receive.h
# Installed because inline functions need them; their contracts stand in other headers.
INSIDE_HEADERS := user/rt/client.h user/rt/short_call.h user/rt/span.h
PUBLIC_HEADERS := $(filter-out $(PRIVATE_HEADERS),$(wildcard abi/*.h lib/*.h user/rt/*.h))
REFERENCE_FILES := $(filter-out $(INSIDE_HEADERS),$(PUBLIC_HEADERS)) $(SCHEMAS)

.PHONY: reference
reference: build/reference/.stamp
	$(Q)build/tools/reference --check $(REFERENCE_FILES)

build/reference/.stamp: build/tools/reference $(REFERENCE_FILES)
	$(call say,DOC,build/reference)
	$(Q)new=build/reference.new$$$$ && mkdir -p $$new $(@D) && \
		build/tools/reference $$new $(REFERENCE_FILES) && tools/update-folder $$new build/reference
	$(Q)touch $@
