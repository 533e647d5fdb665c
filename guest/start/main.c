/*
 * Ring 3 begins here, on every vCPU: the guest from the first parameter to the exit port.
 */
#include <stdbool.h>

#include "abi.h"
#include "driver.h"
#include "guest/cpu/cpu.h"
#include "guest/cpu/platform.h"
#include "guest/cpu/upcall.h"
#include "guest/io/port.h"
#include "guest/io/report.h"
#include "guest/io/serial.h"
#include "guest/mm/paging.h"
#include "guest/start/params.h"
#include "guest/start/startinfo.h"
#include "x86.h"

/* vCPU 0 waits this long for the others: seconds on any machine. Other VMMs start only one. */
#define ARRIVAL_CYCLES (UINT64_C(1) << 35)

#define EMPTY_DOORBELLS 3

/* Entered from entry.S with the two things that registers told. */
__attribute__((noreturn)) void guest_main(uint32_t vcpu, uint64_t start_info_gpa);

extern uint64_t boot_pml4[TABLE_ENTRIES];
/* The end of text and read-only data, from the linker script. */
extern const unsigned char rodata_end[];

/* Written by vCPU 0 before `released`, read by the others after it. */
static struct params params;
static struct platform platform;
static struct gate gate;
static uint32_t arrived;
static uint32_t released;

/*
 * Code that is not mapped would be a fault of the phase that runs it first: where RAM comes lazily, and where KVM
 * dropped what it had mapped, as at the end of a dirty log.
 */
static void touch_image(void)
{
	for (uint64_t gva = IMAGE_GPA; gva < (uint64_t)(uintptr_t)rodata_end; gva += PAGE_4K)
		(void)*(const volatile unsigned char *)(uintptr_t)gva;
}

static void on_begin(void *self)
{
	(void)self;
	touch_image();
	doorbell_ring(DOORBELL_BEGIN);
}

static void on_end(void *self)
{
	const struct vcpu_block *block = self;

	doorbell_ring(DOORBELL_END);
	report_result(block->vcpu, &block->result);
}

/* A VMM that wants the guest to stop ends the machine. */
static int never_stopped(void *self)
{
	(void)self;
	return 0;
}

static void start_block(uint32_t vcpu)
{
	struct vcpu_block *block = block_of(vcpu);
	struct cpu *cpu = cpu_of(vcpu);

	cpu->vcpu = vcpu;
	/* No loader has cleared it. */
	cpu->panicking = 0;
	/* A zero byte first: a string copied over the end of a buffer cannot write it. */
	cpu->stack_guard = UINT64_C(0x9d3b5e71c2f4a800);
	block->vcpu = vcpu;
	block->abi_version = MINIVMM_ABI_VERSION;
	block->magic = VCPU_BLOCK_MAGIC;
}

static void read_params(uint64_t start_info_gpa, struct vcpu_block *block)
{
	struct handover h;
	struct text why;
	int serial_report;

	text_start(&why, block->message, sizeof(block->message));
	if (startinfo_read(start_info_gpa, &h, &why) != 0 || params_serial(&h, &serial_report, &why) != 0)
		report_failure(block, GUEST_EXIT_PARAMS);
	serial_enable(serial_report);
	if (params_read(&h, &params, &why) != 0)
		report_failure(block, GUEST_EXIT_PARAMS);
}

static void map_arena(struct vcpu_block *block)
{
	struct table_pool pool;
	struct text why;
	uint64_t entry;

	text_start(&why, block->message, sizeof(block->message));
	if (params.guest_page_bytes == PAGE_1G &&
	    (upcall_cpuid_edx(CPUID_EXT_FEATURES) & CPUID_EXT_EDX_PDPE1GB) == 0) {
		text_add(&why,
			 "this CPU has no 1 GiB pages (CPUID 0x80000001, EDX bit 26, pdpe1gb, is clear)");
		report_failure(block, GUEST_EXIT_UNSUPPORTED);
	}
	pool_start(&pool, params.tables.gpa, params.tables.bytes);
	for (uint64_t offset = 0; offset < params.arena.bytes; offset += PML4_SLOT_BYTES) {
		uint64_t bytes = min_u64(params.arena.bytes - offset, PML4_SLOT_BYTES);

		entry = paging_map(&pool, params.arena.gpa + offset, bytes, params.guest_page_bytes,
				   params.accessed_dirty ? PAGING_TOUCHED : PAGING_UNTOUCHED);
		if (entry == 0) {
			text_add(&why, "FDT page-tables reg: too small for the arena: ");
			text_add_dec(&why, params.tables.bytes);
			text_add(&why, " bytes");
			report_failure(block, GUEST_EXIT_PARAMS);
		}
		boot_pml4[(ARENA_GVA + offset) / PML4_SLOT_BYTES] = entry;
	}
	platform_start(&platform, boot_pml4, params.arena.gpa, params.kernel_port);
	platform.view_count = params.view_count;
	for (uint32_t i = 0; i < params.view_count; i++)
		platform.views[i] = params.views[i];
}

