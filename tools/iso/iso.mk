# SPDX-License-Identifier: MIT
#
# Boot media: build/VARIANT/SYSTEM.iso for each system; ./capos iso.

.PHONY: iso
iso: build/$(VARIANT)/$(SYSTEM).iso ; @:

# $(1) variant
define iso_rules
build/$(1)/%.iso: build/$(1)/image/kernel.elf build/$(1)/%.manifest $(wildcard tools/iso/*)
	$$(call say,ISO,$$@)
	$$(Q)tools/iso/mkiso $$(wordlist 1,2,$$^) $$@.new
	$$(Q)mv $$@.new $$@
endef
$(foreach v,$(VARIANTS),$(eval $(call iso_rules,$(v))))
