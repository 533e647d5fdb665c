/* What a guest of so much memory costs, as text and JSON. */
#include <inttypes.h>

#include "units.h"
#include "vmm/output/fields.h"
#include "vmm/output/json.h"
#include "vmm/output/paragraph.h"
#include "vmm/output/table.h"
#include "vmm/theory/show/show.h"
#include "vmm/util/size.h"

#define SIZE_BYTES 24
#define DURATION_BYTES 48

/* Documentation/arch/x86/x86_64/mm.rst: the direct mapping of all physical memory. */
#define LINUX_4_LEVEL_BYTES (64 * TIB)

/* Four digits and a unit: exact where size_format() is short, else rounded. */
static const char *about(uint64_t bytes, char buf[SIZE_BYTES])
{
	static const char units[] = { '\0', 'K', 'M', 'G', 'T', 'P', 'E' };
	double value = (double)bytes;
	uint32_t i = 0;

	for (; value >= 1024 && i + 1 < sizeof(units); i++)
		value /= 1024;
	(void)snprintf(buf, SIZE_BYTES, "%.4g%.1s", value, &units[i]);
	return buf;
}

/* Seconds, and the largest unit of which there are two. Returns buf. */
static const char *duration(double seconds, char buf[DURATION_BYTES])
{
	static const struct {
		const char *name;
		double seconds;
	} units[] = { { "years", 365.25 * 86400 }, { "days", 86400 }, { "hours", 3600 }, { "minutes", 60 } };
	size_t i = 0;

	while (i < COUNT_OF(units) && seconds < 2 * units[i].seconds)
		i++;
	if (i == COUNT_OF(units))
		(void)snprintf(buf, DURATION_BYTES, "%.4g s", seconds);
	else
		(void)snprintf(buf, DURATION_BYTES, "%.4g s (%.3g %s)", seconds, seconds / units[i].seconds,
			       units[i].name);
	return buf;
}

static const char *first_name(const struct scale *s)
{
	return s->walk.kind == WALK_NATIVE ? "native" : "guest";
}

static bool is_leaf(const struct scale_tables *t, uint32_t level)
{
	return page_walk_span_bytes(level) == t->leaf_bytes;
}

static uint64_t entries_of(const struct scale_tables *t, uint32_t level)
{
	return is_leaf(t, level) ? t->leaf_entries : t->tables[level - 1];
}

/* The levels that have tables go from the root down to the leaf's. */
static void put_dimension(struct table *table, const char *whose, const struct scale_tables *t)
{
	char bytes[SIZE_BYTES], span[SIZE_BYTES];

	for (uint32_t level = t->levels; level > 0 && t->tables[level] != 0; level--) {
		table_put(table, "%s", whose);
		table_put(table, "%s", page_table_name(level));
		table_put(table, "%" PRIu64, t->tables[level]);
		table_put(table, "%" PRIu64, entries_of(t, level));
		table_put(table, "%s", about(page_walk_span_bytes(level), span));
		table_put(table, "%s", about(t->tables[level] * PAGE_4K, bytes));
		table_put(table, "%s", is_leaf(t, level) ? "leaf" : "");
	}
}

static int put_tables(const struct scale *s, FILE *out)
{
	static const char *const titles[] = { "-tables of", "-level",      "tables", "entries in use",
					      "each spans", "table bytes", "-" };
	struct table table;
	int ret;

	(void)fputc('\n', out);
	table_init(&table, titles, COUNT_OF(titles));
	put_dimension(&table, first_name(s), &s->guest);
	put_dimension(&table, "shadow", &s->shadow);
	put_dimension(&table, "host", &s->host);
	ret = table_finish(&table, 0, out);
	(void)fputc('\n', out);
	return ret;
}

static double percent(const struct scale *s, uint64_t bytes)
{
	return 100 * (double)bytes / (double)s->input.memory_bytes;
}

static void put_sum(const struct scale *s, const char *label, const char *whose, const struct scale_tables *t,
		    FILE *out)
{
	char bytes[SIZE_BYTES];

	if (t->present)
		paragraph(out, label, "%s: %" PRIu64 " tables, %s (%" PRIu64 " bytes), %.3g %% of the memory",
			  whose, t->table_count, about(t->table_bytes, bytes), t->table_bytes,
			  percent(s, t->table_bytes));
}

