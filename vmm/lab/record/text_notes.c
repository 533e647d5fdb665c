/*
 * Notes of the text report: why a row has no figure, and what the host did meanwhile.
 */
#include "vmm/lab/record/text_table.h"

#include <inttypes.h>
#include <string.h>

#include "vmm/util/text.h"
#include "vmm/util/workloads.h"
#include "vmm/output/paragraph.h"
#include "vmm/lab/record/rows.h"

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

void text_notes(const struct record *rec, FILE *out)
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
			  "accesses of the guest to ports or MMIO addresses that nobody serves: %" PRIu64,
			  rec->machine.strays.total);
}
