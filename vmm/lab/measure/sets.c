/* The kinds of working set: how many pages a workload has where the user names none, and how far apart they lie. */
#include <errno.h>

#include "layout.h"
#include "units.h"
#include "vmm/lab/measure/plan.h"
#include "vmm/util/size.h"

#define LARGE_SET_BYTES (256 * MIB)

static const uint32_t series_pages[] = { 64, 128, 1024, 4096, 65536 };
static const uint32_t twin_pages[] = { 1024, 4096, 32768, 131072 };
static const uint32_t hot_pages[] = { 16, 64, 256, 1024 };
/* Two sizes an octave: fine enough that each usual size of a TLB shows as a knee of its own. */
static const uint32_t probe_pages[] = { 4,   6,   8,   12,  16,  24,   32,   48,   64,   96,  128,
					192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096 };

_Static_assert(COUNT_OF(probe_pages) <= SPEC_MAX_SETS, "the longest list of its own fits");

/* A cache line is the control: it needs next to no translation. The others are the spans of an entry of each level. */
static const uint64_t level_strides[] = { CACHE_LINE_BYTES, PAGE_4K, PAGE_2M, PAGE_1G, 512 * PAGE_1G };

/* Set and way of a TLB come from the address: doubling the stride drops one index bit after the other. */
#define PROBE_LARGEST_MULTIPLE 256
/* So many pages inside a leaf show whether the TLB keeps the leaf as pieces of 4 KiB or 2 MiB. */
#define INSIDE_MAX_PAGES 512

static uint32_t levels(struct config *c, uint64_t *strides_bytes)
{
	uint32_t count = 0;
	char leaf[24];

	for (size_t i = 0; i < COUNT_OF(level_strides); i++) {
		if (i == 0 || level_strides[i] >= c->guest_page_bytes)
			strides_bytes[count++] = level_strides[i];
		else
			note_add(c, "strides below the page of %s left out",
				 size_format(c->guest_page_bytes, leaf));
	}
	return count;
}

static uint32_t probes(struct config *c, uint64_t *strides_bytes)
{
	uint32_t count = 0;

	strides_bytes[count++] = CACHE_LINE_BYTES;
	for (uint64_t inside = PAGE_4K; inside < c->guest_page_bytes; inside *= PAGE_2M / PAGE_4K)
		strides_bytes[count++] = inside;
	for (uint64_t multiple = 1; multiple <= PROBE_LARGEST_MULTIPLE; multiple *= 2)
		strides_bytes[count++] = multiple * c->guest_page_bytes;
	return count;
}

_Static_assert(1 + 2 + 9 <= STRIDES_MAX && PROBE_LARGEST_MULTIPLE == 1 << 8,
	       "the control, two inside a leaf of 1G, nine beyond");

const struct set_kind set_kinds[SET_COUNT] = {
	[SET_ARENA] = { .help = "all of the vCPU's memory" },
	[SET_SERIES] = { .help = "64, 128, 1024, 4096 and 65536 pages, if they fit",
			 .pages = series_pages,
			 .page_count = COUNT_OF(series_pages) },
	[SET_LARGE] = { .help = "256M, or all of the vCPU's memory where that is less",
			.one_bytes = LARGE_SET_BYTES },
	[SET_HOT] = { .help = "16, 64, 256 and 1024 pages, if they fit",
		      .pages = hot_pages,
		      .page_count = COUNT_OF(hot_pages) },
	[SET_NONE] = { .help = "none, whatever --working-set names: it touches next to no memory",
		       .is_fixed = true,
		       .one_bytes = PAGE_4K },
	[SET_LEVELS] = { .help = "64, 128, 1024, 4096 and 65536 pages, if they fit; each at strides of 64 bytes (the "
				 "control), 4K, 2M, 1G and 512G, if there are addresses for them",
			 .pages = series_pages,
			 .page_count = COUNT_OF(series_pages),
			 .strides = levels },
	[SET_TWIN] = { .help = "1024, 4096, 32768 and 131072 pages, if they and what they need beside them fit",
		       .pages = twin_pages,
		       .page_count = COUNT_OF(twin_pages) },
	[SET_PROBE] = { .help = "4, 6, 8, 12, 16 and so on to 4096 pages; each at strides of 64 bytes (the control), of "
				"1 to 256 guest pages (natively pages of the backing) and, where those are large, "
				"inside one",
			.pages = probe_pages,
			.page_count = COUNT_OF(probe_pages),
			.strides = probes,
			.inside_pages = INSIDE_MAX_PAGES },
};

static int refuse_small(uint64_t set_bytes, uint64_t least_bytes, const struct config *c, struct error *e)
{
	char set[24], least[24], leaf[24];
	int ret;

	if (least_bytes == PAGE_4K)
		return error_set(e, STATUS_USAGE, 0, "--working-set", "%s is less than one page of 4K",
				 size_format(set_bytes, set));
	ret = error_set(e, STATUS_USAGE, 0, "--working-set",
			"%s is less than two pages of %s, which this workload needs",
			size_format(set_bytes, set), size_format(c->guest_page_bytes, leaf));
	error_hint(e, "--working-set %s%s", size_format(least_bytes, least),
		   plan_is_native(c) || c->guest_page_bytes == PAGE_4K ? "" : ", or a smaller --guest-page");
	return ret;
}

