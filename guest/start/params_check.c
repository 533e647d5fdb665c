/*
 * Does what the tree says fit together, and does it fit the RAM that the VMM says there is?
 */
#include "guest/mm/paging.h"
#include "guest/start/params.h"
#include "layout.h"
#include "units.h"

static int refuse(const char *what, const struct range *range, struct text *why)
{
	text_add(why, "FDT ");
	text_add(why, what);
	text_add(why, ": ");
	text_add_hex(why, range->gpa);
	text_add(why, " + ");
	text_add_hex(why, range->bytes);
	return -1;
}

static int inside(const struct range *inner, const struct range *outer)
{
	return inner->gpa >= outer->gpa && inner->gpa + inner->bytes <= outer->gpa + outer->bytes;
}

static int in_memory(const struct params *p, const struct range *range)
{
	for (int i = 0; i < p->memory_count; i++) {
		if (inside(range, &p->memory[i]))
			return 1;
	}
	return 0;
}

static int overlap(const struct range *a, const struct range *b)
{
	return a->gpa < b->gpa + b->bytes && b->gpa < a->gpa + a->bytes;
}

static int check_tables(const struct params *p, struct text *why)
{
	const struct range *t = &p->tables;

	if (!is_aligned(t->gpa, PAGE_4K) || !is_aligned(t->bytes, PAGE_4K))
		return refuse("page-tables reg is not of whole pages", t, why);
	if (t->gpa < TABLE_POOL_GPA || t->gpa + t->bytes > BOOT_MAP_BYTES)
		return refuse("page-tables reg is below 0x800000 or above 4 GiB", t, why);
	if (!in_memory(p, t))
		return refuse("page-tables reg is not inside /memory", t, why);
	return 0;
}

static int check_arena(const struct params *p, struct text *why)
{
	const struct range *a = &p->arena;

	if (!is_aligned(a->gpa, p->guest_page_bytes) || !is_aligned(a->bytes, p->guest_page_bytes))
		return refuse("arena reg is not of whole guest pages", a, why);
	if (a->gpa < TABLE_POOL_GPA || a->bytes > ARENA_MAX_BYTES)
		return refuse("arena reg is below 0x800000 or above 31 TiB long", a, why);
	if (p->alias_bytes != 0 && a->bytes % p->alias_bytes != 0)
		return refuse("arena reg is not of whole " FDT_PROP_ALIAS_BYTES, a, why);
	if (overlap(a, &p->tables))
		return refuse("arena reg overlaps page-tables", a, why);
	if (!in_memory(p, a))
		return refuse("arena reg is not inside /memory", a, why);
	return 0;
}

static int is_leaf(uint64_t bytes)
{
	return bytes == PAGE_4K || bytes == PAGE_2M || bytes == PAGE_1G;
}

/*
 * Views are the arena again, so they lie apart from all that is told as memory, and from each other. Whether they
 * show what they should is seen when they are used: what lies there cannot be told from a number.
 */
static int check_views(const struct params *p, struct text *why)
{
	for (uint32_t i = 0; i < p->view_count; i++) {
		const struct memory_view *view = &p->views[i];
		const struct range range = { view->gpa, p->arena.bytes };

		if (!is_leaf(view->leaf_bytes) || (i > 0 && view->leaf_bytes >= p->views[i - 1].leaf_bytes))
			return refuse("/chosen " FDT_PROP_VIEWS ": not leaf sizes in descending order",
				      &range, why);
		if (!is_aligned(view->gpa, PAGE_4K) || p->alias_bytes != 0)
			return refuse("/chosen " FDT_PROP_VIEWS ": not on a page, or beside aliased memory",
				      &range, why);
		if (view->gpa > GPA_LIMIT_BYTES || range.bytes > GPA_LIMIT_BYTES - view->gpa)
			return refuse("/chosen " FDT_PROP_VIEWS ": beyond 52 bits", &range, why);
		for (int m = 0; m < p->memory_count; m++) {
			if (overlap(&range, &p->memory[m]))
				return refuse("/chosen " FDT_PROP_VIEWS ": overlaps /memory", &range, why);
		}
		for (uint32_t other = 0; other < i; other++) {
			const struct range before = { p->views[other].gpa, p->arena.bytes };

			if (overlap(&range, &before))
				return refuse("/chosen " FDT_PROP_VIEWS ": overlap each other", &range, why);
		}
	}
	return 0;
}

/*
 * What the guest uses has to be RAM. All of /memory need not: firmware under other VMMs keeps a piece below 1 MiB
 * for itself.
 */
static int check_ram(const struct handover *h, const struct params *p, struct text *why)
{
	const struct range low = { IMAGE_GPA, TABLE_POOL_GPA - IMAGE_GPA };

	if (!in_memory(p, &low))
		return refuse("/memory lacks the guest's own image and blocks", &low, why);
	if (!startinfo_is_ram(h, low.gpa, low.bytes))
		return refuse("/memory: no RAM in the VMM's memory map at the guest's image", &low, why);
	if (!startinfo_is_ram(h, p->tables.gpa, p->tables.bytes))
		return refuse("page-tables reg is not RAM in the VMM's memory map", &p->tables, why);
	if (!startinfo_is_ram(h, p->arena.gpa, p->arena.bytes))
		return refuse("arena reg is not RAM in the VMM's memory map", &p->arena, why);
	return 0;
}

int params_check(const struct handover *h, const struct params *p, struct text *why)
{
	uint64_t leaf = p->guest_page_bytes;

	if (!is_leaf(leaf)) {
		text_add(why, "FDT /chosen " FDT_PROP_GUEST_PAGE_BYTES ": not a leaf size of x86-64: ");
		text_add_dec(why, leaf);
		return -1;
	}
	if (check_tables(p, why) != 0 || check_arena(p, why) != 0 || check_views(p, why) != 0)
		return -1;
	return check_ram(h, p, why);
}

_Static_assert(TABLE_POOL_GPA == 0x800000 && ARENA_MAX_BYTES == 31 * TIB, "as the messages say");
_Static_assert(ARENA_GVA + ARENA_MAX_BYTES == WINDOW_GVA && WINDOW_GVA + WINDOW_BYTES == (UINT64_C(1) << 47),
	       "arena and window share what the image leaves of the lower half");
