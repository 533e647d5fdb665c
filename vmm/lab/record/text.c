/*
 * One screen for people: what was asked, what was observed, what it cost, and whether to believe it.
 */
#include "vmm/lab/record/rows.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "units.h"
#include "vmm/core/memory/backing.h"
#include "vmm/output/output.h"
#include "vmm/output/paragraph.h"
#include "vmm/theory/show/show.h"
#include "vmm/util/size.h"
#include "vmm/util/text.h"
#include "vmm/util/workloads.h"

#define TITLE_ON "\033[1m"
#define GREEN_ON "\033[32m"
#define RED_ON "\033[31m"
#define COLOUR_OFF "\033[0m"

/* Turbo and neighbours move the core's clock; the TSC's stands still. */
static void put_clock(const struct record *rec, FILE *out)
{
	struct clock_summary clock;

	if (rec->result_count == 0)
		return;
	if (!record_clock(rec, &clock)) {
		paragraph(out, "", "core/TSC not known: latencies are in TSC cycles");
		return;
	}
	paragraph(
		out, "",
		"core/TSC %.3f (%.3f to %.3f); of %u samples the clock moved in %u (by 0.5 %%), %u disturbed "
		"(the core was held up beside them)",
		clock.mean, clock.low, clock.high, clock.samples, clock.moved, clock.disturbed);
}

static void put_header(const struct record *rec, FILE *out, bool colour)
{
	const struct host_facts *h = &rec->host;

	(void)fprintf(out, "%sminivmm %s%s%s\n", colour ? TITLE_ON : "", MINIVMM_VERSION,
		      rec->spec.native ? " native" : "", colour ? COLOUR_OFF : "");
	paragraph(out, "host", "Linux %s", h->kernel);
	paragraph(out, "", "%s, %u CPU%s, TSC %.3f GHz", h->cpu_model, h->cpus, h->cpus == 1 ? "" : "s",
		  (double)h->tsc_khz / 1e6);
	put_clock(rec, out);
	if (h->hypervisor == KNOWN_YES && rec->spec.native)
		paragraph(out, "",
			  "This host is itself a virtual machine: these \"native\" figures already are "
			  "two-dimensional, with this host's pages as the first dimension.");
	else if (h->hypervisor == KNOWN_YES)
		paragraph(out, "",
			  "This host is itself a virtual machine: its hypervisor's page tables lie below all "
			  "that is shown here.");
}

/* What the guest is, beyond its memory. */
static void asked_guest(const struct record *rec, FILE *out)
{
	const char *plural = rec->config.vcpus == 1 ? "" : "s";
	char leaf[24];

	if (rec->spec.native) {
		paragraph(out, "", "%u thread%s, no virtual machine", rec->config.vcpus, plural);
		return;
	}
	paragraph(out, "", "%u vCPU%s%s, guest page tables with %s leaves%s", rec->config.vcpus, plural,
		  rec->config.apic ? " with an APIC inside KVM" : "",
		  size_format(rec->config.guest_page_bytes, leaf),
		  rec->config.guest_ad ? ", accessed and dirty bits set beforehand" : "");
	if (rec->machine.guest.is_foreign)
		paragraph(out, "", "payload %s, %" PRIu64 " bytes, SHA-256 %s", rec->spec.machine.guest_path,
			  rec->machine.guest.bytes, rec->machine.guest.sha256);
}

static void put_asked(const struct record *rec, FILE *out)
{
	const struct machine_spec *r = &rec->spec.machine;
	char memory[24], page[24], window[24], on[48] = "memory", how[64] = "lazily populated";

	if (rec->config.map.alias_bytes != 0)
		(void)snprintf(on, sizeof(on), "guest RAM on %s of memory",
			       size_format(rec->config.map.alias_bytes, window));
	if (r->populate >= POPULATE_PREALLOC)
		(void)snprintf(how, sizeof(how), "preallocated by %u thread%s%s%s",
			       rec->machine.prealloc_threads, rec->machine.prealloc_threads == 1 ? "" : "s",
			       r->populate >= POPULATE_NEAR && r->populate <= POPULATE_NODES ? ", " : "",
			       r->populate == POPULATE_NEAR    ? "near the first vCPU"
			       : r->populate == POPULATE_FAR   ? "far from the first vCPU"
			       : r->populate == POPULATE_NODES ? "one a node"
							       : "");
	paragraph(out, "asked", "%s of %s in %s pages, backing %s%s%s, %s",
		  size_format(rec->config.ram_bytes, memory), on, size_format(rec->config.page_bytes, page),
		  backing_name(r->backing), r->mem_path != NULL ? " " : "",
		  r->mem_path != NULL ? r->mem_path : "", how);
	asked_guest(rec, out);
	if (rec->spec.label != NULL)
		paragraph(out, "label", "%s", rec->spec.label);
	if (rec->config.note[0] != '\0')
		paragraph(out, "", "%s", rec->config.note);
}

