# SPDX-License-Identifier: MIT
#
# The whole build: one make, no recursion, no configure step.  A source file dropped into a folder
# below is built; nothing is listed by name but third-party sources.
#
#   make             everything a run needs             make V=1 ...    show each command
#   make run         boot a system (SYSTEM=default)     make debug      the same, -O1 and assert()
#   make run-NAME    boot system/proof-NAME.capnp and end with its verdict
#   make test        all tests (test-NAME for some)     make check      the rules of the tree
#
# Output, each variant in a folder of its own:
#   build/gen      C generated from schema/             build/tools     programs of the build itself
#   build/release  kernel, programs, systems            build/debug     the same with assert()
#   build/host     unit tests under ASan and UBSan      build/source    third-party sources

MAKEFLAGS += --no-builtin-rules --no-builtin-variables --warn-undefined-variables
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:
SHELL := /bin/sh

CC := clang-19
AR := llvm-ar-19
LD := ld.lld-19
STRIP := llvm-strip-19
PYTHON := /usr/bin/python3 -B

V ?=
SYSTEM ?= default
VARIANT ?= release
NAME ?=
JSON ?=
FILE ?=
EXTRA ?=

Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-8s %s\n' '$(1)' '$(2)')

# --- Flags -------------------------------------------------------------------------------------

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wundef -Wstrict-prototypes \
	-Wmissing-prototypes -Wmissing-variable-declarations -Wvla -Wconversion \
	-Wimplicit-fallthrough -Wswitch-enum -Wcast-qual -Wcast-align -Wpointer-arith \
	-Wwrite-strings -Wformat=2 -Wthread-safety -Wunreachable-code -Wcomma -Wassign-enum \
	-Watomic-implicit-seq-cst -Wno-language-extension-token
SMALL_FRAMES := -Wframe-larger-than=1024
# Empty for mutants only, where what is left unused is no mistake.
WERROR ?= -Werror

# No path of the machine that builds gets into the output, or into the flags.
COMMON := -std=c23 -fgnu-keywords -g -I. -Ibuild/gen -fdebug-compilation-dir=. $(EXTRA)
TARGET := --target=x86_64-unknown-none-elf -ffreestanding -nostdlibinc -ffunction-sections \
	-fdata-sections -fno-asynchronous-unwind-tables -isystem lib/freestanding
KERNEL := $(TARGET) -fomit-frame-pointer -flto -mcmodel=kernel -mno-red-zone -mgeneral-regs-only -fno-pic \
	-Ikernel/arch/x86_64/inline -isystem build/source/bearssl/inc
PROGRAM := $(TARGET) -fno-pic -fstack-protector-strong
HOST_PLAIN := -O1 -D_GNU_SOURCE -fno-omit-frame-pointer -Ilib/config/debug -Ikernel/fetch/plain \
	-Itests/host/inline -isystem build/source/bearssl/inc
# Stack frames of fixed size: a dynamic one cannot be aligned in a preserve_none function.
HOST := $(HOST_PLAIN) -fsanitize=address,undefined -fno-sanitize-recover=all \
	-mllvm -asan-stack-dynamic-alloca=0
HOST_LINK := -fsanitize=address,undefined
# Code that counts what it runs.
COUNT := -fprofile-instr-generate -fcoverage-mapping -fprofile-list=tools/coverage/functions.list
HOST_COVERAGE := $(HOST_PLAIN) $(COUNT)
HOST_COVERAGE_LINK := -fprofile-instr-generate
TOOL := -O2 -D_GNU_SOURCE -Ilib/config/debug

