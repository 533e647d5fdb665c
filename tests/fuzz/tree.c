/*
 * The device tree on both sides: what the guest reads, from whatever lies there, and what the VMM writes, which the guest
 * has to read as what it was. It could break at every offset, at the end of the room, and where the two sides have other limits.
 */
#include "tests/fuzz/fuzz.h"

#include <libfdt.h>

#include "abi.h"
#include "guest/start/params.h"
#include "layout.h"
#include "units.h"
#include "vmm/core/boot/boot.h"
#include "vmm/lab/measure/plan.h"
#include "vmm/lab/spec.h"
#include "x86.h"

/* A tree of any other VMM, or none: read within its bytes, or refused in words. */
FUZZ(tree)
{
	static const struct hvm_memmap_entry ram = { .start_gpa = 0, .bytes = 64 * MIB, .type = 1 };
	static struct params params;
	/* libfdt wants the tree aligned; malloc gives that, and guards its end. */
	void *blob = fuzz_copy(data, size);
	const struct handover h = { .fdt = blob, .fdt_bytes = size, .memmap = &ram, .memmap_entries = 1 };
	char buf[GUEST_MESSAGE_BYTES];
	struct text why;
	int serial = 0;

	text_start(&why, buf, sizeof(buf));
	memset(&params, 0, sizeof(params));
	if (params_serial(&h, &serial, &why) == 0 && params_read(&h, &params, &why) == 0) {
		FUZZ_CHECK(params.vcpus >= 1 && params.vcpus <= GUEST_MAX_VCPUS);
		FUZZ_CHECK(params.step_count <= PLAN_MAX_STEPS && params.view_count <= VIEWS_MAX);
	} else {
		FUZZ_CHECK(buf[0] != '\0' && fuzz_is_text(buf, strlen(buf)));
	}
	free(blob);
}

/* A plan with any number anywhere, as far as the planner's own limits of counts go. */
static void feed_config(struct feed *feed, struct config *c)
{
	memset(c, 0, sizeof(*c));
	c->map.range_count = 1 + (uint32_t)feed_below(feed, 2);
	for (uint32_t i = 0; i < c->map.range_count; i++)
		c->map.ranges[i] = (struct ram_range){ .gpa = feed_number(feed), .bytes = feed_number(feed) };
	c->map.tables_gpa = feed_number(feed);
	c->map.tables_bytes = feed_number(feed);
	c->map.arena_gpa = feed_number(feed);
	c->map.arena_bytes = feed_number(feed);
	c->map.alias_bytes = feed_number(feed);
	c->map.view_count = (uint32_t)feed_below(feed, VIEWS_MAX + 1);
	for (uint32_t i = 0; i < c->map.view_count; i++)
		c->map.views[i] =
			(struct memmap_view){ feed_number(feed), feed_number(feed), feed_number(feed) };
	c->guest_ad = feed_byte(feed) & 1;
	c->kernel_port = feed_byte(feed) & 1;
	c->vcpus = 1 + (uint32_t)feed_below(feed, GUEST_MAX_VCPUS);
	c->guest_page_bytes = feed_number(feed);
	c->seed = feed_u64(feed);
	c->step_count = (uint32_t)feed_below(feed, feed_below(feed, 16) == 0 ? PLAN_MAX_STEPS + 1 : 16);
	for (uint32_t i = 0; i < c->step_count; i++)
		c->steps[i] =
			(struct plan_step){ .workload = (enum workload_id)feed_below(feed, WORKLOAD_COUNT),
					    .working_set_bytes = feed_number(feed),
					    .stride_bytes = feed_number(feed),
					    .accesses = feed_number(feed),
					    .chains = (uint32_t)feed_below(feed, CHAINS_MAX + 1),
					    .repeat = (uint32_t)feed_number(feed) };
}

