/*
 * Property: the VM gets the least of an interrupt controller that KVM has, vCPUs that all start, a port served where
 * asked, and slots whose log is on only when asked; a refusal is told by the call's name. It could break unseen: a
 * wrong width or flag is accepted by KVM and costs exits, or serves another port.
 */
#include <errno.h>
#include <linux/kvm.h>

#include "test.h"
#include "vmm/core/kvm/vcpu.h"
#include "vmm/core/kvm/vm.h"

#define VM_FD 1001

static struct {
	unsigned long failing_request, last_request;
	uint32_t calls;
	struct kvm_enable_cap cap;
	struct kvm_mp_state mp_state;
	struct kvm_userspace_memory_region region;
	struct kvm_dirty_log log;
	struct kvm_ioeventfd served;
} fake;

static struct kvm_system sys;
static const struct kvm_vm vm = { .fd = VM_FD, .stats = { .fd = -1 } };
static struct error e;

int __wrap_ioctl(int fd, unsigned long request, ...);

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	long argument;

	va_start(args, request);
	argument = va_arg(args, long);
	va_end(args);
	assert_true(fd >= VM_FD);
	fake.calls++;
	fake.last_request = request;
	if (request == fake.failing_request) {
		errno = EINVAL;
		return -1;
	}
	if (request == KVM_ENABLE_CAP)
		fake.cap = *(const struct kvm_enable_cap *)argument;
	else if (request == KVM_SET_MP_STATE)
		fake.mp_state = *(const struct kvm_mp_state *)argument;
	else if (request == KVM_SET_USER_MEMORY_REGION)
		fake.region = *(const struct kvm_userspace_memory_region *)argument;
	else if (request == KVM_GET_DIRTY_LOG)
		fake.log = *(const struct kvm_dirty_log *)argument;
	else if (request == KVM_IOEVENTFD)
		fake.served = *(const struct kvm_ioeventfd *)argument;
	return 0;
}

static int setup(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	memset(&e, 0, sizeof(e));
	sys = (struct kvm_system){ .fd = 1000 };
	return 0;
}

static void has(long capability)
{
	EACH (i, kvm_capabilities)
		sys.capability[i] |= kvm_capabilities[i].number == capability;
}

TEST_WITH(no_apic_means_cannot_and_names_who_asked, setup, NULL)
{
	assert_int_equal(kvm_apic_check(&sys, "--workload tpr", &e), -ENOTSUP);
	assert_int_equal(e.status, STATUS_CANNOT);
	assert_string_equal(e.where, "KVM_CAP_IRQCHIP");
	assert_non_null(strstr(e.what, "--workload tpr"));
	has(KVM_CAP_IRQCHIP);
	assert_int_equal(kvm_apic_check(&sys, "--workload tpr", &e), 0);
}

TEST_WITH(the_apic_comes_alone_where_it_can, setup, NULL)
{
	has(KVM_CAP_SPLIT_IRQCHIP);
	assert_int_equal(kvm_vm_add_apic(&sys, &vm, &e), 0);
	assert_int_equal(fake.cap.cap, KVM_CAP_SPLIT_IRQCHIP);
	assert_int_equal(fake.cap.args[0], 0);
	assert_int_equal(fake.calls, 1);
	(void)setup(NULL);
	assert_int_equal(kvm_vm_add_apic(&sys, &vm, &e), 0);
	assert_int_equal(fake.last_request, KVM_CREATE_IRQCHIP);
	assert_int_equal(fake.calls, 1);
}

TEST_WITH(a_refused_apic_is_told, setup, NULL)
{
	fake.failing_request = KVM_CREATE_IRQCHIP;
	assert_int_equal(kvm_vm_add_apic(&sys, &vm, &e), -EINVAL);
	assert_string_equal(e.where, "KVM_CREATE_IRQCHIP");
	(void)setup(NULL);
	has(KVM_CAP_SPLIT_IRQCHIP);
	fake.failing_request = KVM_ENABLE_CAP;
	assert_int_equal(kvm_vm_add_apic(&sys, &vm, &e), -EINVAL);
	assert_string_equal(e.where, "KVM_CAP_SPLIT_IRQCHIP");
}

TEST_WITH(a_parked_vcpu_starts, setup, NULL)
{
	const struct kvm_vcpu vcpu = { .fd = VM_FD + 1, .index = 3 };

	fake.mp_state.mp_state = KVM_MP_STATE_UNINITIALIZED;
	assert_int_equal(kvm_vcpu_make_runnable(&vcpu, &e), 0);
	assert_int_equal(fake.mp_state.mp_state, KVM_MP_STATE_RUNNABLE);
	fake.failing_request = KVM_SET_MP_STATE;
	assert_int_equal(kvm_vcpu_make_runnable(&vcpu, &e), -EINVAL);
	assert_non_null(strstr(e.what, "vCPU 3"));
}

/* Any width or value beside the one that is meant would be an exit that is not counted, or none where one is meant. */
TEST_WITH(a_port_is_served_for_32_bits_and_any_value, setup, NULL)
{
	assert_int_equal(kvm_vm_serve_port(&vm, 0x608, 7, &e), 0);
	assert_int_equal(fake.served.addr, 0x608);
	assert_int_equal(fake.served.len, 4);
	assert_int_equal(fake.served.fd, 7);
	assert_int_equal(fake.served.flags, KVM_IOEVENTFD_FLAG_PIO);
	fake.failing_request = KVM_IOEVENTFD;
	assert_int_equal(kvm_vm_serve_port(&vm, 0x608, 7, &e), -EINVAL);
	assert_non_null(strstr(e.what, "0x608"));
}

TEST_WITH(a_slot_logs_only_when_told, setup, NULL)
{
	void *hva = (void *)0x7f0000000000;

	assert_int_equal(kvm_vm_add_slot(&vm, 2, 0x100000000, 0x200000, hva, &e), 0);
	assert_int_equal(fake.region.flags, 0);
	assert_int_equal(kvm_vm_log_slot(&vm, 2, 0x100000000, 0x200000, hva, true, &e), 0);
	assert_int_equal(fake.region.flags, KVM_MEM_LOG_DIRTY_PAGES);
	/* Anything else that differed would be another slot to KVM, and lose what is mapped. */
	assert_int_equal(fake.region.slot, 2);
	assert_int_equal(fake.region.guest_phys_addr, 0x100000000);
	assert_int_equal(fake.region.memory_size, 0x200000);
	assert_int_equal(fake.region.userspace_addr, 0x7f0000000000);
	assert_int_equal(kvm_vm_log_slot(&vm, 2, 0x100000000, 0x200000, hva, false, &e), 0);
	assert_int_equal(fake.region.flags, 0);
	fake.failing_request = KVM_SET_USER_MEMORY_REGION;
	assert_int_equal(kvm_vm_log_slot(&vm, 2, 0x100000000, 0x200000, hva, true, &e), -EINVAL);
	assert_non_null(strstr(e.what, "dirty log"));
}

TEST_WITH(a_log_is_read_into_the_bits_given, setup, NULL)
{
	uint64_t bits[8];

	assert_int_equal(kvm_vm_read_log(&vm, 5, bits, &e), 0);
	assert_int_equal(fake.log.slot, 5);
	assert_ptr_equal(fake.log.dirty_bitmap, bits);
	fake.failing_request = KVM_GET_DIRTY_LOG;
	assert_int_equal(kvm_vm_read_log(&vm, 5, bits, &e), -EINVAL);
	assert_non_null(strstr(e.what, "slot 5"));
}