# What each is for: docs/internals/variants.md.  NAME_KERNEL: what the variant's kernel gets beyond
# NAME_FLAGS; NAME_SOURCES: files of its own.
VARIANTS := release debug coverage double-fetch ubsan
$(foreach v,$(VARIANTS),$(eval $(v)_KERNEL :=) $(eval $(v)_SOURCES :=))
release_FLAGS := -O3 -Ilib/config/release -Ikernel/fetch/plain
debug_FLAGS := -O1 -Ilib/config/debug -Ikernel/fetch/plain
double-fetch_FLAGS := -O1 -Ilib/config/debug -Ikernel/fetch/poison
double-fetch_SOURCES := kernel/fetch/poison/fetch.c
# Each check has a trap instruction of its own, so that its address says where it is.
ubsan_FLAGS := $(debug_FLAGS) -fsanitize=undefined -fsanitize-trap=undefined \
	-mllvm -ubsan-unique-traps
coverage_FLAGS := -O1 -Ilib/config/release -Ikernel/fetch/plain
# For this system the compiler finds the counters by section; for none, it registers them.
coverage_KERNEL := $(COUNT) --target=x86_64-unknown-linux-elf

# BearSSL as built for the kernel: plain C, no processor extension, no system calls.  It calls
# through pointers of other types on purpose.
THIRD_PARTY := -w -fno-sanitize=function -Ibuild/source/bearssl/src -DBR_AES_X86NI=0 -DBR_SSE2=0 -DBR_RDRAND=0 \
	-DBR_USE_URANDOM=0 -DBR_USE_UNIX_TIME=0 -DBR_LE_UNALIGNED=0 -DBR_BE_UNALIGNED=0

PROGRAM_LINK := -static --gc-sections --build-id=none -z noexecstack -z max-page-size=4096
KERNEL_LINK := $(PROGRAM_LINK) --lto-O3

# Everything that is compiled depends on this file, which changes only when a flag does.
define FLAGS
$(WARNINGS) $(SMALL_FRAMES) $(COMMON) $(KERNEL) $(PROGRAM) $(HOST) $(TOOL) $(THIRD_PARTY)
$(foreach v,$(VARIANTS),$($(v)_FLAGS) $($(v)_KERNEL)) $(COUNT) $(PROGRAM_LINK) $(KERNEL_LINK)
endef
$(shell mkdir -p build/gen build/tools)
ifneq ($(file <build/flags),$(strip $(FLAGS)))
$(file >build/flags,$(strip $(FLAGS)))
endif

# --- Sources -----------------------------------------------------------------------------------

SCHEMAS := $(sort $(wildcard schema/*.capnp))
# Interfaces of programs, in their folders.
APP_SCHEMAS := $(sort $(wildcard user/app/*/*.capnp user/service/*/*.capnp))
HOST_SCHEMAS := $(sort $(wildcard tests/host/*.capnp tests/host/*/*.capnp))
LIB := $(wildcard lib/*.c)
LIB_TARGET := $(LIB) $(wildcard lib/arch/x86_64/*.c lib/arch/x86_64/*.S)
NEUTRAL := $(wildcard kernel/core/*.c kernel/object/*.c)
ARCH := $(wildcard kernel/arch/x86_64/*.c kernel/arch/x86_64/*.S)
RUNTIME := $(wildcard user/rt/*.c user/rt/*.S)
SERVERS := $(sort $(wildcard build/gen/schema/*.server.c))
CLIENTS := $(sort $(wildcard build/gen/schema/*.client.c))
HOST_GENERATED := $(sort $(wildcard build/gen/tests/host/*.c build/gen/tests/host/*/*.c \
	build/gen/user/*/*/*.c))
BEARSSL := $(addprefix build/source/bearssl/src/,hash/sha2small.c mac/hmac.c rand/hmac_drbg.c \
	codec/enc32be.c codec/dec32be.c codec/enc64be.c codec/dec64be.c)

# A program is a folder of user/, or one file of tests/program/ or bench/.
PROGRAM_FOLDERS := $(patsubst %/,%,$(sort $(dir $(wildcard user/shell/*.c user/init/*.c \
	user/app/*/*.c user/service/*/*.c user/driver/*/*.c))))
