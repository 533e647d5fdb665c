/*
 * The findings as sentences.
 */
#include <inttypes.h>

#include "vmm/theory/walk/tlb_probe.h"
#include "vmm/util/text.h"
#include "vmm/util/names.h"
#include "vmm/util/size.h"

static const struct names sets_names = NAMES_OF([TLB_SETS_UNKNOWN] = "unknown", [TLB_SETS_LINEAR] = "linear",
						[TLB_SETS_MORE] = "not-reached", [TLB_SETS_NONE] = "none");
static const struct names fracture_names =
	NAMES_OF([TLB_FRACTURE_UNKNOWN] = "unknown", [TLB_FRACTURE_WHOLE] = "whole", [TLB_FRACTURE_4K] = "4K",
		 [TLB_FRACTURE_2M] = "2M");

const char *tlb_sets_name(enum tlb_sets sets)
{
	return name_of(&sets_names, sets);
}

const char *tlb_fracture_name(enum tlb_fracture fracture)
{
	return name_of(&fracture_names, fracture);
}

/* "64 to 95", "16", "fewer than 4": what a knee leaves open. */
static void add_count(char line[TLB_LINE_BYTES], const struct tlb_knee *k)
{
	if (k->low_pages == 0)
		append(line, TLB_LINE_BYTES, "fewer than %" PRIu64, k->high_pages);
	else if (k->high_pages == k->low_pages + 1)
		append(line, TLB_LINE_BYTES, "%" PRIu64, k->low_pages);
	else
		append(line, TLB_LINE_BYTES, "%" PRIu64 " to %" PRIu64, k->low_pages, k->high_pages - 1);
}

static void add_evidence(char line[TLB_LINE_BYTES], const struct tlb_knee *k)
{
	char stride[24];

	if (k->low_pages == 0)
		append(line, TLB_LINE_BYTES, " (%" PRIu64 " pages %.1f cycles, stride %s)", k->high_pages,
		       k->high_cycles, size_format(k->stride_bytes, stride));
	else
		append(line, TLB_LINE_BYTES, " (%" PRIu64 " pages %.1f cycles, %" PRIu64 " %.1f, stride %s)",
		       k->low_pages, k->low_cycles, k->high_pages, k->high_cycles,
		       size_format(k->stride_bytes, stride));
}

static void put_level(char line[TLB_LINE_BYTES], const char *name, const struct tlb_level *level)
{
	line[0] = '\0';
	append(line, TLB_LINE_BYTES, "%s: ", name);
	if (!level->reach.found) {
		append(line, TLB_LINE_BYTES, "not found");
		return;
	}
	add_count(line, &level->reach);
	append(line, TLB_LINE_BYTES, " entries");
	add_evidence(line, &level->reach);
	switch (level->sets) {
	case TLB_SETS_LINEAR:
		append(line, TLB_LINE_BYTES, "; ");
		add_count(line, &level->ways);
		append(line, TLB_LINE_BYTES, " ways");
		add_evidence(line, &level->ways);
		break;
	case TLB_SETS_MORE:
		append(line, TLB_LINE_BYTES, "; fewer than %" PRIu64 " ways", level->ways.high_pages);
		add_evidence(line, &level->ways);
		break;
	case TLB_SETS_NONE:
		append(line, TLB_LINE_BYTES,
		       "; the same at every stride: fully associative, or a hashed index");
		break;
	case TLB_SETS_UNKNOWN:
	default:
		append(line, TLB_LINE_BYTES, "; sets and ways not found");
		break;
	}
}

static void put_fracture(char line[TLB_LINE_BYTES], const struct tlb_findings *f)
{
	char leaf[24];

	line[0] = '\0';
	(void)size_format(f->leaf_bytes, leaf);
	if (f->fracture == TLB_FRACTURE_WHOLE) {
		append(line, TLB_LINE_BYTES,
		       "a %s page is one entry: no rise up to %" PRIu64 " places inside one", leaf,
		       f->inside_pages);
		return;
	}
	append(line, TLB_LINE_BYTES, "a %s page is fractured below into entries of %s", leaf,
	       tlb_fracture_name(f->fracture));
	add_evidence(line, &f->inside);
	append(line, TLB_LINE_BYTES, ": the counts above are of such entries");
}

uint32_t tlb_findings_lines(const struct tlb_findings *f, char lines[TLB_MAX_LINES][TLB_LINE_BYTES])
{
	uint32_t count = 0;

	lines[count][0] = '\0';
	append(lines[count], TLB_LINE_BYTES, "a load that misses no TLB: %.1f cycles", f->base_cycles);
	if (f->miss_cycles > 0)
		append(lines[count], TLB_LINE_BYTES, "; one beyond the first level: %.1f", f->miss_cycles);
	count++;
	put_level(lines[count++], "first level (dTLB)", &f->dtlb);
	put_level(lines[count++], "second level (STLB)", &f->stlb);
	if (f->fracture != TLB_FRACTURE_UNKNOWN)
		put_fracture(lines[count++], f);
	return count;
}
