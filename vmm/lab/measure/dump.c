#include "vmm/lab/measure/plan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "vmm/util/size.h"

struct text {
	char *buf;
	size_t capacity, used;
	bool full;
};

static void put(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void put(struct text *t, const char *fmt, ...)
{
	va_list args;
	int length;

	if (t->full)
		return;
	va_start(args, fmt);
	length = vsnprintf(t->buf + t->used, t->capacity - t->used, fmt, args);
	va_end(args);
	if (length < 0 || (size_t)length >= t->capacity - t->used)
		t->full = true;
	else
		t->used += (size_t)length;
}

static const char *on_off(bool on)
{
	return on ? "on" : "off";
}

static void put_memory(struct text *t, const struct run_spec *r, const struct config *c)
{
	char size[24];

	put(t, "memory = %s\n", size_format(c->ram_bytes, size));
	put(t, "backing = %s\n", backing_name(r->machine.backing));
	if (r->machine.mem_path != NULL)
		put(t, "mem-path = %s\n", r->machine.mem_path);
	put(t, "page-size = %s\n", size_format(c->page_bytes, size));
	put(t, "prealloc = %s\n", on_off(r->machine.populate >= POPULATE_PREALLOC));
	if (r->machine.prealloc_threads != 0)
		put(t, "prealloc-threads = %" PRIu32 "\n", r->machine.prealloc_threads);
	put(t, "prefault = %s\n", on_off(r->machine.populate == POPULATE_PREFAULT));
	put(t, "share = %s\n", choice_name(r->machine.share));
	put(t, "reserve = %s\n", choice_name(r->machine.reserve));
	put(t, "policy = %s\n", policy_name(r->machine.policy));
	for (unsigned int node = 0; node < HOST_MAX_NODES; node++) {
		if ((r->machine.host_nodes >> node) & 1)
			put(t, "host-node = %u\n", node);
	}
}

static void put_cpus(struct text *t, const struct run_spec *r, const struct config *c)
{
	put(t, "smp = %" PRIu32 "\n", c->vcpus);
	if (r->machine.pin_count == 0)
		return;
	put(t, "pin = ");
	for (uint32_t i = 0; i < r->machine.pin_count && i < SPEC_MAX_CPUS; i++)
		put(t, "%s%u", i > 0 ? "," : "", r->machine.pin[i]);
	put(t, "\n");
}

static void put_range(struct text *t, const char *name, uint64_t gpa, uint64_t bytes)
{
	char size[24];

	put(t, "%s = 0x%" PRIx64 "..0x%" PRIx64 " (%s)\n", name, gpa, gpa + bytes, size_format(bytes, size));
}

static void put_map(struct text *t, const struct config *c)
{
	char size[24];

	for (uint32_t i = 0; i < c->map.range_count && i < 2; i++)
		put_range(t, "ram-gpa", c->map.ranges[i].gpa, c->map.ranges[i].bytes);
	if (c->map.tables_bytes > 0)
		put_range(t, "tables-gpa", c->map.tables_gpa, c->map.tables_bytes);
	put_range(t, "arena-gpa", c->map.arena_gpa, c->map.arena_bytes);
	put(t, "arena-slice = %s\n", size_format(plan_slice_bytes(c), size));
	if (c->map.alias_bytes == 0)
		return;
	put(t, "alias-memory = %s\n", size_format(c->map.alias_bytes, size));
	put(t, "memory-slots = %" PRIu32 "\n", memmap_slot_count(&c->map));
	put(t, "host-memory = %s\n", size_format(memmap_host_bytes(&c->map), size));
}

static void put_steps(struct text *t, const struct config *c)
{
	char size[24];

	put(t, "steps = %" PRIu32 "\n", c->step_count);
	for (uint32_t i = 0; i < c->step_count && i < PLAN_MAX_STEPS; i++) {
		const struct plan_step *s = &c->steps[i];

		put(t, "step-%" PRIu32 " = %s working-set %s ", i, workload_table[s->workload].name,
		    size_format(s->working_set_bytes, size));
		if (s->stride_bytes != 0)
			put(t, "stride %s ", size_format(s->stride_bytes, size));
		put(t, "repeat %" PRIu32 " accesses ", s->repeat);
		if (s->accesses == 0)
			put(t, "default\n");
		else
			put(t, "%" PRIu64 "\n", s->accesses);
	}
}

int plan_dump(const struct run_spec *r, const struct config *c, char *buf, size_t capacity)
{
	struct text t = { .buf = buf, .capacity = capacity };
	char size[24];

	if (capacity == 0)
		return -ENOSPC;
	put(&t, "command = %s\n", r->native ? "native" : "run");
	put_memory(&t, r, c);
	put_cpus(&t, r, c);
	put(&t, "guest-page = %s\n", size_format(c->guest_page_bytes, size));
	if (!r->native) {
		put(&t, "guest-ad = %s\n", on_off(c->guest_ad));
		put(&t, "kernel-irqchip = %s\n", on_off(c->apic));
		put(&t, "guest = %s\n", r->machine.guest_path != NULL ? r->machine.guest_path : "embedded");
	}
	put(&t, "seed = %" PRIu64 "\n", c->seed);
	put(&t, "timeout = %" PRIu32 " s\n", r->machine.timeout_s);
	put_map(&t, c);
	put_steps(&t, c);
	if (c->note[0] != '\0')
		put(&t, "note = %s\n", c->note);
	return t.full ? -ENOSPC : (int)t.used;
}