/* In whole 4 KiB, the same for every workload. */
static int sets_named(const struct run_spec *r, uint64_t least_bytes, uint64_t most_bytes, struct config *c,
		      uint64_t *sets_bytes, struct error *e)
{
	int count = 0;

	for (uint32_t i = 0; i < r->work.set_count && i < SPEC_MAX_SETS; i++) {
		char asked[24], rounded[24];
		uint64_t bytes = 0;

		if (r->work.sets_bytes[i] < least_bytes)
			return refuse_small(r->work.sets_bytes[i], least_bytes, c, e);
		if (!checked_align_up(r->work.sets_bytes[i], PAGE_4K, &bytes) || bytes > most_bytes)
			return refuse_large_set(c, r->work.sets_bytes[i] + plan_slice_bytes(c) - most_bytes,
						e);
		if (bytes != r->work.sets_bytes[i])
			note_add(c, "working set of %s rounded up to %s",
				 size_format(r->work.sets_bytes[i], asked), size_format(bytes, rounded));
		sets_bytes[count++] = bytes;
	}
	return count;
}

/* As much of the list as fits; the whole slice where not even the first does; none smaller than the least. */
static int sets_default(const struct set_kind *kind, uint64_t least_bytes, uint64_t slice_bytes,
			struct config *c, uint64_t *sets_bytes)
{
	const uint32_t *pages = kind->pages;
	char slice[24], least[24];
	int count = 0;

	if (pages[0] * PAGE_4K > slice_bytes) {
		note_add(c, "working sets clipped to %s, all that each vCPU has",
			 size_format(slice_bytes, slice));
		sets_bytes[0] = slice_bytes;
		return 1;
	}
	if (pages[0] * PAGE_4K < least_bytes)
		note_add(c, "working sets below two guest pages raised to %s",
			 size_format(least_bytes, least));
	for (size_t i = 0; i < kind->page_count; i++) {
		uint64_t bytes = max_u64(pages[i] * PAGE_4K, least_bytes);

		if (bytes > slice_bytes) {
			note_add(c, "%u pages%s do not fit the %s of each vCPU: left out", pages[i],
				 i + 1 < kind->page_count ? " and more" : "",
				 size_format(slice_bytes, slice));
			break;
		}
		if (count == 0 || sets_bytes[count - 1] != bytes)
			sets_bytes[count++] = bytes;
	}
	return count;
}

int sets_choose(const struct run_spec *r, const struct workload_info *workload, struct config *c,
		uint64_t *sets_bytes, struct error *e)
{
	const struct set_kind *kind = &set_kinds[workload->default_set];
	uint64_t least_bytes = needs_least_bytes(workload, c);
	uint64_t slice_bytes = needs_most_bytes(workload, c);

	if (r->work.set_count > 0 && !kind->is_fixed)
		return sets_named(r, least_bytes, slice_bytes, c, sets_bytes, e);
	if (kind->pages != NULL)
		return sets_default(kind, least_bytes, slice_bytes, c, sets_bytes);
	sets_bytes[0] = slice_bytes;
	if (kind->is_fixed)
		sets_bytes[0] = kind->one_bytes;
	else if (kind->one_bytes != 0)
		sets_bytes[0] = min_u64(max_u64(kind->one_bytes, least_bytes), slice_bytes);
	return 1;
}

uint32_t strides_of(enum default_set set, struct config *c, uint64_t *strides_bytes)
{
	if (set_kinds[set].strides != NULL)
		return set_kinds[set].strides(c, strides_bytes);
	strides_bytes[0] = 0;
	return 1;
}

bool strides_fit(enum default_set set, uint64_t set_bytes, uint64_t stride_bytes, struct config *c)
{
	uint64_t window_bytes = plan_is_native(c) ? plan_slice_bytes(c) : WINDOW_BYTES;
	uint64_t pages = set_bytes / PAGE_4K;
	uint64_t span_bytes;
	char window[24];

	if (stride_bytes == 0)
		return true;
	/* Left out without a note: more pages inside a leaf would show nothing more. */
	if (set_kinds[set].inside_pages != 0 && stride_bytes != CACHE_LINE_BYTES &&
	    stride_bytes < c->guest_page_bytes && pages > set_kinds[set].inside_pages)
		return false;
	if (checked_mul(pages, stride_bytes, &span_bytes) && span_bytes <= window_bytes)
		return true;
	note_add(c, "left out: steps whose pages x stride exceed %s, %s", size_format(window_bytes, window),
		 plan_is_native(c) ? "all that each thread has" : "the address space for them");
	return false;
}
