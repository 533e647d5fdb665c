/*
 * The floor under minivmm's start-up time: the fewest KVM calls that boot a guest on 128 MiB of anonymous memory and
 * see it end through port 0xf4. No check, no record, no teardown but exit.
 *
 *   floor                      a guest of two instructions
 *   floor guest.elf params.dtb minivmm's own guest, so that only the VMM differs
 *
 * Exit status 0 when the guest wrote 0x10 (or the two-instruction guest anything) to the port.
 */
#include <elf.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi.h"
#include "x86.h"

#define FLOOR_RAM_BYTES (128UL << 20)
#define TINY_ENTRY_GPA 0x200000

static const unsigned char tiny_guest[] = { 0xb0, GUEST_EXIT_OK, 0xe6, PORT_EXIT };

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(1);
}

static void read_file(const char *path, unsigned char *to, size_t room, size_t *bytes)
{
	int fd = open(path, O_RDONLY);
	ssize_t got;

	if (fd < 0)
		die(path);
	got = read(fd, to, room);
	if (got <= 0)
		die(path);
	*bytes = (size_t)got;
	(void)close(fd);
}

/* Trusts the ELF: it is the one that was just built. */
static uint32_t load_elf(const char *path, unsigned char *ram)
{
	static unsigned char file[4 << 20];
	const Elf64_Ehdr *eh = (const void *)file;
	const Elf64_Phdr *ph;
	uint32_t entry = 0;
	size_t bytes = 0;

	read_file(path, file, sizeof(file), &bytes);
	ph = (const void *)(file + eh->e_phoff);
	for (int i = 0; i < eh->e_phnum; i++) {
		const Elf64_Nhdr *note = (const void *)(file + ph[i].p_offset);

		if (ph[i].p_type == PT_LOAD)
			memcpy(ram + ph[i].p_paddr, file + ph[i].p_offset, ph[i].p_filesz);
		else if (ph[i].p_type == PT_NOTE && note->n_type == XEN_ELFNOTE_PHYS32_ENTRY)
			memcpy(&entry, (const unsigned char *)(note + 1) + ((note->n_namesz + 3) & ~3U), 4);
	}
	return entry;
}

static void write_start_info(unsigned char *ram, size_t fdt_bytes)
{
	const struct hvm_start_info info = {
		.magic = HVM_START_MAGIC,
		.version = 1,
		.nr_modules = 1,
		.modlist_gpa = START_INFO_GPA + 64,
		.memmap_gpa = START_INFO_GPA + 96,
		.memmap_entries = 1,
	};
	const struct hvm_modlist_entry module = { .module_gpa = FDT_GPA, .bytes = fdt_bytes };
	const struct hvm_memmap_entry memory = { .bytes = FLOOR_RAM_BYTES, .type = 1 };

	memcpy(ram + START_INFO_GPA, &info, sizeof(info));
	memcpy(ram + START_INFO_GPA + 64, &module, sizeof(module));
	memcpy(ram + START_INFO_GPA + 96, &memory, sizeof(memory));
}

static void set_registers(int vcpu, uint32_t entry)
{
	struct kvm_regs regs = { .rip = entry, .rbx = START_INFO_GPA, .rflags = 2 };
	struct kvm_sregs sregs;
	struct kvm_segment flat = { .limit = 0xffffffff, .type = 3, .present = 1, .s = 1, .db = 1, .g = 1 };

	if (ioctl(vcpu, KVM_GET_SREGS, &sregs) != 0)
		die("KVM_GET_SREGS");
	flat.selector = SEL_KERNEL_DS;
	sregs.ds = sregs.es = sregs.ss = flat;
	flat.selector = SEL_KERNEL_CS32;
	flat.type = 11;
	sregs.cs = flat;
	sregs.cr0 = CR0_PE | CR0_ET;
	if (ioctl(vcpu, KVM_SET_SREGS, &sregs) != 0 || ioctl(vcpu, KVM_SET_REGS, &regs) != 0)
		die("KVM_SET_REGS");
}

static int run(int vcpu, struct kvm_run *run)
{
	for (;;) {
		if (ioctl(vcpu, KVM_RUN, 0) != 0)
			die("KVM_RUN");
		if (run->exit_reason != KVM_EXIT_IO)
			return 1;
		if (run->io.port == PORT_EXIT)
			return ((unsigned char *)run)[run->io.data_offset] != GUEST_EXIT_OK;
	}
}

static int create_vcpu(int kvm, int vm)
{
	static struct {
		struct kvm_cpuid2 head;
		struct kvm_cpuid_entry2 entries[256];
	} cpuid = { .head = { .nent = 256 } };
	int vcpu = ioctl(vm, KVM_CREATE_VCPU, 0UL);

	if (vcpu < 0 || ioctl(kvm, KVM_GET_SUPPORTED_CPUID, &cpuid) != 0)
		die("KVM_CREATE_VCPU");
	for (uint32_t i = 0; i < cpuid.head.nent; i++) {
		if (cpuid.entries[i].function == 1)
			cpuid.entries[i].ebx &= 0x00ffffff;
	}
	if (ioctl(vcpu, KVM_SET_CPUID2, &cpuid) != 0)
		die("KVM_SET_CPUID2");
	return vcpu;
}

int main(int argc, char **argv)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int vm = kvm < 0 ? -1 : ioctl(kvm, KVM_CREATE_VM, 0UL);
	unsigned char *ram = mmap(NULL, FLOOR_RAM_BYTES, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct kvm_userspace_memory_region region = { .memory_size = FLOOR_RAM_BYTES };
	uint32_t entry = TINY_ENTRY_GPA;
	size_t fdt_bytes = 0;
	void *area;
	int vcpu;

	if (vm < 0 || ram == MAP_FAILED)
		die("/dev/kvm");
	/* The same page size as minivmm's `anon`. */
	if (madvise(ram, FLOOR_RAM_BYTES, MADV_NOHUGEPAGE) != 0)
		die("madvise");
	if (argc == 3) {
		entry = load_elf(argv[1], ram);
		read_file(argv[2], ram + FDT_GPA, FDT_MAX_BYTES, &fdt_bytes);
		write_start_info(ram, fdt_bytes);
	} else {
		memcpy(ram + TINY_ENTRY_GPA, tiny_guest, sizeof(tiny_guest));
	}
	region.userspace_addr = (uint64_t)(uintptr_t)ram;
	if (ioctl(vm, KVM_SET_TSS_ADDR, 0xfffbd000UL) != 0 ||
	    ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) != 0)
		die("KVM_SET_USER_MEMORY_REGION");
	vcpu = create_vcpu(kvm, vm);
	area = mmap(NULL, (size_t)ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), PROT_READ | PROT_WRITE, MAP_SHARED,
		    vcpu, 0);
	if (area == MAP_FAILED)
		die("mmap of the vCPU");
	set_registers(vcpu, entry);
	return run(vcpu, area);
}
