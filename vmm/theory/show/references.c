/* References of one TLB miss: the table of all counts, and the list of one walk in its order. */
#include "units.h"
#include "vmm/output/json.h"
#include "vmm/output/paragraph.h"
#include "vmm/output/table.h"
#include "vmm/theory/show/show.h"
#include "vmm/theory/walk/page_walk.h"
#include "vmm/util/size.h"

#define PURPOSE_BYTES TABLE_CELL_BYTES

/* Sides of the table: 4-level 4K, 2M, 1G, then 5-level. */
static struct walk_plan plan_of(enum walk_kind kind, uint32_t guest, uint32_t host)
{
	static const uint64_t leaves[TABLE_LEAVES] = { PAGE_4K, PAGE_2M, PAGE_1G };

	return (struct walk_plan){
		.kind = kind,
		.guest_levels = guest < TABLE_LEAVES ? 4 : 5,
		.host_levels = host < TABLE_LEAVES ? 4 : 5,
		.guest_leaf_bytes = leaves[guest % TABLE_LEAVES],
		.host_leaf_bytes = leaves[host % TABLE_LEAVES],
	};
}

int theory_table_make(struct theory_table *t)
{
	for (uint32_t i = 0; i < COUNT_OF(t->counts); i++) {
		uint32_t guest = i / TABLE_COLUMNS, column = i % TABLE_COLUMNS;
		struct walk_list list;
		int ret;

		t->counts[i].plan = guest == TABLE_SIDES   ? plan_of(WALK_UNPAGED, 0, column)
				    : column < TABLE_SIDES ? plan_of(WALK_NESTED, guest, column)
				    : column == TABLE_SIDES
					    ? plan_of(WALK_NATIVE, guest, 0)
					    : plan_of(WALK_SHADOW, guest, column - TABLE_SIDES - 1);
		ret = walk_list_make(&t->counts[i].plan, &list);
		if (ret != 0)
			return ret;
		t->counts[i].references = list.count;
	}
	return 0;
}

static int counts_text(const struct theory_table *t, FILE *out)
{
	/* Blanks make all columns of leaves as wide as the titles above them need. */
	static const char *const titles[] = { "-guest", "   4K",  "  2M",  "  1G", "   4K", "  2M",
					      "  1G",   "native", "   4K", "  2M", "  1G" };
	struct table table;
	char leaf[24];

	(void)fprintf(out, "\n%-10s%19s%19s%8s%19s\n", "", "4-level host", "5-level host", "",
		      "shadow, backing");
	table_init(&table, titles, COUNT_OF(titles));
	for (uint32_t i = 0; i < COUNT_OF(t->counts); i++) {
		const struct walk_plan *plan = &t->counts[i].plan;

		if (i % TABLE_COLUMNS == 0 && walk_is_paged(plan->kind))
			table_put(&table, "%u-level %s", plan->guest_levels,
				  size_format(plan->guest_leaf_bytes, leaf));
		else if (i % TABLE_COLUMNS == 0)
			table_put(&table, "unpaged");
		table_put(&table, "%u", t->counts[i].references);
	}
	for (uint32_t i = TABLE_SIDES; i < TABLE_COLUMNS; i++)
		table_put(&table, "-");
	return table_finish(&table, -1, out);
}

