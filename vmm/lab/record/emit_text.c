/*
 * One screen for people: what was asked, what was observed (with the proof), what it cost, and whether to believe it.
 */
#include "vmm/lab/record/emit.h"

#include <errno.h>
#include <unistd.h>

#include "vmm/lab/pmu/counters.h"
#include "vmm/theory/show/show.h"
#include "vmm/lab/record/emit_tlb.h"
#include "vmm/output/output.h"
#include "vmm/output/paragraph.h"
#include "vmm/lab/record/text_table.h"

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

/* What "ok" stands for, and no more: interrupts and switches are the host's, and stand in a note. */
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