static const char *dimension_meaning(enum second_dimension second)
{
	switch (second) {
	case SECOND_EPT:
		return "EPT: hardware walks both dimensions; KVM's leaf follows the backing page";
	case SECOND_NPT:
		return "NPT: hardware walks both dimensions; KVM's leaf follows the backing page";
	case SECOND_SHADOW:
		return "shadow paging: hardware walks one table that KVM keeps; its leaf = min(guest page, backing page)";
	default:
		return "unknown: no leaf rule to check against";
	}
}

static void observed_backing(const struct record *rec, FILE *out)
{
	const struct observed_memory *seen = &rec->machine.observed;
	char page[24] = "mixed", resident[24];

	(void)size_format(seen->rss_bytes, resident);
	if (seen->page_bytes != 0)
		(void)size_format(seen->page_bytes, page);
	if (seen->kernel_page_bytes == 0)
		paragraph(out, "observed", "smaps: not known");
	else if (seen->page_bytes == 0 && seen->rss_bytes == 0)
		paragraph(out, "observed", "smaps: nothing resident");
	else
		paragraph(out, "observed", "smaps: %s pages, %s resident%s%s", page, resident,
			  seen->sealed ? ", sealed" : "",
			  rec->spec.native                 ? ""
			  : rec->machine.gpa_hva_congruent ? "; gpa = hva modulo the largest page"
							   : "; gpa and hva are NOT congruent");
}

/* Nothing else in the text shows that the guest sees the same memory many times. */
static void observed_aliases(const struct record *rec, FILE *out)
{
	uint64_t alias_bytes = rec->config.map.alias_bytes;
	char memory[24], window[24];

	if (alias_bytes == 0)
		return;
	paragraph(out, "",
		  "aliased: %" PRIu64 " of %u memory slots show the guest the same %s of the host, as %s",
		  rec->config.map.arena_bytes / alias_bytes, rec->machine.memory_slots,
		  size_format(alias_bytes, window), size_format(rec->config.map.arena_bytes, memory));
}

/* Slots that are apart from the rule on purpose. */
static void observed_views(const struct record *rec, FILE *out)
{
	const struct memmap *map = &rec->config.map;
	char leaf[24], list[96] = "";

	for (uint32_t i = 0; i < map->view_count; i++)
		append(list, sizeof(list), "%s%s", i == 0 ? "" : ", ",
		       size_format(map->views[i].leaf_bytes, leaf));
	if (map->view_count != 0)
		paragraph(
			out, "",
			"views: %u of %u memory slots show the guest the same memory again, in leaves of at "
			"most: %s",
			map->view_count, rec->machine.memory_slots, list);
}

/* The share in words, in text[0..bytes); "" where it is not known. */
static const char *share_words(const struct record *rec, char *text, size_t bytes)
{
	char leaf[24], touched[24];
	struct leaf_share share;

	text[0] = '\0';
	if (record_leaf_share(rec, &share))
		append(text, bytes, "; %s leaves: %.4g %% of %s touched%s",
		       size_format(share.leaf_bytes, leaf), 100 * share.right,
		       size_format(share.touched_bytes, touched),
		       share.right < 1 && share.rim != 0 ? " (other memory shares the leaves at its rim)"
							 : "");
	return text;
}