int theory_table_text(const struct theory_table *t, FILE *out)
{
	int ret;

	paragraph(
		out, "references",
		"memory references of one TLB miss, at most: page-table entries that are read when no cache "
		"holds any of them; writes of accessed and dirty bits are not counted. Each figure was found "
		"by building such tables and walking them.");
	ret = counts_text(t, out);
	(void)fputc('\n', out);
	paragraph(
		out, "rows",
		"the guest's own page tables: 4 or 5 levels, and the page that the leaf entry maps. Unpaged: "
		"the guest has paging off, its addresses are guest-physical ones already.");
	paragraph(
		out, "columns",
		"the hypervisor's tables for guest-physical addresses (Intel: EPT, AMD: NPT), which are "
		"walked as well. Native: no hypervisor. Shadow: the hypervisor keeps one combined table and "
		"the CPU walks that alone; its leaf is the smaller of guest's and backing's page.");
	paragraph(
		out, "formula",
		"nested (g+1)(h+1)-1, where g and h are the levels walked: 4 or 5, one less for a 2M leaf, "
		"two less for 1G. Each of the g guest entries lies at a guest-physical address, and so does "
		"the data: g+1 addresses to translate with h host entries each, and the g guest entries "
		"themselves. Native and shadow: g. Unpaged: h.");
	paragraph(
		out, "in reality",
		"far fewer: the CPU caches entries of the upper levels and whole translations of the host's, "
		"and what it does read mostly comes from its data caches. Averages of 1.5 references "
		"natively and 4.4 under virtualisation have been measured (Park et al., ASPLOS 2022).");
	paragraph(out, "one cell",
		  "minivmm model --guest-page 2M --host-page 4K lists its references in order.");
	return ret;
}

json_t *theory_table_json(const struct theory_table *t)
{
	json_t *counts = json_array();

	for (uint32_t i = 0; i < COUNT_OF(t->counts); i++) {
		json_t *o = json_object();

		walk_plan_put(&o, &t->counts[i].plan);
		json_put(&o, "references", json_u64(t->counts[i].references));
		json_push(&counts, o);
	}
	return counts;
}

/* Whose table the entry is in. */
static const char *owner(const struct walk_list *list, const struct walk_reference *r)
{
	static const char *const owners[WALK_KIND_COUNT] = { "guest", "shadow", "native", "guest" };

	return r->dimension == DIMENSION_HOST ? "host" : owners[list->plan.kind];
}

/* Which address has the bits that index it. */
static const char *address(const struct walk_list *list, const struct walk_reference *r)
{
	if (r->dimension == DIMENSION_HOST)
		return "GPA";
	return list->plan.kind == WALK_NATIVE ? "VA" : "GVA";
}

/* The entry whose address a host entry translates; "data" for that of the access itself. */
static const char *target(const struct walk_reference *r)
{
	return r->row != 0 ? page_entry_name(r->row) : "data";
}

static const char *purpose(const struct walk_list *list, const struct walk_reference *r,
			   char buf[PURPOSE_BYTES])
{
	static const char *const places[WALK_KIND_COUNT] = { "GPA", "HPA", "PA", "PA" };

	if (r->dimension == DIMENSION_HOST)
		(void)snprintf(buf, PURPOSE_BYTES, "%s the HPA of the %s%s", r->leaf ? "gives" : "towards",
			       r->row != 0 ? "guest's " : "", target(r));
	else
		(void)snprintf(buf, PURPOSE_BYTES, "gives the %s of the %s", places[list->plan.kind],
			       r->leaf ? "data" : page_table_name(r->level - 1));
	return buf;
}

/* What stands where the walk begins. */
static const char *const begins[WALK_KIND_COUNT] = {
	[WALK_NESTED] =
		"the guest's CR3 holds a guest-physical address (GPA), and so do all entries of the guest's "
		"tables. Each has to be translated to a host-physical one (HPA) by the host's tables, before "
		"what lies there can be read.",
	[WALK_SHADOW] =
		"CR3 holds the HPA of the shadow table, which the hypervisor keeps and the guest does not "
		"see. Its entries map GVA straight to HPA: the guest's table and the hypervisor's map of "
		"guest memory, combined by software beforehand. So the CPU's walk has one dimension, as "
		"natively. A leaf may be no larger than the guest's page and the backing's.",
	[WALK_NATIVE] =
		"CR3 holds a physical address (PA), and so do all entries: nothing is translated twice.",
	[WALK_UNPAGED] =
		("with paging off the address that the guest uses is a guest-physical one (GPA); only the "
		 "host's tables are walked."),
};