/* A plan as a command line makes one; false where the planner refuses it. */
static bool feed_plan(struct feed *feed, struct config *c)
{
	static const uint64_t pages[] = { PAGE_4K, PAGE_2M, PAGE_1G };
	struct error e = { .status = STATUS_OK };
	struct run_spec r;

	run_spec_init(&r);
	r.machine.memory_bytes = feed_below(feed, 4096) * 4 * MIB + feed_below(feed, 3) * PAGE_4K;
	r.machine.guest_page_bytes = pages[feed_below(feed, COUNT_OF(pages))];
	r.machine.vcpus = 1 + (uint32_t)feed_below(feed, GUEST_MAX_VCPUS);
	r.machine.guest_ad = feed_byte(feed) & 1;
	r.machine.alias_bytes = feed_below(feed, 4) == 0 ? feed_number(feed) : 0;
	r.work.workload_count = (uint32_t)feed_below(feed, 6);
	for (uint32_t i = 0; i < r.work.workload_count; i++)
		r.work.workloads[i] = (enum workload_id)feed_below(feed, WORKLOAD_COUNT);
	r.work.set_count = (uint32_t)feed_below(feed, 4);
	for (uint32_t i = 0; i < r.work.set_count; i++)
		r.work.sets_bytes[i] = PAGE_4K << feed_below(feed, 20);
	r.workloads_given = true;
	r.work.seed = feed_u64(feed);
	r.work.accesses = feed_below(feed, 100000);
	r.repeat = (uint32_t)feed_below(feed, RESULT_MAX_SAMPLES);
	return plan_make(&r, pages[feed_below(feed, COUNT_OF(pages))], c, &e) == 0;
}

static int guest_reads(const struct config *c, const void *blob, size_t bytes, struct params *p,
		       struct text *why)
{
	struct hvm_memmap_entry ram[2];
	const struct handover h = {
		.fdt = blob, .fdt_bytes = bytes, .memmap = ram, .memmap_entries = c->map.range_count
	};
	int serial = 0;

	for (uint32_t i = 0; i < c->map.range_count; i++)
		ram[i] = (struct hvm_memmap_entry){ .start_gpa = c->map.ranges[i].gpa,
						    .bytes = c->map.ranges[i].bytes,
						    .type = 1 };
	memset(p, 0, sizeof(*p));
	return params_serial(&h, &serial, why) == 0 ? params_read(&h, p, why) : -1;
}

static bool same_step(const struct plan_step *a, const struct plan_step *b)
{
	return a->workload == b->workload && a->working_set_bytes == b->working_set_bytes &&
	       a->stride_bytes == b->stride_bytes && a->chains == b->chains && a->histogram == b->histogram &&
	       a->accesses == b->accesses && a->repeat == b->repeat;
}

/* Never past its room, always a whole tree; and the guest reads from it what was planned, all of it. */
FUZZ(tree_write)
{
	static struct config c;
	static struct params p;
	struct feed feed = FEED(data, size);
	struct error e = { .status = STATUS_OK };
	bool small = feed_below(&feed, 8) == 0, planned = feed_byte(&feed) & 1;
	const size_t room = small ? feed_below(&feed, 65536) : FDT_MAX_BYTES;
	unsigned char *blob = malloc(room);
	char buf[GUEST_MESSAGE_BYTES];
	struct text why;
	size_t used = 0;

	if (blob == NULL)
		abort();
	planned = planned && feed_plan(&feed, &c);
	if (!planned)
		feed_config(&feed, &c);
	text_start(&why, buf, sizeof(buf));
	if (fdt_write(&c, feed_byte(&feed) & 1, blob, room, &used, &e) == 0) {
		FUZZ_CHECK(used <= room && fdt_check_full(blob, used) == 0);
		if (guest_reads(&c, blob, used, &p, &why) == 0) {
			FUZZ_CHECK(p.seed == c.seed && p.vcpus == c.vcpus && p.step_count == c.step_count);
			FUZZ_CHECK(p.arena.gpa == c.map.arena_gpa && p.arena.bytes == c.map.arena_bytes);
			for (uint32_t i = 0; i < c.step_count; i++)
				FUZZ_CHECK(same_step(&p.steps[i], &c.steps[i]));
		} else if (planned) {
			fuzz_fail(__FILE__, __LINE__, "the guest reads what was planned", buf);
		}
	} else {
		FUZZ_CHECK(small || !planned);
		FUZZ_CHECK(e.what[0] != '\0');
	}
	free(blob);
}
