#include "vmm/theory/show/emit_list.h"

#include "units.h"
#include "vmm/util/size.h"
#include "vmm/theory/walk/page_walk.h"
#include "vmm/theory/walk/scale.h"
#include "vmm/output/grid.h"
#include "vmm/output/json.h"
#include "vmm/output/paragraph.h"
#include "vmm/theory/show/words.h"

#define PURPOSE_BYTES GRID_CELL_BYTES

/* Whose table: its owner in the kind of walk that this is. */
static const char *owner(const struct walk_list *list, const struct walk_reference *r)
{
	if (r->dimension == DIMENSION_HOST)
		return "host";
	switch (list->plan.kind) {
	case WALK_SHADOW:
		return "shadow";
	case WALK_NATIVE:
		return "native";
	default:
		return "guest";
	}
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
	bool host = r->dimension == DIMENSION_HOST;
	const char *place = list->plan.kind == WALK_NESTED   ? "GPA"
			    : list->plan.kind == WALK_SHADOW ? "HPA"
							     : "PA";

	if (host)
		(void)snprintf(buf, PURPOSE_BYTES, "%s the %s%s",
			       r->leaf ? "gives the HPA of" : "towards the HPA of",
			       r->row != 0 ? "guest's " : "", target(r));
	else if (r->leaf)
		(void)snprintf(buf, PURPOSE_BYTES, "gives the %s of the data", place);
	else
		(void)snprintf(buf, PURPOSE_BYTES, "gives the %s of the %s", place,
			       page_table_name(r->level - 1));
	return buf;
}

/* Before the references: what stands where the walk begins. */
static void put_begin(const struct walk_list *list, FILE *out)
{
	switch (list->plan.kind) {
	case WALK_NESTED:
		paragraph(
			out, "begins",
			"the guest's CR3 holds a guest-physical address (GPA), and so do all entries of the "
			"guest's tables. Each has to be translated to a host-physical one (HPA) by the "
			"host's "
			"tables, before what lies there can be read.");
		break;
	case WALK_SHADOW:
		paragraph(out, "begins",
			  "CR3 holds the HPA of the shadow table, which the hypervisor keeps and the guest "
			  "does "
			  "not see. Its entries map GVA straight to HPA: the guest's table and the "
			  "hypervisor's "
			  "map of guest memory, combined by software beforehand. So the CPU's walk has one "
			  "dimension, as natively. A leaf may be no larger than the guest's page and the "
			  "backing's.");
		break;
	case WALK_NATIVE:
		paragraph(out, "begins",
			  "CR3 holds a physical address (PA), and so do all entries: nothing is "
			  "translated twice.");
		break;
	default:
		paragraph(
			out, "begins",
			"with paging off the address that the guest uses is a guest-physical one (GPA); only "
			"the host's tables are walked.");
		break;
	}
}

static void put_end(const struct walk_list *list, FILE *out)
{
	char words[THEORY_WORDS_BYTES], leaf[24];

	paragraph(out, "total", "%u memory references of page tables, then the data: %s", list->count,
		  theory_formula(&list->plan, list->count, words));
	if (list->plan.kind == WALK_NESTED)
		paragraph(out, "",
			  "(g+1)(h+1)-1: g guest entries and the data have a GPA each, h host entries "
			  "translate "
			  "one; that and the g guest entries make (g+1)h + g.");
	if (list->plan.kind == WALK_SHADOW)
		paragraph(out, "price",
			  "the hypervisor has to notice when the guest changes its tables: it write-protects "
			  "them or follows the guest's TLB flushes, and takes an exit for that, where EPT "
			  "and NPT "
			  "take none.");
	paragraph(out, "then",
		  "the TLB holds the translation, as an entry for at most %s: no more references until "
		  "it is lost",
		  size_format(walk_leaf_bytes(&list->plan), leaf));
	paragraph(
		out, "at most",
		"as if nothing were cached. CPUs keep entries of the upper levels (paging-structure "
		"caches)%s, "
		"and the entries' lines in L1, L2 and L3. Writes of accessed and dirty bits are not counted.",
		list->plan.kind == WALK_NESTED ? ", GPA translations too" : "");
}

int list_emit_text(const struct walk_list *list, FILE *out)
{
	static const char *const titles[] = { "#",     "-table of", "-entry", "-indexed by",
					      "-leaf", "-what for", "row" };
	char words[THEORY_WORDS_BYTES], text[PURPOSE_BYTES], leaf[24];
	bool nested = list->plan.kind == WALK_NESTED;
	struct grid g;
	int ret;

	paragraph(out, "walk", "%s", theory_plan_words(&list->plan, words));
	put_begin(list, out);
	(void)fputc('\n', out);
	grid_init(&g, titles, sizeof(titles) / sizeof(titles[0]));
	g.hidden[6] = true;
	for (uint32_t i = 0; i < list->count; i++) {
		const struct walk_reference *r = &list->references[i];

		grid_put(&g, "%u", i + 1);
		grid_put(&g, "%s", owner(list, r));
		grid_put(&g, "%s%s", r->dimension == DIMENSION_HOST ? "EPT/NPT " : "",
			 page_entry_name(r->level));
		grid_put(&g, "%s %u:%u", address(list, r), r->high_bit, r->low_bit);
		grid_put(&g, "%s", r->leaf ? size_format(page_walk_span_bytes(r->level), leaf) : "");
		grid_put(&g, "%s", purpose(list, r, text));
		grid_put(&g, "%u", r->row);
	}
	ret = grid_print(&g, nested ? 6 : -1, out);
	grid_free(&g);
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

json_t *list_json(const struct walk_list *list)
{
	json_t *o = json_object(), *references = json_array();
	char words[THEORY_WORDS_BYTES];

	theory_put_plan(&o, &list->plan);
	json_put(&o, "count", json_u64(list->count));
	json_put(&o, "formula", json_string(theory_formula(&list->plan, list->count, words)));
	json_put(&o, "tlb_leaf_bytes", json_u64(walk_leaf_bytes(&list->plan)));
	for (uint32_t i = 0; i < list->count; i++)
		json_push(&references, reference_json(list, i));
	json_put(&o, "references", references);
	return o;
}