static void put_sums(const struct scale *s, FILE *out)
{
	put_sum(s, "in all", first_name(s), &s->guest, out);
	put_sum(s, s->guest.present ? "" : "in all", "host", &s->host, out);
	put_sum(s, "", "shadow", &s->shadow, out);
	paragraph(
		out, "", "exact for one range from address 0 on, every page of it mapped%s",
		s->walk.kind == WALK_NATIVE
			? ""
			: "; beside them the host's own tables of the process that is the VMM, which are not "
			  "counted");
}

static void put_reach(const struct scale *s, FILE *out)
{
	char leaf[SIZE_BYTES], l1[SIZE_BYTES], l2[SIZE_BYTES], piece[SIZE_BYTES];
	uint64_t piece_bytes = s->input.tlb_l2_entry_bytes != 0 ? s->input.tlb_l2_entry_bytes : s->leaf_bytes;
	bool smashed = piece_bytes != s->leaf_bytes;

	(void)size_format(s->leaf_bytes, leaf);
	(void)size_format(piece_bytes, piece);
	if (s->input.tlb_l1_entries == 0 && s->input.tlb_l2_entries == 0)
		paragraph(out, "TLB",
			  "one entry covers %s%s; how far all reach is the CPU's (not known here)", leaf,
			  s->walk.kind == WALK_NESTED ? ", the smaller of both pages" : "");
	else
		paragraph(out, "TLB",
			  "one entry covers %s: %" PRIu32 " entries of the first level reach %s, %" PRIu32
			  " of the second%s%s%s %s, which is %.3g %% of the memory",
			  leaf, s->input.tlb_l1_entries, about(s->tlb_l1_bytes, l1), s->input.tlb_l2_entries,
			  smashed ? ", which keeps such pages in pieces of " : "", smashed ? piece : "",
			  smashed ? "," : "", about(s->tlb_l2_bytes, l2), percent(s, s->tlb_l2_bytes));
}

static void put_costs(const struct scale *s, FILE *out)
{
	static const char *const decides[WALK_KIND_COUNT] = {
		[WALK_NESTED] = "the backing's page alone decides, the guest's does not matter",
		[WALK_SHADOW] = "the smaller of both pages decides",
		[WALK_NATIVE] = "of the operating system that owns the tables",
		[WALK_UNPAGED] = "the backing's page decides",
	};
	char words[WALK_TEXT_BYTES], leaf[SIZE_BYTES], bytes[SIZE_BYTES], time[DURATION_BYTES];

	paragraph(out, "TLB miss", "at most %u memory references: %s", s->references,
		  walk_formula(&s->walk, s->references, words));
	if (s->walk_cycles > 0)
		paragraph(out, "predicted",
			  "%.4g %s for a random access on %s: %.4g for the data, %.4g for its translation; a "
			  "walk is %.4g, reading leaf entries alone (closed form, nothing measured)",
			  s->access_cycles, s->unit, s->cpu, s->data_cycles,
			  s->access_cycles - s->data_cycles, s->walk_cycles);
	paragraph(out, "faults",
		  "%" PRIu64
		  " until all is mapped, one for each %s: %s; fewer where the kernel maps neighbours along",
		  s->faults, size_format(s->fault_leaf_bytes, leaf), decides[s->walk.kind]);
	paragraph(
		out, "time",
		"%s to populate on one CPU: %.4g s for the faults, at %g ns each, and %.4g s to clear %s, at "
		"%g GB/s. Both costs are stated, not measured.",
		duration(s->populate_s, time), s->fault_s, s->input.fault_ns, s->zeroing_s,
		about(s->populated_bytes, bytes), s->input.zeroing_bytes_per_s / 1e9);
}

static void put_notes(const struct scale *s, FILE *out)
{
	const struct {
		bool holds;
		const char *text;
	} notes[] = {
		{ s->guest.present && s->guest.levels == 4 && s->input.memory_bytes > LINUX_4_LEVEL_BYTES,
		  "Linux takes 5 levels for itself above 64T, which is all that its direct map with 4 levels "
		  "holds" },
		{ s->guest.raised,
		  "over 128T: the lower half of 4-level addresses (47 bits) does not hold it; counted with 5 "
		  "levels in the guest" },
		{ s->host.raised,
		  "over 256T: 4-level tables translate 48 bits of a guest-physical address; counted with 5 "
		  "levels in the host" },
		{ s->beyond_physical,
		  "over 4P: physical addresses of x86-64 have at most 52 bits; no such machine can be built, "
		  "and the figures are arithmetic alone" },
		{ s->guest.beyond || s->host.beyond,
		  "not even 5 levels reach (64P in the lower half, 128P of guest-physical addresses); "
		  "counted with several roots" },
		{ s->beyond_unpaged,
		  "with paging off a CPU has addresses of 32 bits: such a guest reaches the first 4G" },
	};

	for (size_t i = 0; i < COUNT_OF(notes); i++) {
		if (notes[i].holds)
			paragraph(out, "note", "%s", notes[i].text);
	}
}

