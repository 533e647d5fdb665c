/*
 * One screen for people: what was asked, what was observed, what it cost, and whether to believe it.
 */
#include "vmm/lab/record/write.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "vmm/lab/pmu/counters.h"
#include "vmm/theory/show/show.h"
#include "vmm/output/output.h"
#include "vmm/output/paragraph.h"
#include "vmm/lab/record/rows.h"
#include "vmm/util/workloads.h"

#define TITLE_ON "\033[1m"
#define GREEN_ON "\033[32m"
#define RED_ON "\033[31m"
#define COLOUR_OFF "\033[0m"

static void text_header(const struct record *rec, FILE *out, bool colour)
{
	const struct host_facts *h = &rec->host;

	(void)fprintf(out, "%sminivmm %s%s%s\n", colour ? TITLE_ON : "", MINIVMM_VERSION,
		      rec->spec.native ? " native" : "", colour ? COLOUR_OFF : "");
	paragraph(out, "host", "Linux %s", h->kernel);
	paragraph(out, "", "%s, %u CPU%s, TSC %.3f GHz", h->cpu_model, h->cpus, h->cpus == 1 ? "" : "s",
		  (double)h->tsc_khz / 1e6);
	if (h->hypervisor && rec->spec.native)
		paragraph(out, "",
			  "This host is itself a virtual machine: these \"native\" figures already are "
			  "two-dimensional, with this host's pages as the first dimension.");
	else if (h->hypervisor)
		paragraph(out, "",
			  "This host is itself a virtual machine: its hypervisor's page tables lie below all "
			  "that is shown here.");
}

static void text_timing(const struct record *rec, FILE *out)
{
	const struct timing_ns *t = &rec->machine.timing;
	char to_main[64] = "";

	if (t->to_guest_main != 0)
		(void)snprintf(to_main, sizeof(to_main), "to guest main %.1f ms, ",
			       (double)t->to_guest_main / 1e6);
	paragraph(out, "time",
		  "populate %.3f s, %sworkloads %.3f s, total %.3f s; minivmm's own memory %.1f MiB",
		  (double)t->populate / 1e9, to_main, (double)t->workloads / 1e9, (double)t->total / 1e9,
		  (double)rec->machine.vmm_rss_bytes / (1024.0 * 1024.0));
}

/* What tlb-probe found: sentences, each with its evidence. */
static void text_tlb(const struct record *rec, FILE *out)
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

/* Which parts have no figure for this reason: "tpr x2apic-read, tpr x2apic-write: ", each once. */
static void name_parts(const struct record *rec, const char *note, char *text, size_t bytes)
{
	bool seen[WORKLOAD_COUNT][VARIANT_COUNT] = { 0 };

	text[0] = '\0';
	for (uint32_t i = 0; i < rec->result_count; i++) {
		const struct result *r = &rec->results[i];
		const char *variant = workload_variant_name(r->variant);

		if (r->sample_count != 0 || strcmp(r->note, note) != 0 || seen[r->workload][r->variant])
			continue;
		seen[r->workload][r->variant] = true;
		if (!append_whole(text, bytes, "%s%s%s%s", text[0] == '\0' ? "" : ", ",
				  workload_table[r->workload].name, variant[0] != '\0' ? " " : "", variant))
			break;
	}
	if (text[0] != '\0')
		(void)append_whole(text, bytes, ": ");
}

static void row_notes(const struct record *rec, FILE *out)
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

static void text_notes(const struct record *rec, FILE *out)
{
	int64_t interrupts = 0, switches = 0;

	row_notes(rec, out);
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

/* What "ok" proves. It says nothing of the host's interrupts and switches: a note counts them. */
static const char *what_is_ok(const struct record *rec)
{
	for (uint32_t i = 0; i < rec->result_count; i++) {
		if (!rec->results[i].may_exit && rec->results[i].counts.exits == 0)
			return ": page sizes are as asked, no exit in a timed part that should have none";
	}
	return ": page sizes are as asked";
}

static void text_verdict(const struct record *rec, FILE *out, bool colour)
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

	text_header(rec, out, colour);
	text_asked(rec, out);
	text_observed(rec, out);
	text_pool(rec, out);
	if (text_results(rec, out) != 0)
		return -ENOMEM;
	text_findings(rec, out);
	text_tlb(rec, out);
	if (rec->prediction != NULL) {
		(void)fputc('\n', out);
		prediction_legend_text(rec->prediction, out);
		if (prediction_text(rec->prediction, out) != 0)
			return -ENOMEM;
	}
	text_pmu(rec, out);
	text_timing(rec, out);
	text_notes(rec, out);
	text_verdict(rec, out, colour);
	return stream_finish(out);
}
