/*
 * Findings of tlb-probe in record and text. A finding that was not made is null, never 0.
 */
#include "vmm/lab/record/emit_tlb.h"

#include "vmm/output/json.h"
#include "vmm/output/paragraph.h"

static json_t *knee_json(const struct tlb_knee *knee)
{
	json_t *o;

	if (!knee->found)
		return json_null();
	o = json_object();
	json_put(&o, "stride_bytes", json_u64(knee->stride_bytes));
	json_put(&o, "low_pages", json_u64(knee->low_pages));
	json_put(&o, "high_pages", json_u64(knee->high_pages));
	json_put(&o, "low_cycles", json_real(knee->low_cycles));
	json_put(&o, "high_cycles", json_real(knee->high_cycles));
	return o;
}

static json_t *level_json(const struct tlb_level *level)
{
	json_t *o = json_object();

	json_put(&o, "reach", knee_json(&level->reach));
	json_put(&o, "sets", json_string(tlb_sets_name(level->sets)));
	json_put(&o, "ways", knee_json(&level->ways));
	return o;
}

json_t *tlb_json(const struct record *rec)
{
	const struct tlb_findings *f = &rec->tlb;
	json_t *o;

	if (!rec->have_tlb)
		return json_null();
	o = json_object();
	json_put(&o, "leaf_bytes", json_u64(f->leaf_bytes));
	json_put(&o, "base_cycles", json_real(f->base_cycles));
	json_put(&o, "miss_cycles", f->miss_cycles > 0 ? json_real(f->miss_cycles) : json_null());
	json_put(&o, "dtlb", level_json(&f->dtlb));
	json_put(&o, "stlb", level_json(&f->stlb));
	json_put(&o, "fracture", json_string(tlb_fracture_name(f->fracture)));
	json_put(&o, "inside", knee_json(&f->inside));
	json_put(&o, "inside_pages", json_u64_or_null(f->inside_pages));
	return o;
}

void text_tlb(const struct record *rec, FILE *out)
{
	char lines[TLB_MAX_LINES][TLB_LINE_BYTES];
	uint32_t count = rec->have_tlb ? tlb_findings_lines(&rec->tlb, lines) : 0;

	for (uint32_t i = 0; i < count && i < TLB_MAX_LINES; i++)
		paragraph(out, i == 0 ? "tlb found" : "", "%s", lines[i]);
}
