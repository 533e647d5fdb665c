/*
 * Property: a port that KVM serves never comes out to user space and never blocks, even with its eventfd full, which
 * is never read; every other access to it does come out. It could break by the kernel: what it does at the counter's
 * end is not in its documentation. On the host's own KVM; skipped where there is none.
 */
#include <errno.h>
#include <linux/kvm.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "test.h"
#include "abi.h"
#include "units.h"
#include "vmm/core/kvm/vcpu.h"

#define CODE_GPA 0x1000

/* Real mode: three writes of 32 bits to PORT_KERNEL, one of 16, one to the port behind it. */
static const unsigned char code[] = {
	0xba,
	PORT_KERNEL & 0xff,
	PORT_KERNEL >> 8, /* mov dx, PORT_KERNEL */
	0x66,
	0xef, /* out dx, eax */
	0x66,
	0xef, /* out dx, eax */
	0x66,
	0xef, /* out dx, eax */
	0xef, /* out dx, ax */
	0xba,
	(PORT_KERNEL + 4) & 0xff,
	(PORT_KERNEL + 4) >> 8, /* mov dx, PORT_KERNEL + 4 */
	0x66,
	0xef, /* out dx, eax */
};

static struct guest {
	struct kvm_system sys;
	struct kvm_vm vm;
	struct kvm_vcpu vcpu;
	int event_fd;
	void *ram;
} g;

static int setup(void **state)
{
	struct error e = { .status = STATUS_OK };
	struct kvm_cpuid2 *cpuid;
	struct kvm_sregs sregs;
	struct kvm_regs regs = { .rip = CODE_GPA, .rax = 0x12345678, .rflags = 2 };

	(void)state;
	memset(&g, 0, sizeof(g));
	g.sys.fd = g.vm.fd = g.vm.stats.fd = g.vcpu.fd = g.vcpu.stats.fd = g.event_fd = -1;
	if (kvm_system_open("/dev/kvm", &g.sys, &e) != 0 ||
	    kvm_check_extension(g.sys.fd, KVM_CAP_IOEVENTFD) <= 0)
		return 0;
	g.ram = mmap(NULL, PAGE_2M, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(g.ram, MAP_FAILED);
	memcpy((char *)g.ram + CODE_GPA, code, sizeof(code));
	g.event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_true(g.event_fd >= 0);
	cpuid = kvm_supported_cpuid(&g.sys, &e);
	assert_non_null(cpuid);
	assert_int_equal(kvm_vm_create(&g.sys, &g.vm, &e), 0);
	assert_int_equal(kvm_vm_add_slot(&g.vm, 0, 0, PAGE_2M, g.ram, &e), 0);
	assert_int_equal(kvm_vm_serve_port(&g.vm, PORT_KERNEL, g.event_fd, &e), 0);
	assert_int_equal(kvm_vcpu_create(&g.sys, &g.vm, 0, 1, cpuid, &g.vcpu, &e), 0);
	free(cpuid);
	assert_int_equal(ioctl(g.vcpu.fd, KVM_GET_SREGS, &sregs), 0);
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	assert_int_equal(ioctl(g.vcpu.fd, KVM_SET_SREGS, &sregs), 0);
	assert_int_equal(ioctl(g.vcpu.fd, KVM_SET_REGS, &regs), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kvm_vcpu_destroy(&g.vcpu);
	kvm_vm_destroy(&g.vm);
	kvm_system_close(&g.sys);
	if (g.event_fd >= 0)
		(void)close(g.event_fd);
	return g.ram != NULL ? munmap(g.ram, PAGE_2M) : 0;
}

/* The next port access that comes out to us; whatever holds it up longer than the alarm ends the test. */
static void want_exit(uint16_t port, uint8_t bytes)
{
	int ret;

	(void)alarm(30);
	do {
		ret = kvm_vcpu_run(&g.vcpu);
	} while (ret == -EINTR);
	(void)alarm(0);
	assert_int_equal(ret, 0);
	assert_int_equal(g.vcpu.run->exit_reason, KVM_EXIT_IO);
	assert_int_equal(g.vcpu.run->io.port, port);
	assert_int_equal(g.vcpu.run->io.size, bytes);
}

TEST_WITH(only_what_is_not_served_comes_out, setup, teardown)
{
	uint64_t count = 0;

	if (g.vm.fd < 0) {
		print_message("no KVM that serves ports here\n");
		skip();
	}
	want_exit(PORT_KERNEL, 2);
	assert_int_equal(read(g.event_fd, &count, sizeof(count)), sizeof(count));
	assert_int_equal(count, 3);
	want_exit(PORT_KERNEL + 4, 4);
}

TEST_WITH(a_full_counter_does_not_hold_the_guest_up, setup, teardown)
{
	/* The most that a write may bring it to (eventfd(2)): of three signals two are then too many. */
	uint64_t most = UINT64_MAX - 1, count = 0;

	if (g.vm.fd < 0) {
		print_message("no KVM that serves ports here\n");
		skip();
	}
	assert_int_equal(write(g.event_fd, &most, sizeof(most)), sizeof(most));
	want_exit(PORT_KERNEL, 2);
	assert_int_equal(read(g.event_fd, &count, sizeof(count)), sizeof(count));
	assert_true(count == UINT64_MAX);
}