/* KVM's leaves and what its tables and faults cost. */
static void observed_kvm(const struct record *rec, FILE *out)
{
	char cost[192] = "", share[128];

	if (!rec->have_kvm_pages) {
		paragraph(out, "", "KVM: installed leaves not known");
		return;
	}
	if (rec->kvm_page_faults >= 0)
		append(cost, sizeof(cost), "; %" PRId64 " page faults", rec->kvm_page_faults);
	if (rec->kvm_tables_bytes >= 0)
		append(cost, sizeof(cost), "; its own tables %.1f MiB%s",
		       (double)rec->kvm_tables_bytes / (1024.0 * 1024.0),
		       rec->kvm_tables_late ? " (late: only root may have it counted anew)" : "");
	paragraph(out, "",
		  "KVM: installed leaves %" PRIu64 " of 4K, %" PRIu64 " of 2M, %" PRIu64 " of 1G%s%s%s",
		  rec->kvm_pages_4k, rec->kvm_pages_2m, rec->kvm_pages_1g,
		  share_words(rec, share, sizeof(share)),
		  rows_any(rec, row_logs_dirty) ? ", each at its peak: to log dirty pages splits leaves" : "",
		  cost);
}

static void put_observed(const struct record *rec, FILE *out)
{
	char leaf[24], levels[24] = "";

	observed_backing(rec, out);
	observed_aliases(rec, out);
	observed_views(rec, out);
	if (rec->spec.native)
		return;
	observed_kvm(rec, out);
	if (rec->host.second_dimension_levels != 0)
		(void)snprintf(levels, sizeof(levels), " in %" PRIu32 " levels",
			       rec->host.second_dimension_levels);
	paragraph(out, "", "second dimension (%s%s): %s%s%s", rec->host.kvm_module, levels,
		  dimension_meaning(rec->host.second_dimension),
		  leaf_expected_bytes(rec) != 0 ? ", here " : "",
		  leaf_expected_bytes(rec) != 0 ? size_format(leaf_expected_bytes(rec), leaf) : "");
}

static void put_pool(const struct record *rec, FILE *out)
{
	char page[24];

	if (rec->machine.pool_page_bytes == 0)
		return;
	(void)fprintf(out, "\npool %-10s%9s%9s%9s%9s   (pages of %s, as in /proc/meminfo)\n", "", "Total",
		      "Free", "Rsvd", "Surp", size_format(rec->machine.pool_page_bytes, page));
	for (int moment = 0; moment < POOL_MOMENTS; moment++) {
		const struct pool_counts *c = &rec->machine.pool[moment];

		(void)fprintf(out, "  %-13s", pool_moment_name(moment));
		if (pool_moment_known(rec, moment))
			(void)fprintf(out, "%9" PRIu64 "%9" PRIu64 "%9" PRIu64 "%9" PRIu64 "\n", c->total,
				      c->free, c->reserved, c->surplus);
		else
			(void)fprintf(out, "%9s%9s%9s%9s\n", "-", "-", "-", "-");
	}
}

static void put_timing(const struct record *rec, FILE *out)
{
	const struct timing_ns *t = &rec->machine.timing;
	char to_main[64] = "", own[32] = "not known";

	if (rec->machine.vmm_rss_bytes != 0)
		(void)snprintf(own, sizeof(own), "%.1f MiB", (double)rec->machine.vmm_rss_bytes / MIB);
	if (t->to_guest_main != 0)
		(void)snprintf(to_main, sizeof(to_main), "to guest main %.1f ms, ",
			       (double)t->to_guest_main / 1e6);
	paragraph(out, "time", "populate %.3f s, %sworkloads %.3f s, total %.3f s; minivmm's own memory %s",
		  (double)t->populate / 1e9, to_main, (double)t->workloads / 1e9, (double)t->total / 1e9,
		  own);
}

/* What tlb-probe found: sentences, each with its evidence. */
static void put_tlb(const struct record *rec, FILE *out)
{
	char lines[TLB_MAX_LINES][TLB_LINE_BYTES];
	uint32_t count = rec->have_tlb ? tlb_findings_lines(&rec->tlb, lines) : 0;

	for (uint32_t i = 0; i < count && i < TLB_MAX_LINES; i++)
		paragraph(out, i == 0 ? "tlb found" : "", "%s", lines[i]);
}

static bool note_is_new(const struct record *rec, uint32_t row)
{
	const char *note = rec->results[row].note;

	if (note[0] == '\0')
		return false;
	for (uint32_t i = 0; i < row; i++) {
		if (strcmp(rec->results[i].note, note) == 0)
			return false;
	}
	return true;
}