PROGRAM_FILES := $(wildcard tests/program/*.c bench/*.c)
PROGRAMS := $(notdir $(PROGRAM_FOLDERS)) $(notdir $(PROGRAM_FILES:.c=))
SYSTEMS := $(basename $(notdir $(wildcard system/*.capnp)))

HOST_TESTS := $(basename $(notdir $(wildcard tests/host/*_test.c)))
# Of the architecture, the host can build what has a host test of its name.
HOST_ARCH := $(filter $(HOST_TESTS:%_test=kernel/arch/x86_64/%.c),$(ARCH))
HOST_HELPERS := $(filter-out %_test.c,$(wildcard tests/host/*.c))

KERNEL_SCRIPT := kernel/arch/x86_64/kernel.ld
kernel_and_systems = build/$(1)/kernel.elf $(PROGRAMS:%=build/$(1)/%.elf) \
	$(SYSTEMS:%=build/$(1)/%.manifest)

host_all = build/$(1)/kernel.a build/$(1)/user.a $(HOST_TESTS:%=build/$(1)/%)

.PHONY: all release debug double-fetch ubsan host run test check bench symbolize golden format clean distclean help
all: release
release: $(call kernel_and_systems,release) ; @:
debug: $(call kernel_and_systems,debug) ; @:
double-fetch: $(call kernel_and_systems,double-fetch) ; @:
ubsan: $(call kernel_and_systems,ubsan) ; @:
host: $(call host_all,host) ; @:

# --- Third-party sources and generated code ------------------------------------------------------

BEARSSL_HEADER := build/source/bearssl/inc/bearssl_rand.h
$(BEARSSL): | $(BEARSSL_HEADER)
$(BEARSSL_HEADER):
	$(call say,FETCH,bearssl)
	$(Q)tools/fetch-source bearssl 0.6 build/source/bearssl

# make reads this file: when the schemas change it generates first and then starts over, so that
# the wildcards above see what was generated.
ifeq ($(filter clean distclean help format,$(MAKECMDGOALS)),)
include build/gen/.stamp
endif
GEN_NEW := build/gen.new$(shell echo $$PPID)
build/gen/.stamp: $(SCHEMAS) $(APP_SCHEMAS) $(HOST_SCHEMAS) build/tools/capnpc-capos tools/check/schema.py
	$(call say,SCHEMA,$(words $(SCHEMAS) $(APP_SCHEMAS) $(HOST_SCHEMAS)) files)
	$(Q)rm -rf $(GEN_NEW) && mkdir -p $(GEN_NEW)
	$(Q)capnp compile -I. -o build/tools/capnpc-capos:$(GEN_NEW) $(SCHEMAS) $(APP_SCHEMAS) \
		$(HOST_SCHEMAS)
	$(Q)$(PYTHON) tools/check/schema.py --header >$(GEN_NEW)/documented_statuses.h
	$(Q)tools/update-folder $(GEN_NEW) build/gen
	$(Q)touch $@

# --- Programs of the build -----------------------------------------------------------------------

# The plug-in runs before there is generated code, so it is linked with nothing of ours; the other
# tools get all of lib/, but for the reference's, which only reads text.
TOOL_FOLDERS := $(patsubst %/,%,$(sort $(dir $(wildcard tools/*/*.c))))
TOOLS_ALONE := tools/capnpc-capos tools/reference
# $(1) a tool's folder, $(2) the folder of its objects
tool_objects = $(patsubst %.c,$(2)/%.o,$(wildcard $(1)/*.c) \
	$(if $(filter $(TOOLS_ALONE),$(1)),,$(LIB) tools/require_failed.c))

build/tools/obj/tools/capnpc-capos/%.o: tools/capnpc-capos/%.c build/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(COMMON) $(WARNINGS) $(WERROR) $(TOOL) -MMD -MP -c -o $@ $<

build/tools/obj/%.o: %.c build/flags | build/gen/.stamp
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(COMMON) $(WARNINGS) $(WERROR) $(TOOL) -MMD -MP -c -o $@ $<

define tool_rule
build/tools/$(notdir $(1)): $(call tool_objects,$(1),build/tools/obj)
	$$(call say,LINK,$$@)
	$$(Q)$(CC) -fuse-ld=lld -o $$@ $$^
endef
$(foreach t,$(TOOL_FOLDERS),$(eval $(call tool_rule,$(t))))

# --- Kernel, programs and systems, per variant -----------------------------------------------------

objects = $(addprefix build/$(1)/obj/$(2)/,$(addsuffix .o,$(basename $(3))))

# $(1) variant, $(2) kernel or program, $(3) the variable with its flags, $(4) more flags
define compile_rules
build/$(1)/obj/$(2)/build/source/%.o: build/source/%.c build/flags
	$$(call say,CC,$$<)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(CC) $(COMMON) $($(3)) $($(1)_FLAGS) $(4) $(THIRD_PARTY) -MMD -MP -c -o $$@ $$<

build/$(1)/obj/$(2)/%.o: %.c build/flags | build/gen/.stamp $(BEARSSL_HEADER)
	$$(call say,CC,$(1) $$<)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(CC) $(COMMON) $(WARNINGS) $(SMALL_FRAMES) $(WERROR) $($(3)) $($(1)_FLAGS) $(4) -MMD -MP -c -o $$@ $$<

build/$(1)/obj/$(2)/%.o: %.S build/flags | build/gen/.stamp
	$$(call say,AS,$(1) $$<)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(CC) -I. -Ibuild/gen $($(3)) -g -fdebug-compilation-dir=. $(WERROR) -MMD -MP -c -o $$@ $$<
endef

# $(1) variant, $(2) program name, $(3) its sources
define program_rule
build/$(1)/$(2).elf: $(call objects,$(1),program,$(3)) build/$(1)/libcapos.a user/rt/program.ld
	$$(call say,LINK,$$@)
	$$(Q)$(LD) $(PROGRAM_LINK) -T user/rt/program.ld -o $$@ $$(filter %.o %.a,$$^)
endef

define variant_rules
$(call compile_rules,$(1),kernel,KERNEL,$($(1)_KERNEL))
$(call compile_rules,$(1),program,PROGRAM,)

build/$(1)/kernel.elf: $(call objects,$(1),kernel,$(ARCH) $(NEUTRAL) $(LIB_TARGET) $(BEARSSL) \
		$($(1)_SOURCES)) \
		$(KERNEL_SCRIPT)
	$$(call say,LINK,$$@)
	$$(Q)$(LD) $(KERNEL_LINK) -T $(KERNEL_SCRIPT) -o $$@ $$(filter %.o,$$^)

build/$(1)/libcapos.a: $(call objects,$(1),program,$(RUNTIME) $(LIB_TARGET) $(CLIENTS) $(SERVERS))
	$$(call say,AR,$$@)
	$$(Q)rm -f $$@.new && $(AR) rcsT $$@.new $$^ && mv $$@.new $$@

$(foreach p,$(PROGRAM_FOLDERS),$(eval $(call program_rule,$(1),$(notdir $(p)),$(wildcard $(p)/*.c \
	build/gen/$(p)/*.server.c))))
$(foreach p,$(PROGRAM_FILES),$(eval $(call program_rule,$(1),$(notdir $(p:.c=)),$(p))))

# What goes into a boot image: the program without its symbols.
build/$(1)/image/%.elf: build/$(1)/%.elf
	$$(Q)mkdir -p $$(@D) && $(STRIP) --strip-all -o $$@ $$<

# A system's manifest embeds programs as "/NAME.elf".
build/$(1)/%.manifest: system/%.capnp $(SCHEMAS) build/tools/mkmanifest \
		$(PROGRAMS:%=build/$(1)/image/%.elf)
	$$(call say,SYSTEM,$$@)
	$$(Q)capnp eval -oflat -I. -Ibuild/$(1)/image $$< manifest >$$@.new
	$$(Q)build/tools/mkmanifest $$@.new $$<
	$$(Q)mv $$@.new $$@
endef
$(foreach v,$(VARIANTS),$(eval $(call variant_rules,$(v))))

# --- Host tests ------------------------------------------------------------------------------------

HOST_SOURCES := $(LIB) $(NEUTRAL) $(HOST_ARCH) $(BEARSSL)
HOST_USER := $(wildcard user/rt/*.c user/shell/*.c user/app/*/*.c) $(CLIENTS) $(SERVERS) \
	$(HOST_GENERATED)
objects_in = $(patsubst %.c,build/$(1)/obj/%.o,$(2))
host_objects = $(call objects_in,host,$(1))

# Each call that fails, or was parked, passes by tests/host/documented.c.
HOST_WRAP := -Wl,--wrap=ring_refuse,--wrap=operation_finish

# $(1) folder of build/, $(2) the variable with its flags
define host_rules
build/$(1)/obj/build/source/%.o: build/source/%.c build/flags
	$$(call say,CC,$$<)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(CC) $(COMMON) $($(2)) $(THIRD_PARTY) -MMD -MP -c -o $$@ $$<

build/$(1)/obj/%.o: %.c build/flags | build/gen/.stamp $(BEARSSL_HEADER)
	$$(call say,CC,$(1) $$<)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(CC) $(COMMON) $(WARNINGS) $(WERROR) $($(2)) -MMD -MP -c -o $$@ $$<

build/$(1)/kernel.a: $(call objects_in,$(1),$(HOST_SOURCES))
	$$(call say,AR,$$@)
	$$(Q)rm -f $$@.new && $(AR) rcsT $$@.new $$^ && mv $$@.new $$@

build/$(1)/user.a: $(call objects_in,$(1),$(HOST_USER))
	$$(call say,AR,$$@)
	$$(Q)rm -f $$@.new && $(AR) rcsT $$@.new $$^ && mv $$@.new $$@

# What a test or helper defines stands in for the kernel's own function of that name.  More options
# for the linker stand in tests/host/NAME_test.link.
build/$(1)/%_test: build/$(1)/obj/tests/host/%_test.o $(call objects_in,$(1),$(HOST_HELPERS)) \
		build/$(1)/kernel.a build/$(1)/user.a $(wildcard tests/host/*_test.link)
	$$(call say,LINK,$$@)
	$$(Q)$(CC) $($(2)_LINK) -fuse-ld=lld -Wl,-z,muldefs $(HOST_WRAP) \
		$$(addprefix @,$$(filter %/$$*_test.link,$$^)) \
		-o $$@ $$(filter %.o %.a,$$^) -lcmocka
endef

$(eval $(call host_rules,host,HOST))
$(eval $(call host_rules,coverage/host,HOST_COVERAGE))

# --- Commands --------------------------------------------------------------------------------------

run: $(VARIANT)
	@tools/qemu run --variant $(VARIANT) $(SYSTEM)

# A proof system by its name, to its verdict: make run-spawn
run-%: $(VARIANT)
	@tools/qemu exec --variant $(VARIANT) proof-$*

test: $(if $(filter test,$(MAKECMDGOALS)),$(shell $(PYTHON) tools/test --goals $(NAME)))
	@$(PYTHON) tools/test $(NAME)

test-%: host release iso sdk
	@$(PYTHON) tools/test $*

check: host release debug
	@tools/check/all

bench: release
	@$(PYTHON) bench/run $(if $(JSON),--json $(JSON))

symbolize:
	@$(PYTHON) tools/symbolize --variant $(VARIANT) $(FILE)

# Write the golden files anew; the difference shows in the commit.
golden: build/gen/.stamp
	@tools/check/golden --update

# Bring the code into the one format.
format:
	$(Q)git ls-files -co --exclude-standard '*.c' '*.h' | xargs clang-format-19 -i

# Fetched sources stay until distclean.
clean:
	$(Q)find build -mindepth 1 -maxdepth 1 ! -name source -exec rm -rf {} +

distclean:
	$(Q)rm -rf build

help:
	@sed -n '3,15s/^# \{0,1\}//p' Makefile

include $(wildcard tools/*/*.mk tests/*/*.mk)
-include $(shell find build -name '*.d' -path '*/obj/*' 2>/dev/null)
