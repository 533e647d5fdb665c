/* The configuration of a run as lines of text, for --dump-config. */
#include "vmm/lab/measure/plan.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

#include "vmm/output/output.h"
#include "vmm/util/size.h"
#include "vmm/util/text.h"

static const char *on_off(bool on)
{
	return on ? "on" : "off";
}

static void put_path(const char *name, const char *path, FILE *out)
{
	char shown[PATH_MAX];

	(void)fprintf(out, "%s = %s\n", name, printable(path, shown, sizeof(shown)));
}

static void put_memory(const struct run_spec *r, const struct config *c, FILE *out)
{
	char size[24];

	(void)fprintf(out, "memory = %s\n", size_format(c->ram_bytes, size));
	(void)fprintf(out, "backing = %s\n", backing_name(r->machine.backing));
	if (r->machine.mem_path != NULL)
		put_path("mem-path", r->machine.mem_path, out);
	(void)fprintf(out, "page-size = %s\n", size_format(c->page_bytes, size));
	(void)fprintf(out, "prealloc = %s\n", on_off(r->machine.populate >= POPULATE_PREALLOC));
	if (r->machine.populate >= POPULATE_NEAR && r->machine.populate <= POPULATE_NODES)
		(void)fprintf(out, "prealloc-node = %s\n", populate_name(r->machine.populate));
	if (r->machine.prealloc_threads != 0)
		(void)fprintf(out, "prealloc-threads = %" PRIu32 "\n", r->machine.prealloc_threads);
	(void)fprintf(out, "prefault = %s\n", on_off(r->machine.populate == POPULATE_PREFAULT));
	(void)fprintf(out, "share = %s\n", choice_name(r->machine.share));
	(void)fprintf(out, "reserve = %s\n", choice_name(r->machine.reserve));
	(void)fprintf(out, "policy = %s\n", policy_name(r->machine.policy));
	for (unsigned int node = 0; node < HOST_MAX_NODES; node++) {
		if ((r->machine.host_nodes >> node) & 1)
			(void)fprintf(out, "host-node = %u\n", node);
	}
}

static void put_cpus(const struct run_spec *r, const struct config *c, FILE *out)
{
	(void)fprintf(out, "smp = %" PRIu32 "\n", c->vcpus);
	if (r->machine.pin_count == 0)
		return;
	(void)fprintf(out, "pin = ");
	for (uint32_t i = 0; i < r->machine.pin_count && i < SPEC_MAX_CPUS; i++)
		(void)fprintf(out, "%s%u", i > 0 ? "," : "", r->machine.pin[i]);
	(void)fprintf(out, "\n");
}

static void put_range(const char *name, uint64_t gpa, uint64_t bytes, FILE *out)
{
	char size[24];

	(void)fprintf(out, "%s = 0x%" PRIx64 "..0x%" PRIx64 " (%s)\n", name, gpa, gpa + bytes,
		      size_format(bytes, size));
}

static void put_map(const struct config *c, FILE *out)
{
	char size[24];

	for (uint32_t i = 0; i < c->map.range_count && i < 2; i++)
		put_range("ram-gpa", c->map.ranges[i].gpa, c->map.ranges[i].bytes, out);
	if (c->map.tables_bytes > 0)
		put_range("tables-gpa", c->map.tables_gpa, c->map.tables_bytes, out);
	put_range("arena-gpa", c->map.arena_gpa, c->map.arena_bytes, out);
	(void)fprintf(out, "arena-slice = %s\n", size_format(plan_slice_bytes(c), size));
	for (uint32_t i = 0; i < c->map.view_count; i++) {
		(void)fprintf(out, "view-%s-", size_format(c->map.views[i].leaf_bytes, size));
		put_range("arena-gpa", memmap_view_arena_gpa(&c->map, i), c->map.arena_bytes, out);
	}
	if (c->map.alias_bytes == 0)
		return;
	(void)fprintf(out, "alias-memory = %s\n", size_format(c->map.alias_bytes, size));
	(void)fprintf(out, "memory-slots = %" PRIu32 "\n", memmap_slot_count(&c->map));
	(void)fprintf(out, "host-memory = %s\n", size_format(memmap_host_bytes(&c->map), size));
}

static void put_steps(const struct config *c, FILE *out)
{
	char size[24];

	(void)fprintf(out, "steps = %" PRIu32 "\n", c->step_count);
	for (uint32_t i = 0; i < c->step_count && i < PLAN_MAX_STEPS; i++) {
		const struct plan_step *s = &c->steps[i];

		(void)fprintf(out, "step-%" PRIu32 " = %s working-set %s ", i,
			      workload_table[s->workload].name, size_format(s->working_set_bytes, size));
		if (s->stride_bytes != 0)
			(void)fprintf(out, "stride %s ", size_format(s->stride_bytes, size));
		if (s->chains > 1)
			(void)fprintf(out, "chains %" PRIu32 " ", s->chains);
		if (s->histogram)
			(void)fprintf(out, "histogram ");
		(void)fprintf(out, "repeat %" PRIu32 " accesses ", s->repeat);
		if (s->accesses == 0)
			(void)fprintf(out, "default\n");
		else
			(void)fprintf(out, "%" PRIu64 "\n", s->accesses);
	}
}

int plan_dump(const struct run_spec *r, const struct config *c, FILE *out)
{
	char size[24];

	(void)fprintf(out, "command = %s\n", r->native ? "native" : "run");
	put_memory(r, c, out);
	put_cpus(r, c, out);
	(void)fprintf(out, "guest-page = %s\n", size_format(c->guest_page_bytes, size));
	if (!r->native) {
		(void)fprintf(out, "guest-ad = %s\n", on_off(c->guest_ad));
		(void)fprintf(out, "kernel-irqchip = %s\n", on_off(c->apic));
		put_path("guest", r->machine.guest_path != NULL ? r->machine.guest_path : "embedded", out);
	}
	(void)fprintf(out, "seed = %" PRIu64 "\n", c->seed);
	(void)fprintf(out, "sandbox = %s\n", on_off(r->machine.sandbox.wanted != CHOICE_OFF));
	(void)fprintf(out, "timeout = %" PRIu32 " s\n", r->machine.timeout_s);
	put_map(c, out);
	put_steps(c, out);
	if (c->note[0] != '\0')
		(void)fprintf(out, "note = %s\n", c->note);
	return stream_finish(out);
}
