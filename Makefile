# minivmm: one binary with the guest inside.
#
#   make              build/minivmm and build/guest.elf
#   make STATIC=0     the same, linked to the C library dynamically (STATIC=1, the default: fully static)
#   make check        unit tests under ASan and UBSan
#   make lint         format, clang-tidy, cppcheck, shellcheck, layers, circles
#   make format       clang-format on every source
#   make fuzz         every reader with inputs of libFuzzer's making (SECONDS=2 each, TARGET=NAME... some; needs clang)
#   make golden       renew tests/golden/ from what the tests get now; git diff shows what that changes
#   make bench        the figures of README.md, side by side in one run
#   make install      PREFIX=/usr/local DESTDIR=
#   V=1 shows the commands; CC=clang BUILD=build-clang builds with the other compiler

ifeq ($(origin CC),default)
CC := gcc
endif
BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=
VERSION := 0.1.0

ifeq ($(V),1)
Q :=
say := @:
else
Q := @
say := @echo
endif

WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wwrite-strings -Wvla -Wundef -Wformat=2
CPPFLAGS_ALL := -Iinclude -I. -D_GNU_SOURCE -DMINIVMM_VERSION='"$(VERSION)"'
CFLAGS ?= -O2 -g
# Of what can be had without a price: checked string calls (which need an optimizer, whatever is in CFLAGS), marked targets of
# indirect jumps, stack that is touched page by page. tests/hardened.sh says what a binary has.
CFLAGS_VMM := -std=gnu11 $(WARN) $(CFLAGS) -pthread -fPIE -fstack-protector-strong -fstack-clash-protection \
	-fcf-protection=full $(if $(filter-out -O0,$(filter -O%,$(CFLAGS))),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
CFLAGS_SAN := -std=gnu11 $(WARN) -O1 -g -pthread -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=undefined
# Position independent, so that one object fits the guest at a fixed address and the native runner; general
# registers only, because the guest has no other state to keep and both must run the same instructions.
CFLAGS_GUEST := -std=gnu11 $(WARN) -O2 -g -ffreestanding -fPIE -fvisibility=hidden -mgeneral-regs-only \
	-mno-red-zone -fno-stack-protector -fno-asynchronous-unwind-tables -fcf-protection=none \
	-fno-tree-loop-distribute-patterns
ifneq ($(findstring clang,$(shell $(CC) --version 2>/dev/null | head -n 1)),)
# The warning finds a workload that has no row in workloads.def; gcc has it from version 14 on.
CFLAGS_GUEST := $(filter-out -fno-tree-loop-distribute-patterns,$(CFLAGS_GUEST)) -Wmissing-variable-declarations
endif

# Static by default: a third less resident memory, no dynamic linker at start-up, and it runs in an initramfs.
# -w silences one linker warning: libnuma's parser of "ip:" node names, which nobody calls here, resolves hosts.
STATIC ?= 1
LDFLAGS_ALL := -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code
ifeq ($(STATIC),1)
LDFLAGS_VMM := -static-pie $(LDFLAGS_ALL) -Wl,-w
LIBS := -lfdt -ljansson -lmd -lnuma -lm
else
LDFLAGS_VMM := -pie $(LDFLAGS_ALL)
LIBS := -Wl,-Bstatic -lfdt -ljansson -lmd -lnuma -Wl,-Bdynamic -lm
endif
LIBS_TEST := -lcmocka -lfdt -ljansson -lmd -lnuma -lpfm -lm

FILTER_MAKER := vmm/core/sandbox/filter_maker.c
VMM_SRCS := $(sort $(filter-out vmm/main.c $(FILTER_MAKER),$(shell find vmm -name '*.c')))
VMM_OBJS := $(VMM_SRCS:%.c=$(BUILD)/obj/%.o)
MAIN_OBJ := $(BUILD)/obj/vmm/main.o
FILTER_OBJ := $(BUILD)/obj/vmm/core/sandbox/filters.o
BLOB_OBJ := $(BUILD)/obj/vmm/core/boot/guest_blob.o $(FILTER_OBJ)
PFM_OBJ := $(BUILD)/obj/libpfm4.o

# Linked, unchanged, into guest and VMM.
SHARED_SRCS := $(wildcard guest/driver/*.c guest/workloads/*.c)
SHARED_OBJS := $(SHARED_SRCS:%.c=$(BUILD)/obj/%.o)

GUEST_SRCS := $(wildcard guest/start/*.c guest/cpu/*.c guest/mm/*.c guest/io/*.c guest/lib/*.c)
GUEST_ASMS := $(filter-out %.lds.S,$(wildcard guest/start/*.S guest/cpu/*.S))
GUEST_OBJS := $(GUEST_ASMS:%.S=$(BUILD)/obj/%.o) $(GUEST_SRCS:%.c=$(BUILD)/obj/%.o)
GUEST_LDS := $(BUILD)/obj/guest/start/guest.lds

# The guest's pure parts, for its unit tests.
GUEST_PURE := guest/mm/paging.c guest/lib/text.c $(addprefix guest/start/,params.c params_check.c plan.c property.c \
	startinfo.c)
SAN_OBJS := $(VMM_SRCS:%.c=$(BUILD)/san/%.o) $(SHARED_SRCS:%.c=$(BUILD)/san/%.o) $(GUEST_PURE:%.c=$(BUILD)/san/%.o)
UNIT_SRCS := $(wildcard tests/unit/test_*.c)
UNIT_BINS := $(UNIT_SRCS:tests/unit/%.c=$(BUILD)/unit/%)

.PHONY: all check lint format golden bench install clean unit-binaries sanitized test-guests core-test fuzz fuzz-binaries
.DELETE_ON_ERROR:
all: $(BUILD)/minivmm $(BUILD)/guest.elf

# The way something is linked is part of what it depends on: rebuild when STATIC or CC changes.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(CC) $(CFLAGS_VMM) $(CFLAGS_GUEST) $(CPPFLAGS_ALL)' | cmp -s - $@ || \
		printf '%s\n' '$(CC) $(CFLAGS_VMM) $(CFLAGS_GUEST) $(CPPFLAGS_ALL)' > $@
$(BUILD)/link-flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(LDFLAGS_VMM) $(LIBS)' | cmp -s - $@ || printf '%s\n' '$(LDFLAGS_VMM) $(LIBS)' > $@
FORCE:

$(BUILD)/minivmm: $(MAIN_OBJ) $(VMM_OBJS) $(SHARED_OBJS) $(BLOB_OBJ) $(PFM_OBJ) $(BUILD)/link-flags
	$(say) "  LINK    $@"
	$(Q)$(CC) $(CFLAGS_VMM) $(LDFLAGS_VMM) -o $@ $(filter %.o,$^) $(LIBS)

# The minimal VMM alone: it links only as long as core/ needs neither lab/, theory/ nor cli/.
CORE_OBJS := $(patsubst %.c,$(BUILD)/obj/%.o,$(filter vmm/core/% vmm/host/% vmm/output/% vmm/util/%,$(VMM_SRCS)))
core-test: $(BUILD)/core-test $(BUILD)/break-out
$(BUILD)/core-test: $(BUILD)/obj/tests/core/core_test.o
$(BUILD)/break-out: $(BUILD)/obj/tests/core/break_out.o
$(BUILD)/core-test $(BUILD)/break-out: $(CORE_OBJS) $(BLOB_OBJ) $(BUILD)/link-flags
	$(say) "  LINK    $@"
	$(Q)$(CC) $(CFLAGS_VMM) $(LDFLAGS_VMM) -o $@ $(filter %.o,$^) $(LIBS)

# libpfm4 in sections of its own: the linker would mix its tables with what every run reads and writes, and the kernel maps the
# neighbours of a page along with it (0.4 MiB more resident). Its 41,000 pointers are no relocations, which every start
# would work off (1.4 ms, 2.4 MiB), but a table of places and targets for who asks for an event (vmm/lab/pmu/encode.c).
PFM_FILLED := pfm4_pointers pfm4_variables
PFM_TABLE := BEGIN { print ".section .note.GNU-stack,\"\"\n.section pfm4_table,\"a\"" } \
	/^RELOCATION/ { split($$4, at, /[][]/) } \
	/ R_X86_64_/ { if ($$2 != "R_X86_64_64") { print "libpfm4: " $$2 >"/dev/stderr"; exit 1 } \
		sub(/^pfm4_/, "__start_&", $$3); print ".long __start_" at[2] "+0x" $$1 "-.\n.long " $$3 "-." }
$(PFM_OBJ): vmm/lab/pmu/libpfm4.lds Makefile $(BUILD)/flags
	@mkdir -p $(@D)
	$(say) "  APART   libpfm4"
	$(Q)$(CC) -r -nostdlib -Wl,-T,$< -o $@.whole -Wl,--whole-archive -l:libpfm.a
	$(Q)objdump -r $(PFM_FILLED:%=-j %) $@.whole | awk '$(PFM_TABLE)' >$@.S
	$(Q)objcopy --redefine-sym fopen=libpfm4_fopen --set-section-flags pfm4_pointers=alloc,load,readonly,data,contents \
		$(PFM_FILLED:%=--remove-relocations=%) $@.whole
	$(Q)$(CC) -r -nostdlib -o $@ $@.whole $@.S && rm -f $@.whole $@.S

$(BUILD)/guest.elf: $(GUEST_OBJS) $(SHARED_OBJS) $(GUEST_LDS)
	$(say) "  GUEST   $@"
	$(Q)$(CC) -nostdlib -static -Wl,-T,$(GUEST_LDS) -Wl,--build-id=none -Wl,-z,noexecstack \
		-Wl,--gc-sections -o $@ $(filter %.o,$^) -lfdt

$(GUEST_LDS): guest/start/guest.lds.S guest/cpu/areas.h $(wildcard include/*.h) $(BUILD)/flags
	@mkdir -p $(@D)
	$(Q)$(CC) -E -P -x assembler-with-cpp -D__LINKER_SCRIPT__ -Iinclude -I. -o $@ $<

# Without what only a debugger reads: two thirds of it.
$(BUILD)/obj/embedded.elf: $(BUILD)/guest.elf
	$(Q)objcopy --strip-debug $< $@

$(filter %/guest_blob.o,$(BLOB_OBJ)): vmm/core/boot/guest_blob.S $(BUILD)/obj/embedded.elf
	@mkdir -p $(@D)
	$(say) "  EMBED   $(BUILD)/guest.elf"
	$(Q)$(CC) -c -DGUEST_ELF_PATH='"$(BUILD)/obj/embedded.elf"' \
		-DGUEST_SHA256='"'$$(sha256sum <$(BUILD)/obj/embedded.elf | cut -c 1-64)'"' -o $@ $<

# The sandbox's filters are made by libseccomp now, so that no run has to make them.
$(BUILD)/obj/filter-maker: $(FILTER_MAKER) $(BUILD)/flags
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_VMM) -MMD -MP -MF $@.d -o $@ $< -lseccomp

$(FILTER_OBJ): vmm/core/sandbox/filters.S $(BUILD)/obj/filter-maker
	@mkdir -p $(@D)
	$(say) "  FILTERS $(BUILD)/obj/filters.bin"
	$(Q)$(BUILD)/obj/filter-maker $(BUILD)/obj/filters.bin
	$(Q)$(CC) -c -DFILTERS_PATH='"$(BUILD)/obj/filters.bin"' -o $@ $<

$(BUILD)/obj/vmm/%.o: vmm/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(say) "  CC      $<"
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_VMM) -MMD -MP -c -o $@ $<

$(BUILD)/obj/tests/core/%.o: tests/core/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(say) "  CC      $<"
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_VMM) -MMD -MP -c -o $@ $<

# What .incbin reads is in no dependency file: whatever lies in vmm/ and is neither source nor text about it.
EMBEDDING := $(shell grep -rl --include='*.c' '\.incbin' vmm)
EMBEDDED := $(shell find vmm -type f ! -name '*.[chS]' ! -name '*.def' ! -name '*.md')
$(EMBEDDING:%.c=$(BUILD)/obj/%.o) $(EMBEDDING:%.c=$(BUILD)/san/%.o): $(EMBEDDED)

$(BUILD)/obj/guest/%.o: guest/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(say) "  CC      $<"
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_GUEST) -MMD -MP -c -o $@ $<

$(BUILD)/obj/guest/%.o: guest/%.S $(BUILD)/flags
	@mkdir -p $(@D)
	$(say) "  AS      $<"
	$(Q)$(CC) $(CPPFLAGS_ALL) -MMD -MP -c -o $@ $<

$(BUILD)/san/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(say) "  CC      $< (sanitized)"
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_SAN) -MMD -MP -c -o $@ $<

$(BUILD)/san/libminivmm.a: $(SAN_OBJS) $(BLOB_OBJ)
	$(Q)rm -f $@ && ar qcs $@ $^

# A test that wraps calls names them in tests/unit/test_X.wrap, one a line.
$(UNIT_BINS): $(BUILD)/san/tests/unit/test.o $(BUILD)/san/libminivmm.a
$(BUILD)/unit/%: tests/unit/%.c $(wildcard tests/unit/*.wrap)
	@mkdir -p $(@D)
	$(say) "  TEST    $<"
	$(Q)$(CC) $(CPPFLAGS_ALL) -DTESTS_DIR='"tests"' $(CFLAGS_SAN) -MMD -MP -MF $@.d -o $@ $< \
		$(addprefix -Wl$(comma)--wrap=,$(shell cat tests/unit/$*.wrap 2>/dev/null)) \
		$(filter %.o %.a,$^) $(LIBS_TEST)
comma := ,

unit-binaries: $(UNIT_BINS)

# The whole program under ASan and UBSan, in which an allocation can be made to fail (tests/e2e/test_sanitized.sh).
ALLOCATORS := malloc calloc realloc reallocarray strdup asprintf open_memstream
sanitized: $(BUILD)/sanitized/minivmm
$(BUILD)/sanitized/minivmm: tests/e2e/fail_allocation.c $(BUILD)/san/vmm/main.o $(BUILD)/san/libminivmm.a
	@mkdir -p $(@D)
	$(say) "  LINK    $@"
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_SAN) $(addprefix -Wl$(comma)--wrap=,$(ALLOCATORS)) -o $@ $^ $(filter-out -lcmocka,$(LIBS_TEST))

check: unit-binaries
	$(Q)bash scripts/run-units.sh $(UNIT_BINS)

# Twice, because sweep.txt is made from sweep.json: then each is made from new ones, whatever the order of tests.
golden: unit-binaries all
	$(Q)tests=$$(grep -l tests/unit/golden.h $(UNIT_BINS:=.d) | sed 's/\.d$$//') && \
		for test in $$tests $$tests; do MINIVMM_UPDATE_GOLDEN=1 $$test >/dev/null 2>&1; done; \
		bash scripts/run-units.sh $$tests
	$(Q)MINIVMM_UPDATE_GOLDEN=1 bash tests/e2e/test_said.sh
	$(Q)MINIVMM_UPDATE_GOLDEN=1 bash tests/e2e/test_texts.sh

# Fuzz targets: a binary for each file, a name of it for each target in it. One set of objects serves all.
FUZZ_CC ?= clang
FUZZ_FLAGS := -std=gnu11 $(WARN) -O1 -gline-tables-only -pthread -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined
FUZZ_LIB := $(BUILD)/fuzz/libminivmm.a
FUZZ_SHARED := tests/fuzz/fuzz.c tests/fuzz/root.c
FUZZ_BINS := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(filter-out $(FUZZ_SHARED),$(wildcard tests/fuzz/*.c)))
FUZZ_OBJS := $(patsubst %.c,$(BUILD)/fuzz/obj/%.o,$(VMM_SRCS) $(SHARED_SRCS) $(GUEST_PURE) $(FUZZ_SHARED))

$(BUILD)/fuzz/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(say) "  FUZZ    $<"
	$(Q)$(FUZZ_CC) $(CPPFLAGS_ALL) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

$(EMBEDDING:%.c=$(BUILD)/fuzz/obj/%.o): $(EMBEDDED)

$(FUZZ_LIB): $(FUZZ_OBJS) $(BLOB_OBJ)
	$(Q)rm -f $@ && ar qcs $@ $^

$(BUILD)/fuzz/%: $(BUILD)/fuzz/obj/tests/fuzz/%.o $(FUZZ_LIB)
	$(say) "  LINK    $@"
	$(Q)$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS_TEST)
	$(Q)awk -F'\t' '$$2 == "$*" { print $$1 }' tests/fuzz/targets.tsv | while read -r name; do \
		ln -f $@ $(BUILD)/fuzz/fuzz_$$name; done

fuzz-binaries: $(FUZZ_BINS)

fuzz: fuzz-binaries
	$(Q)bash tests/fuzz/run.sh $(or $(SECONDS),2) $(TARGET)

format:
	$(Q)git ls-files -co --exclude-standard -- '*.c' '*.h' | while read -r f; do [ ! -f "$$f" ] || echo "$$f"; done | \
		xargs clang-format -i

lint:
	$(Q)bash scripts/lint.sh

bench: all
	$(Q)bash scripts/bench.sh

$(BUILD)/minivmm.1: $(BUILD)/minivmm scripts/manpage.sh
	$(Q)bash scripts/manpage.sh $(BUILD)/minivmm > $@

install: all $(BUILD)/minivmm.1
	install -D -m 755 $(BUILD)/minivmm $(DESTDIR)$(PREFIX)/bin/minivmm
	install -D -m 644 $(BUILD)/guest.elf $(DESTDIR)$(PREFIX)/lib/minivmm/guest.elf
	install -D -m 644 $(BUILD)/minivmm.1 $(DESTDIR)$(PREFIX)/share/man/man1/minivmm.1

clean:
	rm -rf $(BUILD)

-include tests/guests/guests.mk

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