int scale_text(const struct scale *s, FILE *out)
{
	char words[WALK_TEXT_BYTES], bytes[SIZE_BYTES];
	int ret;

	paragraph(out, "memory", "%s, %s", about(s->input.memory_bytes, bytes),
		  walk_plan_text(&s->walk, words));
	ret = put_tables(s, out);
	put_sums(s, out);
	put_reach(s, out);
	put_costs(s, out);
	put_notes(s, out);
	return ret;
}

static json_t *tables_json(const struct scale_tables *t)
{
	json_t *o, *levels;

	if (!t->present)
		return json_null();
	o = json_object();
	levels = json_array();
	for (uint32_t level = t->levels; level > 0 && t->tables[level] != 0; level--) {
		json_t *one = json_object();

		json_put(&one, "table", json_string(page_table_name(level)));
		json_put(&one, "tables", json_u64(t->tables[level]));
		json_put(&one, "entries", json_u64(entries_of(t, level)));
		json_push(&levels, one);
	}
	json_put(&o, "levels", levels);
	json_put(&o, "raised_to_5_levels", json_boolean(t->raised));
	json_put(&o, "beyond_5_levels", json_boolean(t->beyond));
	json_put(&o, "leaf_bytes", json_u64(t->leaf_bytes));
	json_put(&o, "tables", json_u64(t->table_count));
	json_put(&o, "entries", json_u64(t->entries));
	json_put(&o, "table_bytes", json_u64(t->table_bytes));
	return o;
}

static const struct field tlb_list[] = {
	FIELD(COUNT, struct scale, leaf_bytes),
	FIELD_AS(SIZE, struct scale, input.tlb_l1_entries, "l1_entries"),
	FIELD_AS(SIZE, struct scale, tlb_l1_bytes, "l1_bytes"),
	FIELD_AS(SIZE, struct scale, input.tlb_l2_entries, "l2_entries"),
	FIELD_AS(SIZE, struct scale, tlb_l2_bytes, "l2_bytes"),
};
static const struct fields tlb_fields = FIELDS_OF(tlb_list);

static json_t *populate_json(const struct scale *s)
{
	json_t *o = json_object();

	json_put(&o, "fault_leaf_bytes", json_u64(s->fault_leaf_bytes));
	json_put(&o, "faults", json_u64(s->faults));
	json_put(&o, "bytes", json_u64(s->populated_bytes));
	json_put(&o, "fault_ns", json_real(s->input.fault_ns));
	json_put(&o, "zeroing_bytes_per_s", json_real(s->input.zeroing_bytes_per_s));
	json_put(&o, "costs", json_string("stated, not measured"));
	json_put(&o, "fault_s", json_real(s->fault_s));
	json_put(&o, "zeroing_s", json_real(s->zeroing_s));
	json_put(&o, "seconds", json_real(s->populate_s));
	return o;
}

static const struct field predicted_list[] = {
	FIELD(TEXT, struct scale, cpu),           FIELD(TEXT, struct scale, unit),
	FIELD(REAL, struct scale, access_cycles), FIELD(REAL, struct scale, data_cycles),
	FIELD(REAL, struct scale, walk_cycles),
};
static const struct fields predicted_fields = FIELDS_OF(predicted_list);

json_t *scale_json(const struct scale *s)
{
	json_t *o = json_object();
	char words[WALK_TEXT_BYTES];

	json_put(&o, "memory_bytes", json_u64(s->input.memory_bytes));
	walk_plan_put(&o, &s->walk);
	json_put(&o, "guest_tables", tables_json(&s->guest));
	json_put(&o, "host_tables", tables_json(&s->host));
	json_put(&o, "shadow_tables", tables_json(&s->shadow));
	json_put(&o, "table_bytes", json_u64(s->table_bytes));
	json_put(&o, "tlb", fields_json(&tlb_fields, s));
	json_put(&o, "references", json_u64(s->references));
	json_put(&o, "formula", json_string(walk_formula(&s->walk, s->references, words)));
	json_put(&o, "predicted", fields_json(&predicted_fields, s->walk_cycles > 0 ? s : NULL));
	json_put(&o, "populate", populate_json(s));
	json_put(&o, "beyond_physical_addresses", json_boolean(s->beyond_physical));
	json_put(&o, "beyond_unpaged_addresses", json_boolean(s->beyond_unpaged));
	return o;
}
