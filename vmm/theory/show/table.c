#include "vmm/theory/show/table.h"

#include "units.h"

uint32_t theory_side_levels(uint32_t i)
{
	return i < TABLE_LEAVES ? 4 : 5;
}

uint64_t theory_side_leaf_bytes(uint32_t i)
{
	static const uint64_t leaves[TABLE_LEAVES] = { PAGE_4K, PAGE_2M, PAGE_1G };

	return leaves[i % TABLE_LEAVES];
}

static int count(enum walk_kind kind, uint32_t guest, uint32_t host, uint32_t *references)
{
	const struct walk_plan plan = {
		.kind = kind,
		.guest_levels = theory_side_levels(guest),
		.host_levels = theory_side_levels(host),
		.guest_leaf_bytes = theory_side_leaf_bytes(guest),
		.host_leaf_bytes = theory_side_leaf_bytes(host),
	};
	struct walk_list list;
	int ret = walk_list_make(&plan, &list);

	*references = list.count;
	return ret;
}

int theory_table_make(struct theory_table *t)
{
	int ret = 0;

	for (uint32_t guest = 0; guest < TABLE_SIDES && ret == 0; guest++) {
		for (uint32_t host = 0; host < TABLE_SIDES && ret == 0; host++)
			ret = count(WALK_NESTED, guest, host, &t->nested[guest][host]);
		for (uint32_t leaf = 0; leaf < TABLE_LEAVES && ret == 0; leaf++)
			ret = count(WALK_SHADOW, guest, leaf, &t->shadow[guest][leaf]);
		if (ret == 0)
			ret = count(WALK_NATIVE, guest, 0, &t->native[guest]);
		if (ret == 0)
			ret = count(WALK_UNPAGED, 0, guest, &t->unpaged[guest]);
	}
	return ret;
}