/* Not with the driver's gate: a VMM that starts fewer vCPUs than the tree names has to be told, not waited for. */
static void wait_for_others(struct vcpu_block *block)
{
	uint64_t start_cycles = cycles_now();
	struct text why;

	while (__atomic_load_n(&arrived, __ATOMIC_ACQUIRE) + 1 < params.vcpus) {
		cpu_relax();
		if (cycles_now() - start_cycles > ARRIVAL_CYCLES) {
			text_start(&why, block->message, sizeof(block->message));
			text_add(&why, "FDT /cpus: names ");
			text_add_dec(&why, params.vcpus);
			text_add(&why, " vCPUs, this VMM started ");
			text_add_dec(&why, 1 + (uint64_t)__atomic_load_n(&arrived, __ATOMIC_ACQUIRE));
			report_failure(block, GUEST_EXIT_PARAMS);
		}
	}
	__atomic_store_n(&released, 1, __ATOMIC_RELEASE);
}

static void run_plan(uint32_t vcpu, const struct driver_env *env)
{
	struct vcpu_block *block = block_of(vcpu);
	const char *failure = NULL;
	struct text why;

	for (int i = 0; i < EMPTY_DOORBELLS; i++)
		doorbell_ring(DOORBELL_EMPTY);
	if (driver_run(env, &failure) < 0) {
		text_start(&why, block->message, sizeof(block->message));
		text_add(&why, "vCPU ");
		text_add_dec(&why, vcpu);
		text_add(&why, ": ");
		text_add(&why, failure != NULL ? failure : "the plan failed");
		report_failure(block, GUEST_EXIT_FAILED);
	}
	/* Cannot be stopped, so cannot fail; vCPU 0 must not end the machine under the others. */
	(void)gate_wait(env);
	/* Only now: a VMM may stop running a vCPU that says it is done, and it has to get past the gate first. */
	if (vcpu != 0)
		doorbell_ring(DOORBELL_VCPU_DONE);
}

static void spin_for_ever(void) __attribute__((noreturn));
static void spin_for_ever(void)
{
	for (;;)
		cpu_relax();
}

void guest_main(uint32_t vcpu, uint64_t start_info_gpa)
{
	struct vcpu_block *block = block_of(vcpu);
	struct driver_env env = { 0 };

	start_block(vcpu);
	if (vcpu == 0) {
		read_params(start_info_gpa, block);
		map_arena(block);
		wait_for_others(block);
	} else {
		(void)__atomic_add_fetch(&arrived, 1, __ATOMIC_ACQ_REL);
		while (__atomic_load_n(&released, __ATOMIC_ACQUIRE) == 0)
			cpu_relax();
		/* A vCPU that the tree does not name has no slice of the arena. */
		if (vcpu >= params.vcpus)
			spin_for_ever();
	}
	upcall_flush();
	if (driver_uses_ring0(params.steps, params.step_count))
		platform_compare_rings(block);
	if (vcpu == 0)
		doorbell_ring(DOORBELL_MAIN);

	env.steps = params.steps;
	env.step_count = params.step_count;
	env.arena = (unsigned char *)ARENA_GVA;
	env.arena_bytes = params.arena.bytes;
	env.leaf_bytes = params.guest_page_bytes;
	env.alias_bytes = params.alias_bytes;
	env.platform = &platform;
	env.seed = params.seed;
	env.vcpu = vcpu;
	env.vcpus = params.vcpus;
	env.gate = &gate;
	env.result = &block->result;
	env.self = block;
	env.begin = on_begin;
	env.end = on_end;
	env.stopped = never_stopped;
	run_plan(vcpu, &env);
	if (vcpu == 0)
		machine_exit(GUEST_EXIT_OK);
	spin_for_ever();
}
