#include "guest/io/report.h"

#include "guest/io/port.h"
#include "guest/io/serial.h"
#include "guest/lib/text.h"
#include "workload.h"

static const char *const workload_names[WORKLOAD_COUNT] = {
#define WORKLOAD(id, name, ...) [WORKLOAD_##id] = name,
#include "workloads.def"
#undef WORKLOAD
};

static const char *const variant_names[VARIANT_COUNT] = {
#define VARIANT(id, name) [VARIANT_##id] = name,
#include "variants.def"
#undef VARIANT
};

/* So that a line splits at its blanks into as many words for every part. */
static const char *variant_word(uint32_t variant)
{
	if (variant >= VARIANT_COUNT)
		return "?";
	return variant_names[variant][0] != '\0' ? variant_names[variant] : "-";
}

/* One line at a time, and one scratch array for all: 128 vCPUs would need 1 MiB of them. */
static uint32_t line_lock;
static uint64_t sorted_cycles[RESULT_MAX_SAMPLES];

static void add_field(struct text *t, const char *key, uint64_t value)
{
	text_add(t, " ");
	text_add(t, key);
	text_add(t, "=");
	text_add_dec(t, value);
}

static uint32_t sort_samples(const struct guest_result *r)
{
	uint32_t count = r->samples < RESULT_MAX_SAMPLES ? r->samples : RESULT_MAX_SAMPLES;

	for (uint32_t i = 0; i < count; i++) {
		uint64_t value = r->samples_cycles[i];
		uint32_t at = i;

		for (; at > 0 && sorted_cycles[at - 1] > value; at--)
			sorted_cycles[at] = sorted_cycles[at - 1];
		sorted_cycles[at] = value;
	}
	return count;
}

static const char *unavailable_word(uint32_t unavailable)
{
	static const char *const words[UNAVAILABLE_COUNT] = {
		[UNAVAILABLE_X2APIC] = "no-x2apic",
		[UNAVAILABLE_KERNEL_PORT] = "no-kernel-port",
	};

	return unavailable < UNAVAILABLE_COUNT && words[unavailable] != NULL ? words[unavailable] : "?";
}

static void add_samples(struct text *t, const struct guest_result *r)
{
	uint32_t count = sort_samples(r);

	add_field(t, "samples", count);
	if (count == 0)
		return;
	add_field(t, "min_cycles", sorted_cycles[0]);
	add_field(t, "median_cycles", sorted_cycles[count / 2]);
	add_field(t, "max_cycles", sorted_cycles[count - 1]);
}

void report_result(uint32_t vcpu, const struct guest_result *r)
{
	char line[512];
	struct text t;

	if (!serial_enabled())
		return;
	while (__atomic_exchange_n(&line_lock, 1, __ATOMIC_ACQUIRE) != 0)
		cpu_relax();
	text_start(&t, line, sizeof(line));
	text_add(&t, "minivmm result");
	add_field(&t, "step", r->step);
	text_add(&t, " workload=");
	text_add(&t, r->workload < WORKLOAD_COUNT ? workload_names[r->workload] : "?");
	text_add(&t, " variant=");
	text_add(&t, variant_word(r->variant));
	add_field(&t, "vcpu", vcpu);
	add_field(&t, "working_set_bytes", r->working_set_bytes);
	add_field(&t, "pages", r->pages);
	if (r->stride_bytes != 0)
		add_field(&t, "stride_bytes", r->stride_bytes);
	add_field(&t, "accesses", r->accesses);
	if (r->unavailable != AVAILABLE) {
		text_add(&t, " unavailable=");
		text_add(&t, unavailable_word(r->unavailable));
	}
	add_samples(&t, r);
	text_add(&t, " checksum=");
	text_add_hex(&t, r->checksum);
	serial_line(line);
	__atomic_store_n(&line_lock, 0, __ATOMIC_RELEASE);
}

void report_failure(const struct vcpu_block *block, enum guest_exit code)
{
	char line[GUEST_MESSAGE_BYTES + 32];
	struct text t;

	text_start(&t, line, sizeof(line));
	text_add(&t, "minivmm guest: ");
	text_add(&t, block->message);
	serial_line(line);
	machine_exit(code);
}
