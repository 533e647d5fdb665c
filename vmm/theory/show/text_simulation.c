/*
 * Two tables: what an access costs and why, and where loads were found.
 */
#include "vmm/theory/show/emit_simulation.h"

#include <string.h>

#include "units.h"
#include "vmm/util/size.h"
#include "vmm/util/workloads.h"
#include "vmm/output/grid.h"
#include "vmm/output/paragraph.h"
#include "vmm/util/append.h"

static double percent(uint64_t part, uint64_t whole)
{
	return whole != 0 ? 100.0 * (double)part / (double)whole : 0;
}

static uint32_t count_origin(const struct cpu_model *cpu, enum cpu_origin origin)
{
	uint32_t count = 0;

	for (int i = 0; i < CPU_PARAMETER_COUNT; i++)
		count += cpu->origin[i] == origin;
	return count;
}

/* "12 of CPUID, 4 measured", and which figures are uncertain or assumed. */
static void text_head(const struct cpu_model *cpu, FILE *out)
{
	static const char *const words[] = {
		[ORIGIN_SOURCE] = "with a source", [ORIGIN_UNCERTAIN] = "uncertain",
		[ORIGIN_CPUID] = "of CPUID",       [ORIGIN_MEASURED] = "measured here",
		[ORIGIN_ASSUMED] = "assumed",
	};
	char counts[160] = "", names[2048] = "", piece[24];

	for (int origin = 0; origin <= ORIGIN_ASSUMED; origin++) {
		uint32_t count = count_origin(cpu, (enum cpu_origin)origin);

		if (count != 0)
			append(counts, sizeof(counts), "%s%u %s", counts[0] != '\0' ? ", " : "", count,
			       words[origin]);
	}
	for (int i = 0; i < CPU_PARAMETER_COUNT; i++) {
		if (cpu->origin[i] == ORIGIN_UNCERTAIN || cpu->origin[i] == ORIGIN_ASSUMED)
			append(names, sizeof(names), "%s%s", names[0] != '\0' ? ", " : "",
			       cpu_parameter_info((enum cpu_parameter)i)->name);
	}
	paragraph(out, "cpu", "%s: %s, in %s. %u figures: %s", cpu->name, cpu->title, cpu->unit,
		  (uint32_t)CPU_PARAMETER_COUNT, counts);
	if (names[0] != '\0')
		paragraph(out, "uncertain", "no maker's own word, or another CPU's: %s", names);
	if (cpu->fracture_bytes != 0)
		paragraph(out, "fractured",
			  "a TLB entry covers %s at most, whatever the page: the hypervisor below maps no "
			  "larger "
			  "ones (measured)",
			  size_format(cpu->fracture_bytes, piece));
	paragraph(out, "simulated",
		  "no access here was measured: every load, exactly, of the machine described. LRU "
		  "everywhere, frames of RAM and of each level's tables in sequence, no prefetching, nothing "
		  "else running");
	paragraph(
		out, "T(n)",
		"the closed form, data + m1 c_stlb + m2 W: data is the same lines packed, as simulated; m1, "
		"m2 the shares of accesses that miss the first and the second TLB (STLB), by formula; c_stlb "
		"an STLB hit; W a walk. It reads leaf entries alone, and its data has the caches to itself: "
		"where upper entries are read too, or entries and data do not fit together, it is lower; "
		"where a nested TLB saves reads, higher");
}

static void text_foot(const struct cpu_model *cpu, const struct simulation_row *rows, uint32_t count,
		      FILE *out)
{
	bool gups = false;

	for (uint32_t i = 0; i < count; i++)
		gups = gups || rows[i].workload == WORKLOAD_gups;
	paragraph(out, "read",
		  "pages: guest/host leaf; set: the working set; n: its pages of 4K, of which each has one "
		  "line (packed: its lines, 64 a page); cycles, T(n): of one access (-: the closed form has "
		  "nothing on it); dTLB, STLB: accesses that miss the first TLB, and both; refs/w: entries "
		  "that a walk reads; theory: without any cache, at most; alias: a line a page through "
		  "addresses so far apart, those strides that the guest's page and addresses allow");
	paragraph(
		out, "",
		"entries: where those of page tables were found; PWC: walks begun below an upper entry that "
		"a page-walk cache has; nTLB: guest-physical addresses that the nested TLB has, each a walk "
		"of the host's tables saved");
	if (gups)
		paragraph(out, "gups",
			  "its updates do not wait for each other: cycles are the least that %llu misses at "
			  "once, and %llu walks at once, let through; no latency",
			  (unsigned long long)cpu->parameter[CPU_MISSES_AT_ONCE],
			  (unsigned long long)cpu->parameter[CPU_WALKS_AT_ONCE]);
}

