#include "vmm/lab/measure/sets.h"

#include "units.h"
#include "vmm/util/size.h"
#include "vmm/lab/measure/needs.h"
#include "vmm/core/machine/note.h"
#include "vmm/lab/measure/room.h"

#define LARGE_SET_BYTES (256 * MIB)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const uint32_t series_pages[] = { 64, 128, 1024, 4096, 65536 };
static const uint32_t hot_pages[] = { 16, 64, 256, 1024 };
/* Two to an octave: between two of them a TLB of any usual size lies at one knee only. */
static const uint32_t probe_pages[] = { 4,   6,   8,   12,  16,  24,   32,   48,   64,   96,  128,
					192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096 };

_Static_assert(COUNT(probe_pages) <= SETS_MAX, "the longest list of its own fits");

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
		   room_is_native(c) || c->guest_page_bytes == PAGE_4K ? "" : ", or a smaller --guest-page");
	return ret;
}

/* In whole 4 KiB, the same for every workload. */
static int take_named(const struct run_spec *r, uint64_t least_bytes, struct config *c, uint64_t *sets_bytes,
		      struct error *e)
{
	uint64_t slice_bytes = config_slice_bytes(c);
	int count = 0;

	for (uint32_t i = 0; i < r->work.set_count && i < SETS_MAX; i++) {
		char asked[24], rounded[24];
		uint64_t bytes = 0;

		if (r->work.sets_bytes[i] < least_bytes)
			return refuse_small(r->work.sets_bytes[i], least_bytes, c, e);
		if (!checked_align_up(r->work.sets_bytes[i], PAGE_4K, &bytes) || bytes > slice_bytes)
			return room_refuse(c, r->work.sets_bytes[i], e);
		if (bytes != r->work.sets_bytes[i])
			note_add(c, "working set of %s rounded up to %s",
				 size_format(r->work.sets_bytes[i], asked), size_format(bytes, rounded));
		sets_bytes[count++] = bytes;
	}
	return count;
}

/* As much of the list as fits; the whole slice where not even the first does; none smaller than the least. */
static int take_list(const uint32_t *pages, size_t page_count, uint64_t least_bytes, struct config *c,
		     uint64_t *sets_bytes)
{
	uint64_t slice_bytes = config_slice_bytes(c);
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
	for (size_t i = 0; i < page_count; i++) {
		uint64_t bytes = max_u64(pages[i] * PAGE_4K, least_bytes);

		if (bytes > slice_bytes) {
			note_add(c, "%u pages%s do not fit the %s of each vCPU: left out", pages[i],
				 i + 1 < page_count ? " and more" : "", size_format(slice_bytes, slice));
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
	uint64_t least_bytes = needs_least_bytes(workload, c);
	uint64_t slice_bytes = config_slice_bytes(c);

	sets_bytes[0] = slice_bytes;
	if (workload->default_set == SET_NONE)
		sets_bytes[0] = PAGE_4K;
	else if (r->work.set_count > 0)
		return take_named(r, least_bytes, c, sets_bytes, e);
	switch (workload->default_set) {
	case SET_SERIES:
	case SET_LEVELS:
		return take_list(series_pages, COUNT(series_pages), least_bytes, c, sets_bytes);
	case SET_HOT:
		return take_list(hot_pages, COUNT(hot_pages), least_bytes, c, sets_bytes);
	case SET_PROBE:
		return take_list(probe_pages, COUNT(probe_pages), least_bytes, c, sets_bytes);
	case SET_LARGE:
		sets_bytes[0] = min_u64(max_u64(LARGE_SET_BYTES, least_bytes), slice_bytes);
		return 1;
	case SET_NONE:
	case SET_ARENA:
	default:
		return 1;
	}
}