static void put_end(const struct walk_list *list, FILE *out)
{
	char words[WALK_TEXT_BYTES], leaf[24];

	paragraph(out, "total", "%u memory references of page tables, then the data: %s", list->count,
		  walk_formula(&list->plan, list->count, words));
	if (list->plan.kind == WALK_NESTED)
		paragraph(out, "",
			  "(g+1)(h+1)-1: g guest entries and the data have a GPA each, h host entries "
			  "translate one; that and the g guest entries make (g+1)h + g.");
	if (list->plan.kind == WALK_SHADOW)
		paragraph(
			out, "price",
			"the hypervisor has to notice when the guest changes its tables: it write-protects "
			"them or follows the guest's TLB flushes, and takes an exit for that, where EPT and "
			"NPT take none.");
	paragraph(out, "then",
		  "the TLB holds the translation, as an entry for at most %s: no more references until it is "
		  "lost",
		  size_format(walk_leaf_bytes(&list->plan), leaf));
	paragraph(out, "at most",
		  "as if nothing were cached. CPUs keep entries of the upper levels (paging-structure "
		  "caches)%s, and the entries' lines in L1, L2 and L3. Writes of accessed and dirty bits are "
		  "not counted.",
		  list->plan.kind == WALK_NESTED ? ", GPA translations too" : "");
}

int walk_list_text(const struct walk_list *list, FILE *out)
{
	static const char *const titles[] = { "#",     "-table of", "-entry", "-indexed by",
					      "-leaf", "-what for", "row" };
	char words[WALK_TEXT_BYTES], text[PURPOSE_BYTES], leaf[24];
	struct table table;
	int ret;

	paragraph(out, "walk", "%s", walk_plan_text(&list->plan, words));
	paragraph(out, "begins", "%s", begins[list->plan.kind]);
	(void)fputc('\n', out);
	table_init(&table, titles, COUNT_OF(titles));
	table.hidden[6] = true;
	for (uint32_t i = 0; i < list->count; i++) {
		const struct walk_reference *r = &list->references[i];

		table_put(&table, "%u", i + 1);
		table_put(&table, "%s", owner(list, r));
		table_put(&table, "%s%s", r->dimension == DIMENSION_HOST ? "EPT/NPT " : "",
			  page_entry_name(r->level));
		table_put(&table, "%s %u:%u", address(list, r), r->high_bit, r->low_bit);
		table_put(&table, "%s", r->leaf ? size_format(page_walk_span_bytes(r->level), leaf) : "");
		table_put(&table, "%s", purpose(list, r, text));
		table_put(&table, "%u", r->row);
	}
	ret = table_finish(&table, list->plan.kind == WALK_NESTED ? 6 : -1, out);
	(void)fputc('\n', out);
	put_end(list, out);
	return ret;
}

static json_t *reference_json(const struct walk_list *list, uint32_t i)
{
	const struct walk_reference *r = &list->references[i];
	char text[PURPOSE_BYTES];
	json_t *o = json_object();

	json_put(&o, "number", json_u64(i + 1));
	json_put(&o, "table_of", json_string(owner(list, r)));
	json_put(&o, "level", json_u64(r->level));
	json_put(&o, "entry", json_string(page_entry_name(r->level)));
	json_put(&o, "address", json_string(address(list, r)));
	json_put(&o, "high_bit", json_u64(r->high_bit));
	json_put(&o, "low_bit", json_u64(r->low_bit));
	json_put(&o, "leaf", json_boolean(r->leaf));
	json_put(&o, "translates", r->dimension == DIMENSION_HOST ? json_string(target(r)) : json_null());
	json_put(&o, "purpose", json_string(purpose(list, r, text)));
	return o;
}

json_t *walk_list_json(const struct walk_list *list)
{
	json_t *o = json_object(), *references = json_array();
	char words[WALK_TEXT_BYTES];

	walk_plan_put(&o, &list->plan);
	json_put(&o, "count", json_u64(list->count));
	json_put(&o, "formula", json_string(walk_formula(&list->plan, list->count, words)));
	json_put(&o, "tlb_leaf_bytes", json_u64(walk_leaf_bytes(&list->plan)));
	for (uint32_t i = 0; i < list->count; i++)
		json_push(&references, reference_json(list, i));
	json_put(&o, "references", references);
	return o;
}
