/*
 * What was asked beside what was observed: the proof that stands before any figure.
 */
#include "vmm/lab/record/write.h"

#include <inttypes.h>
#include <string.h>

#include "vmm/util/size.h"
#include "vmm/util/text.h"
#include "vmm/core/memory/backing.h"
#include "vmm/lab/record/rows.h"
#include "vmm/output/paragraph.h"

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
}

void text_asked(const struct record *rec, FILE *out)
{
	const struct machine_spec *r = &rec->spec.machine;
	char memory[24], page[24], window[24], how[64] = "lazily populated";
	uint64_t alias_bytes = rec->config.map.alias_bytes;

	(void)size_format(rec->config.ram_bytes, memory);
	(void)size_format(rec->config.page_bytes, page);
	if (r->populate >= POPULATE_PREALLOC)
		(void)snprintf(how, sizeof(how), "preallocated by %u thread%s", rec->machine.prealloc_threads,
			       rec->machine.prealloc_threads == 1 ? "" : "s");
	if (alias_bytes != 0)
		paragraph(out, "asked", "%s of guest RAM on %s of memory in %s pages, backing %s%s%s, %s",
			  memory, size_format(alias_bytes, window), page, backing_name(r->backing),
			  r->mem_path != NULL ? " " : "", r->mem_path != NULL ? r->mem_path : "", how);
	else
		paragraph(out, "asked", "%s of memory in %s pages, backing %s%s%s, %s", memory, page,
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
	if (seen->page_bytes == 0 && seen->rss_bytes == 0)
		paragraph(out, "observed", "smaps: nothing resident");
	else
		paragraph(out, "observed", "smaps: %s pages, %s resident%s", page, resident,
			  rec->spec.native                 ? ""
			  : rec->machine.gpa_hva_congruent ? "; gpa = hva modulo the largest page"
							   : "; gpa and hva are NOT congruent");
}

/* The same memory many times over: nothing else here would show it. */
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

/* KVM's leaves and what its tables and faults cost. */
static void observed_kvm(const struct record *rec, FILE *out)
{
	char cost[128] = "";

	if (!rec->have_kvm_pages) {
		paragraph(out, "", "KVM: installed leaves not known");
		return;
	}
	if (rec->kvm_page_faults >= 0)
		append(cost, sizeof(cost), "; %" PRId64 " page faults", rec->kvm_page_faults);
	if (rec->kvm_tables_bytes >= 0)
		append(cost, sizeof(cost), "; its own tables %.1f MiB",
		       (double)rec->kvm_tables_bytes / (1024.0 * 1024.0));
	paragraph(out, "",
		  "KVM: installed leaves %" PRIu64 " of 4K, %" PRIu64 " of 2M, %" PRIu64 " of 1G%s%s",
		  rec->kvm_pages_4k, rec->kvm_pages_2m, rec->kvm_pages_1g,
		  rows_any(rec, row_logs_dirty) ? ", each at its peak: to log dirty pages splits leaves" : "",
		  cost);
}

void text_observed(const struct record *rec, FILE *out)
{
	char leaf[24], levels[24] = "";

	observed_backing(rec, out);
	observed_aliases(rec, out);
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

void text_pool(const struct record *rec, FILE *out)
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