static void put_setup(struct grid *g, const struct simulation_row *row)
{
	char guest[24], host[24], set[24], stride[24] = "";
	bool guest_shown = row->plan.kind != WALK_UNPAGED, host_shown = row->plan.kind != WALK_NATIVE;

	if (row->stride_bytes != 0)
		(void)size_format(row->stride_bytes, stride);
	grid_put(g, "%s%s%s", workload_table[row->workload].name, stride[0] != '\0' ? " " : "", stride);
	grid_put(g, "%s", walk_kind_name(row->plan.kind));
	grid_put(g, "%s/%s", guest_shown ? size_format(row->plan.guest_leaf_bytes, guest) : "-",
		 host_shown ? size_format(row->plan.host_leaf_bytes, host) : "-");
	grid_put(g, "%s", size_format(row->working_set_bytes, set));
}

static int text_costs(const struct simulation_row *rows, uint32_t count, FILE *out)
{
	static const char *const titles[] = { "-workload", "-tables", "-pages", "set",    "n",     "cycles",
					      "T(n)",      "dTLB %",  "STLB %", "refs/w", "theory" };
	struct grid g;
	int ret;

	grid_init(&g, titles, sizeof(titles) / sizeof(titles[0]));
	for (uint32_t i = 0; i < count; i++) {
		const struct simulation *s = &rows[i].counts;

		put_setup(&g, &rows[i]);
		grid_put(&g, "%llu", (unsigned long long)s->pages);
		grid_put(&g, "%.1f", s->cycles_per_access);
		if (rows[i].have_closed)
			grid_put(&g, "%.1f", rows[i].closed.total_cycles);
		else
			grid_put(&g, "-");
		grid_put(&g, "%.1f", percent(s->dtlb_misses, s->accesses));
		grid_put(&g, "%.1f", percent(s->stlb_misses, s->accesses));
		if (s->walks != 0)
			grid_put(&g, "%.2f", s->references_per_walk);
		else
			grid_put(&g, "-");
		grid_put(&g, "%u", s->theory_references);
	}
	ret = grid_print(&g, -1, out);
	grid_free(&g);
	return ret;
}

static void put_levels(struct grid *g, const uint64_t loads[LEVEL_COUNT])
{
	uint64_t sum = loads[LEVEL_L1] + loads[LEVEL_L2] + loads[LEVEL_L3] + loads[LEVEL_MEMORY];

	if (sum == 0)
		grid_put(g, "-");
	else
		grid_put(g, "%.0f/%.0f/%.0f/%.0f", percent(loads[LEVEL_L1], sum),
			 percent(loads[LEVEL_L2], sum), percent(loads[LEVEL_L3], sum),
			 percent(loads[LEVEL_MEMORY], sum));
}

static void put_share(struct grid *g, uint64_t part, uint64_t whole)
{
	if (whole == 0)
		grid_put(g, "-");
	else
		grid_put(g, "%.0f", percent(part, whole));
}

static int text_loads(const struct simulation_row *rows, uint32_t count, FILE *out)
{
	static const char *const titles[] = {
		"-workload", "-tables", "-pages", "set", "data L1/L2/L3/mem %", "entries L1/L2/L3/mem %",
		"PWC %",     "nTLB %"
	};
	struct grid g;
	int ret;

	grid_init(&g, titles, sizeof(titles) / sizeof(titles[0]));
	for (uint32_t i = 0; i < count; i++) {
		const struct walk_counts *w = &rows[i].counts.walk;
		uint64_t entries[LEVEL_COUNT], begun_below = 0;

		for (int level = 0; level < LEVEL_COUNT; level++)
			entries[level] = w->guest_loads[level] + w->host_loads[level];
		for (int level = 0; level < WALKER_LEVELS; level++)
			begun_below += rows[i].plan.kind == WALK_UNPAGED ? w->host_pwc_hits[level]
									 : w->pwc_hits[level];
		put_setup(&g, &rows[i]);
		put_levels(&g, rows[i].counts.data_loads);
		put_levels(&g, entries);
		put_share(&g, begun_below, rows[i].counts.walks);
		put_share(&g, w->nested_tlb_hits, w->nested_tlb_hits + w->nested_tlb_misses);
	}
	ret = grid_print(&g, -1, out);
	grid_free(&g);
	return ret;
}

int text_simulation(const struct cpu_model *cpu, const struct simulation_row *rows, uint32_t count, FILE *out)
{
	int ret;

	text_head(cpu, out);
	(void)fputc('\n', out);
	ret = text_costs(rows, count, out);
	if (ret != 0)
		return ret;
	(void)fputc('\n', out);
	ret = text_loads(rows, count, out);
	(void)fputc('\n', out);
	text_foot(cpu, rows, count, out);
	return ret;
}
