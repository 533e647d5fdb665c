# Negative guests: `make test-guests` builds $(BUILD)/guests/<name>.elf for each line of tests/guests/expect.tsv.
#
#   <name>.c     a guest with that property, linked by guest.lds
#   <name>.lds   exit_ok linked by a script with that defect
#   elf32, truncated, overlap   exit_ok, spoilt after linking
#
# PVH enters a guest in 32-bit mode, so the code is compiled for that and the finished file is then rewritten as
# the 64-bit ELF that a PVH loader wants.

NEGATIVE_CODE := $(filter-out start,$(patsubst tests/guests/%.c,%,$(wildcard tests/guests/*.c)))
NEGATIVE_LINK := $(filter-out guest,$(patsubst tests/guests/%.lds,%,$(wildcard tests/guests/*.lds)))
NEGATIVE_ELFS := $(patsubst %,$(BUILD)/guests/%.elf,$(NEGATIVE_CODE) $(NEGATIVE_LINK) elf32 truncated overlap)
OBJCOPY ?= objcopy

CFLAGS_NEGATIVE := -std=gnu11 $(WARN) -m32 -Os -g0 -ffreestanding -fno-pie -mgeneral-regs-only -fno-stack-protector \
	-fno-asynchronous-unwind-tables -fcf-protection=none -fno-builtin
LDFLAGS_NEGATIVE := -m32 -nostdlib -static -Wl,--build-id=none -Wl,-z,noexecstack \
	-Wl,--no-warn-rwx-segments

test-guests: $(NEGATIVE_ELFS)

$(BUILD)/guests/obj/%.o: tests/guests/%.c $(wildcard tests/guests/*.h) $(BUILD)/flags tests/guests/guests.mk
	@mkdir -p $(@D)
	$(Q)$(CC) -Iinclude $(CFLAGS_NEGATIVE) -MMD -MP -c -o $@ $<

$(NEGATIVE_CODE:%=$(BUILD)/guests/%.elf32): $(BUILD)/guests/%.elf32: $(BUILD)/guests/obj/%.o \
		$(BUILD)/guests/obj/start.o tests/guests/guest.lds
	$(Q)$(CC) $(LDFLAGS_NEGATIVE) -Wl,-T,tests/guests/guest.lds -o $@ $(filter %.o,$^)

$(NEGATIVE_LINK:%=$(BUILD)/guests/%.elf32): $(BUILD)/guests/%.elf32: $(BUILD)/guests/obj/exit_ok.o \
		$(BUILD)/guests/obj/start.o tests/guests/%.lds
	$(Q)$(CC) $(LDFLAGS_NEGATIVE) -Wl,-T,tests/guests/$*.lds -o $@ $(filter %.o,$^)

$(patsubst %,$(BUILD)/guests/%.elf,$(NEGATIVE_CODE) $(NEGATIVE_LINK)): %.elf: %.elf32
	$(say) "  GUEST   $@"
	$(Q)$(OBJCOPY) -I elf32-i386 -O elf64-x86-64 $< $@

# 32-bit where 64 is meant.
$(BUILD)/guests/elf32.elf: $(BUILD)/guests/exit_ok.elf32
	$(Q)cp $< $@

# Cut in the middle of its first segment.
$(BUILD)/guests/truncated.elf: $(BUILD)/guests/exit_ok.elf
	$(Q)head -c 4100 $< > $@

# The data segment's p_paddr (64 + 56 + 24 bytes into the file) becomes 0x200008, inside the text segment. Linker
# and objcopy would move overlapping sections apart.
$(BUILD)/guests/overlap.elf: $(BUILD)/guests/exit_ok.elf
	$(Q)cp $< $@ && printf '\010\000\040\000\000\000\000\000' | dd of=$@ bs=1 seek=144 conv=notrunc status=none
