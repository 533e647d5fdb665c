#include "vmm/lab/measure/strides.h"

#include "layout.h"
#include "units.h"
#include "vmm/util/size.h"
#include "vmm/core/machine/note.h"
#include "vmm/lab/measure/room.h"

/* A line, which needs next to no translation: the control. Then what an entry of each level of the walk spans. */
static const uint64_t level_strides[] = { CACHE_LINE_BYTES, PAGE_4K, PAGE_2M, PAGE_1G, 512 * PAGE_1G };

/* Set and way of a TLB come from the address: doubling the stride drops one index bit after the other. */
#define PROBE_LARGEST_MULTIPLE 256
/* A leaf that the TLB below breaks into 4 KiB or 2 MiB shows it by that many pages inside it. */
#define INSIDE_MAX_PAGES 512

static uint32_t levels(struct config *c, uint64_t *strides_bytes)
{
	uint32_t count = 0;
	char leaf[24];

	for (size_t i = 0; i < sizeof(level_strides) / sizeof(level_strides[0]); i++) {
		if (i == 0 || level_strides[i] >= c->guest_page_bytes)
			strides_bytes[count++] = level_strides[i];
		else
			note_add(c, "strides below the page of %s left out",
				 size_format(c->guest_page_bytes, leaf));
	}
	return count;
}

static uint32_t probes(const struct config *c, uint64_t *strides_bytes)
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

uint32_t strides_of(enum default_set set, struct config *c, uint64_t *strides_bytes)
{
	if (set == SET_LEVELS)
		return levels(c, strides_bytes);
	if (set == SET_PROBE)
		return probes(c, strides_bytes);
	strides_bytes[0] = 0;
	return 1;
}

bool strides_fit(enum default_set set, uint64_t set_bytes, uint64_t stride_bytes, struct config *c)
{
	uint64_t window_bytes = room_is_native(c) ? config_slice_bytes(c) : WINDOW_BYTES;
	uint64_t pages = set_bytes / PAGE_4K;
	uint64_t span_bytes;
	char window[24];

	if (stride_bytes == 0)
		return true;
	/* Not noted: more pages inside a leaf than that would tell nothing more. */
	if (set == SET_PROBE && stride_bytes != CACHE_LINE_BYTES && stride_bytes < c->guest_page_bytes &&
	    pages > INSIDE_MAX_PAGES)
		return false;
	if (checked_mul(pages, stride_bytes, &span_bytes) && span_bytes <= window_bytes)
		return true;
	note_add(c, "left out: steps whose pages x stride exceed %s, %s", size_format(window_bytes, window),
		 room_is_native(c) ? "all that each thread has" : "the address space for them");
	return false;
}