/* Which parts a note is about: "tpr x2apic-read, tpr x2apic-write: ", each once. */
static void name_parts(const struct record *rec, const char *note, char *text, size_t bytes)
{
	bool seen[WORKLOAD_COUNT][VARIANT_COUNT] = { 0 };

	text[0] = '\0';
	for (uint32_t i = 0; i < rec->result_count; i++) {
		const struct result *r = &rec->results[i];
		char name[48];

		if (strcmp(r->note, note) != 0 || seen[r->workload][r->variant])
			continue;
		seen[r->workload][r->variant] = true;
		if (!append_whole(text, bytes, "%s%s", text[0] == '\0' ? "" : ", ",
				  row_name(r, name, sizeof(name))))
			break;
	}
	if (text[0] != '\0')
		(void)append_whole(text, bytes, ": ");
}

static void put_row_notes(const struct record *rec, FILE *out)
{
	char parts[512], slowdown[128] = "", times[48];

	for (uint32_t i = 0; i < rec->result_count; i++) {
		const char *note = rec->results[i].note;
		bool is_ring0 = strcmp(note, unavailable_text(UNAVAILABLE_RING0)) == 0;

		if (!note_is_new(rec, i))
			continue;
		if (is_ring0 && rec->ring0_slowdown > 0) {
			format_real(rec->ring0_slowdown, times, sizeof(times));
			(void)snprintf(slowdown, sizeof(slowdown),
				       " (one loop took %s times as long there as in ring 3)", times);
		}
		name_parts(rec, note, parts, sizeof(parts));
		paragraph(out, "note", "%s%s%s", parts, note, is_ring0 ? slowdown : "");
	}
}

static void put_notes(const struct record *rec, FILE *out)
{
	int64_t interrupts = 0, switches = 0;

	put_row_notes(rec, out);
	for (uint32_t i = 0; i < rec->result_count; i++) {
		const struct result *r = &rec->results[i];

		if (!row_is_single(r))
			continue;
		interrupts += r->counts.interrupts > 0 ? r->counts.interrupts : 0;
		switches += r->counts.switches > 0 ? r->counts.switches : 0;
	}
	if (interrupts != 0 || switches != 0)
		paragraph(out, "note",
			  "inside the timed phases the host took %" PRId64 " interrupts and %" PRId64
			  " involuntary switches; the minimum feels that least",
			  interrupts, switches);
	if (rec->machine.strays.total != 0)
		paragraph(out, "note",
			  "accesses of the guest to ports or MMIO addresses where no device is: %" PRIu64,
			  rec->machine.strays.total);
}

/* What "ok" proves. The host's interrupts and switches are no part of it: a note counts them. */
static const char *what_is_ok(const struct record *rec)
{
	for (uint32_t i = 0; i < rec->result_count; i++) {
		if (!rec->results[i].may_exit && rec->results[i].counts.exits == 0)
			return ": page sizes are as asked, no exit in a timed part that should have none";
	}
	return ": page sizes are as asked";
}

static void put_verdict(const struct record *rec, FILE *out, bool colour)
{
	const char *on = rec->verdict == VERDICT_OK ? GREEN_ON : RED_ON;

	(void)fprintf(out, "%-*s%s%s%s%s\n", LABEL_COLUMNS, "verdict", colour ? on : "",
		      verdict_name(rec->verdict), colour ? COLOUR_OFF : "",
		      rec->verdict == VERDICT_OK && rec->reason_count == 0 ? what_is_ok(rec) : "");
	for (uint32_t i = 0; i < rec->reason_count && i < RECORD_MAX_REASONS; i++)
		paragraph(out, "", "- %s", rec->reasons[i]);
}

int record_text(const struct record *rec, FILE *out)
{
	const bool colour = isatty(fileno(out)) == 1;

	put_header(rec, out, colour);
	put_asked(rec, out);
	put_observed(rec, out);
	put_pool(rec, out);
	if (put_results(rec, out) != 0)
		return -ENOMEM;
	put_findings(rec, out);
	put_histograms(rec, out);
	put_tlb(rec, out);
	if (rec->prediction != NULL) {
		(void)fputc('\n', out);
		prediction_legend_text(rec->prediction, out);
		if (prediction_text(rec->prediction, out) != 0)
			return -ENOMEM;
	}
	put_pmu(rec, out);
	put_timing(rec, out);
	put_notes(rec, out);
	put_verdict(rec, out, colour);
	return stream_finish(out);
}
