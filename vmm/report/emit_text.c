/*
 * One screen for people: what was asked, what was observed (with the proof), what it cost, and whether to believe it.
 */
#include "vmm/report/emit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/cli/size.h"
#include "vmm/mem/backing.h"
#include "vmm/report/emit_pmu.h"
#include "vmm/report/leaf.h"
#include "vmm/report/paragraph.h"
#include "vmm/report/pool_rows.h"
#include "vmm/report/text_table.h"

#define TITLE_ON "\033[1m"
#define GREEN_ON "\033[32m"
#define RED_ON "\033[31m"
#define COLOUR_OFF "\033[0m"

static void text_header(const struct record *rec, FILE *out, bool colour)
{
	const struct host_facts *h = &rec->host;

	(void)fprintf(out, "%sminivmm %s%s%s\n", colour ? TITLE_ON : "", MINIVMM_VERSION,
		      rec->native ? " native" : "", colour ? COLOUR_OFF : "");
	paragraph(out, "host", "Linux %s", h->kernel);
	paragraph(out, "", "%s, %u CPU%s, TSC %.3f GHz", h->cpu_model, h->cpus, h->cpus == 1 ? "" : "s",
		  (double)h->tsc_khz / 1e6);
	if (h->hypervisor && rec->native)
		paragraph(out, "",
			  "This host is itself a virtual machine: these \"native\" figures already are "
			  "two-dimensional, with this host's pages as the first dimension.");
	else if (h->hypervisor)
		paragraph(out, "",
			  "This host is itself a virtual machine: its hypervisor's page tables lie below all "
			  "that is shown here.");
}

static void text_asked(const struct record *rec, FILE *out)
{
	const struct request *r = &rec->request;
	char memory[24], page[24], leaf[24], how[64] = "lazily populated";

	(void)size_format(rec->config.ram_bytes, memory);
	(void)size_format(rec->config.page_bytes, page);
	(void)size_format(rec->config.guest_page_bytes, leaf);
	if (r->prealloc)
		(void)snprintf(how, sizeof(how), "preallocated by %u thread%s", rec->prealloc_threads,
			       rec->prealloc_threads == 1 ? "" : "s");
	paragraph(out, "asked", "%s of memory in %s pages, backing %s%s%s, %s", memory, page,
		  backing_name(r->backing), r->mem_path != NULL ? " " : "",
		  r->mem_path != NULL ? r->mem_path : "", how);
	if (rec->native)
		paragraph(out, "", "%u thread%s, no virtual machine", rec->config.vcpus,
			  rec->config.vcpus == 1 ? "" : "s");
	else
		paragraph(out, "", "%u vCPU%s, guest page tables with %s leaves", rec->config.vcpus,
			  rec->config.vcpus == 1 ? "" : "s", leaf);
	if (rec->config.note[0] != '\0')
		paragraph(out, "", "%s", rec->config.note);
}

static const char *dimension_meaning(const char *kind)
{
	if (strcmp(kind, "ept") == 0)
		return "EPT: hardware walks both dimensions; KVM's leaf follows the backing page";
	if (strcmp(kind, "npt") == 0)
		return "NPT: hardware walks both dimensions; KVM's leaf follows the backing page";
	if (strcmp(kind, "shadow") == 0)
		return "shadow paging: hardware walks one table that KVM keeps; its leaf = min(guest page, "
		       "backing "
		       "page)";
	return "unknown: no leaf rule to check against";
}

static void text_observed(const struct record *rec, FILE *out)
{
	const struct observed_memory *seen = &rec->observed;
	char page[24] = "mixed", resident[24], leaf[24], levels[24] = "";

	(void)size_format(seen->rss_bytes, resident);
	if (seen->page_bytes != 0)
		(void)size_format(seen->page_bytes, page);
	if (seen->page_bytes == 0 && seen->rss_bytes == 0)
		paragraph(out, "observed", "smaps: nothing resident");
	else
		paragraph(out, "observed", "smaps: %s pages, %s resident%s", page, resident,
			  rec->native              ? ""
			  : rec->gpa_hva_congruent ? "; gpa = hva modulo the largest page"
						   : "; gpa and hva are NOT congruent");
	if (rec->native)
		return;
	if (rec->have_kvm_pages)
		paragraph(out, "",
			  "KVM: installed leaves %" PRIu64 " of 4K, %" PRIu64 " of 2M, %" PRIu64 " of 1G",
			  rec->kvm_pages_4k, rec->kvm_pages_2m, rec->kvm_pages_1g);
	else
		paragraph(out, "", "KVM: installed leaves not known");
	if (rec->host.second_dimension_levels != 0)
		(void)snprintf(levels, sizeof(levels), " in %" PRIu32 " levels",
			       rec->host.second_dimension_levels);
	paragraph(out, "", "second dimension (%s%s): %s%s%s", rec->host.kvm_module, levels,
		  dimension_meaning(rec->host.second_dimension),
		  leaf_expected_bytes(rec) != 0 ? ", here " : "",
		  leaf_expected_bytes(rec) != 0 ? size_format(leaf_expected_bytes(rec), leaf) : "");
}

/* The pool at each moment in /proc/meminfo's terms. */
static void text_pool(const struct record *rec, FILE *out)
{
	char page[24];

	if (rec->pool_page_bytes == 0)
		return;
	(void)fprintf(out, "\npool %-10s%9s%9s%9s%9s   (pages of %s, as in /proc/meminfo)\n", "", "Total",
		      "Free", "Rsvd", "Surp", size_format(rec->pool_page_bytes, page));
	for (int moment = 0; moment < POOL_MOMENTS; moment++) {
		const struct pool_counts *c = &rec->pool[moment];

		(void)fprintf(out, "  %-13s", pool_moment_name(moment));
		if (pool_moment_known(rec, moment))
			(void)fprintf(out, "%9" PRIu64 "%9" PRIu64 "%9" PRIu64 "%9" PRIu64 "\n", c->total,
				      c->free, c->reserved, c->surplus);
		else
			(void)fprintf(out, "%9s%9s%9s%9s\n", "-", "-", "-", "-");
	}
}

static void text_timing(const struct record *rec, FILE *out)
{
	const struct timing_ns *t = &rec->timing;
	char to_main[64] = "";

	if (t->to_guest_main != 0)
		(void)snprintf(to_main, sizeof(to_main), "to guest main %.1f ms, ",
			       (double)t->to_guest_main / 1e6);
	paragraph(out, "time",
		  "populate %.3f s, %sworkloads %.3f s, total %.3f s; minivmm's own memory %.1f MiB",
		  (double)t->populate / 1e9, to_main, (double)t->workloads / 1e9, (double)t->total / 1e9,
		  (double)rec->vmm_rss_bytes / (1024.0 * 1024.0));
}

/* What "ok" stands for, and no more: interrupts and switches are the host's, and stand in a note. */
static const char *what_is_ok(const struct record *rec)
{
	for (uint32_t i = 0; i < rec->result_count; i++) {
		if (!rec->results[i].may_exit && rec->results[i].counts.exits == 0)
			return ": page sizes are as asked, the guest made no exit in a timed part";
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

int emit_text(const struct record *rec, FILE *out, bool colour)
{
	text_header(rec, out, colour);
	text_asked(rec, out);
	text_observed(rec, out);
	text_pool(rec, out);
	text_results(rec, out);
	text_translation_cost(rec, out);
	text_pmu(rec, out);
	text_timing(rec, out);
	text_notes(rec, out);
	text_verdict(rec, out, colour);
	if (fflush(out) != 0)
		return -errno;
	return ferror(out) != 0 ? -EIO : 0;
}
