#include "vmm/theory/show/emit_table.h"

#include "vmm/util/size.h"
#include "vmm/output/grid.h"
#include "vmm/output/json.h"
#include "vmm/output/paragraph.h"

static void put_cells(struct grid *g, const uint32_t *cells, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		grid_put(g, "%u", cells[i]);
}

static void put_rows(struct grid *g, const struct theory_table *t)
{
	char leaf[24];

	for (uint32_t guest = 0; guest < TABLE_SIDES; guest++) {
		grid_put(g, "%u-level %s", theory_side_levels(guest),
			 size_format(theory_side_leaf_bytes(guest), leaf));
		put_cells(g, t->nested[guest], TABLE_SIDES);
		grid_put(g, "%u", t->native[guest]);
		put_cells(g, t->shadow[guest], TABLE_LEAVES);
	}
	grid_put(g, "unpaged");
	put_cells(g, t->unpaged, TABLE_SIDES);
	for (uint32_t i = 0; i < 1 + TABLE_LEAVES; i++)
		grid_put(g, "-");
}

static void put_meaning(FILE *out)
{
	(void)fputc('\n', out);
	paragraph(out, "rows",
		  "the guest's own page tables: 4 or 5 levels, and the page that the leaf entry maps. "
		  "Unpaged: the "
		  "guest has paging off, its addresses are guest-physical ones already.");
	paragraph(out, "columns",
		  "the hypervisor's tables for guest-physical addresses (Intel: EPT, AMD: NPT), which are "
		  "walked "
		  "as well. Native: no hypervisor. Shadow: the hypervisor keeps one combined table and the "
		  "CPU walks that alone; its leaf is the smaller of guest's and backing's page.");
	paragraph(
		out, "formula",
		"nested (g+1)(h+1)-1, where g and h are the levels walked: 4 or 5, one less for a 2M leaf, "
		"two "
		"less for 1G. Each of the g guest entries lies at a guest-physical address, and so does the "
		"data: g+1 addresses to translate with h host entries each, and the g guest entries "
		"themselves. Native and shadow: g. Unpaged: h.");
	paragraph(
		out, "in reality",
		"far fewer: the CPU caches entries of the upper levels and whole translations of the host's, "
		"and what it does read mostly comes from its data caches. Averages of 1.5 references "
		"natively "
		"and 4.4 under virtualisation have been measured (Park et al., ASPLOS 2022).");
	paragraph(out, "one cell",
		  "minivmm model --guest-page 2M --host-page 4K lists its references in order.");
}

int table_emit_text(const struct theory_table *t, FILE *out)
{
	/* Blanks make all columns of leaves as wide as the titles above them take. */
	static const char *const titles[] = { "-guest", "   4K",  "  2M",  "  1G", "   4K", "  2M",
					      "  1G",   "native", "   4K", "  2M", "  1G" };
	struct grid g;
	int ret;

	paragraph(
		out, "references",
		"memory references of one TLB miss, at most: page-table entries that are read when no cache "
		"holds any of them; writes of accessed and dirty bits are not counted. Each figure was found "
		"by "
		"building such tables and walking them.");
	(void)fprintf(out, "\n%-10s%19s%19s%8s%19s\n", "", "4-level host", "5-level host", "",
		      "shadow, backing");
	grid_init(&g, titles, sizeof(titles) / sizeof(titles[0]));
	put_rows(&g, t);
	ret = grid_print(&g, -1, out);
	grid_free(&g);
	put_meaning(out);
	return ret;
}

/* host: whether it has levels of its own. -1: there is no such side. */
static json_t *cell_json(enum walk_kind kind, int guest, int host, uint32_t references)
{
	bool levels = kind != WALK_SHADOW && host >= 0;
	json_t *o = json_object();

	json_put(&o, "kind", json_string(walk_kind_name(kind)));
	json_put(&o, "guest_levels",
		 guest >= 0 ? json_u64(theory_side_levels((uint32_t)guest)) : json_null());
	json_put(&o, "guest_leaf_bytes",
		 guest >= 0 ? json_u64(theory_side_leaf_bytes((uint32_t)guest)) : json_null());
	json_put(&o, "host_levels", levels ? json_u64(theory_side_levels((uint32_t)host)) : json_null());
	json_put(&o, "host_leaf_bytes",
		 host >= 0 ? json_u64(theory_side_leaf_bytes((uint32_t)host)) : json_null());
	json_put(&o, "references", json_u64(references));
	return o;
}

json_t *table_json(const struct theory_table *t)
{
	json_t *cells = json_array();

	for (int guest = 0; guest < TABLE_SIDES; guest++) {
		for (int host = 0; host < TABLE_SIDES; host++)
			json_push(&cells, cell_json(WALK_NESTED, guest, host, t->nested[guest][host]));
		json_push(&cells, cell_json(WALK_NATIVE, guest, -1, t->native[guest]));
		for (int leaf = 0; leaf < TABLE_LEAVES; leaf++)
			json_push(&cells, cell_json(WALK_SHADOW, guest, leaf, t->shadow[guest][leaf]));
	}
	for (int host = 0; host < TABLE_SIDES; host++)
		json_push(&cells, cell_json(WALK_UNPAGED, -1, host, t->unpaged[host]));
	return cells;
}
