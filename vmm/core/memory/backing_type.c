#include "vmm/core/memory/backing_type.h"

#include <stddef.h>

#include "units.h"
#include "vmm/core/memory/backing.h"

static const struct backing_type types[] = {
	{ BACKING_ANON, PAGE_4K, .page_4k = true },
	{ BACKING_THP, PAGE_2M, .page_2m = true, .thp = true },
	{ BACKING_HUGETLB, PAGE_2M, .page_2m = true, .page_1g = true },
	{ BACKING_MEMFD, PAGE_4K, .page_4k = true, .page_2m = true, .page_1g = true, .share_default = true,
	  .has_file = true },
	{ BACKING_FILE, 0, .page_4k = true, .page_2m = true, .page_1g = true, .share_default = true,
	  .has_file = true },
};

_Static_assert(sizeof(types) / sizeof(types[0]) == BACKING_FILE + 1, "one row a kind");

const struct backing_type *backing_type(enum backing_kind kind)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (types[i].kind == kind)
			return &types[i];
	}
	return NULL;
}

bool backing_type_has_page(const struct backing_type *type, uint64_t page_bytes)
{
	return (page_bytes == PAGE_4K && type->page_4k) || (page_bytes == PAGE_2M && type->page_2m) ||
	       (page_bytes == PAGE_1G && type->page_1g);
}

const char *backing_page_name(uint64_t page_bytes)
{
	return page_bytes == PAGE_4K   ? "4K"
	       : page_bytes == PAGE_2M ? "2M"
	       : page_bytes == PAGE_1G ? "1G"
				       : "other";
}
