#include "guest/start/params.h"

#include <libfdt.h>

#include "abi.h"

static struct fdt_node node_at(const void *fdt, int offset, const char *name)
{
	struct fdt_node node = { fdt, offset, name };

	return node;
}

static int refuse(const char *what, const char *detail, struct text *why)
{
	text_add(why, "FDT: ");
	text_add(why, what);
	text_add(why, detail);
	return -1;
}

/* Of trees before version 16, which nothing writes any more, fdt_check_full of libfdt 1.6.1 reads properties at NULL. */
static int check_tree(const struct handover *h)
{
	if (h->fdt_bytes >= sizeof(struct fdt_header) && fdt_check_header(h->fdt) == 0 &&
	    fdt_version(h->fdt) < 16)
		return -FDT_ERR_BADVERSION;
	return fdt_check_full(h->fdt, h->fdt_bytes);
}

int params_serial(const struct handover *h, int *serial_report, struct text *why)
{
	int error = check_tree(h);
	int chosen;

	if (error != 0)
		return refuse("the first module is not a device tree: ", fdt_strerror(error), why);
	chosen = fdt_path_offset(h->fdt, "/chosen");
	if (chosen < 0)
		return refuse("no /chosen: ", fdt_strerror(chosen), why);
	*serial_report = fdt_getprop(h->fdt, chosen, FDT_PROP_SERIAL_REPORT, NULL) != NULL;
	return 0;
}

static int read_root(const void *fdt, struct text *why)
{
	struct fdt_node root = node_at(fdt, 0, "/");

	if (fdt_node_check_compatible(fdt, 0, FDT_COMPAT_GUEST) != 0)
		return property_refuse(&root, "compatible", "not " FDT_COMPAT_GUEST, why);
	if (fdt_address_cells(fdt, 0) != 2 || fdt_size_cells(fdt, 0) != 2)
		return property_refuse(&root, "#address-cells, #size-cells", "not 2 and 2", why);
	return 0;
}

/* Pairs of a leaf and a GPA; params_check() looks at what they say. */
static int read_views(const struct fdt_node *chosen, struct params *p, struct text *why)
{
	int bytes = 0;
	const fdt64_t *cells = fdt_getprop(chosen->fdt, chosen->offset, FDT_PROP_VIEWS, &bytes);
	const int pair_bytes = 2 * (int)sizeof(*cells);

	if (cells == NULL)
		return 0;
	if (bytes == 0 || bytes % pair_bytes != 0 || bytes / pair_bytes > VIEWS_MAX)
		return property_refuse(chosen, FDT_PROP_VIEWS, "not one to three pairs of u64", why);
	p->view_count = (uint32_t)(bytes / pair_bytes);
	for (uint32_t i = 0; i < p->view_count; i++) {
		p->views[i].leaf_bytes = fdt64_ld(&cells[2 * i]);
		p->views[i].gpa = fdt64_ld(&cells[2 * i + 1]);
	}
	return 0;
}

static int read_chosen(const void *fdt, struct params *p, struct text *why)
{
	struct fdt_node chosen = node_at(fdt, fdt_path_offset(fdt, "/chosen"), "/chosen");
	uint32_t abi;

	if (property_u32(&chosen, FDT_PROP_ABI, &abi, why) != 0)
		return -1;
	if (abi != MINIVMM_ABI_VERSION) {
		(void)property_refuse(&chosen, FDT_PROP_ABI, "this guest speaks version ", why);
		text_add_dec(why, MINIVMM_ABI_VERSION);
		text_add(why, ", the VMM ");
		text_add_dec(why, abi);
		return -1;
	}
	if (property_u64(&chosen, FDT_PROP_GUEST_PAGE_BYTES, &p->guest_page_bytes, why) != 0)
		return -1;
	p->accessed_dirty = fdt_getprop(fdt, chosen.offset, FDT_PROP_GUEST_AD, NULL) != NULL;
	p->kernel_port = fdt_getprop(fdt, chosen.offset, FDT_PROP_KERNEL_PORT, NULL) != NULL;
	if (fdt_getprop(fdt, chosen.offset, FDT_PROP_ALIAS_BYTES, NULL) != NULL &&
	    property_u64(&chosen, FDT_PROP_ALIAS_BYTES, &p->alias_bytes, why) != 0)
		return -1;
	if (read_views(&chosen, p, why) != 0)
		return -1;
	return property_u64(&chosen, FDT_PROP_SEED, &p->seed, why);
}

static int read_memory(const void *fdt, struct params *p, struct text *why)
{
	int offset = fdt_node_offset_by_prop_value(fdt, -1, "device_type", "memory", sizeof("memory"));
	struct fdt_node memory = node_at(fdt, offset, "/memory");

	if (offset < 0)
		return property_refuse(&memory, NULL, "missing", why);
	p->memory_count = property_ranges(&memory, p->memory, PARAMS_MAX_MEMORY, why);
	return p->memory_count < 0 ? -1 : 0;
}

/* APIC ids 0..n-1, each once: counted, and none above the count. */
static int read_cpus(const void *fdt, struct params *p, struct text *why)
{
	struct fdt_node cpus = node_at(fdt, fdt_path_offset(fdt, "/cpus"), "/cpus");
	unsigned char seen[GUEST_MAX_VCPUS] = { 0 };
	int offset;

	if (cpus.offset < 0)
		return property_refuse(&cpus, NULL, "missing", why);
	fdt_for_each_subnode(offset, fdt, cpus.offset)
	{
		struct fdt_node cpu = node_at(fdt, offset, "/cpus/cpu");
		const char *type;
		uint32_t id;

		if (property_string(&cpu, "device_type", &type, why) != 0 ||
		    property_u32(&cpu, "reg", &id, why) != 0)
			return -1;
		if (strcmp(type, "cpu") != 0)
			return property_refuse(&cpu, "device_type", "not \"cpu\"", why);
		if (id >= GUEST_MAX_VCPUS || seen[id])
			return property_refuse(&cpu, "reg", "an APIC id twice, or above the limit", why);
		seen[id] = 1;
		p->vcpus++;
	}
	if (p->vcpus == 0)
		return property_refuse(&cpus, NULL, "no cpu", why);
	for (uint32_t id = 0; id < p->vcpus; id++) {
		if (!seen[id])
			return property_refuse(&cpus, NULL, "APIC ids are not 0, 1, 2, ...", why);
	}
	return 0;
}

static int read_reserved(const void *fdt, const char *compatible, struct range *out, struct text *why)
{
	int offset = fdt_node_offset_by_compatible(fdt, -1, compatible);
	struct fdt_node node = node_at(fdt, offset, compatible);
	int parent;

	if (offset < 0)
		return property_refuse(&node, NULL, "no such node", why);
	parent = fdt_parent_offset(fdt, offset);
	if (parent < 0 || parent != fdt_path_offset(fdt, "/reserved-memory"))
		return property_refuse(&node, NULL, "not in /reserved-memory", why);
	if (fdt_address_cells(fdt, parent) != 2 || fdt_size_cells(fdt, parent) != 2)
		return property_refuse(&node, NULL, "/reserved-memory has not 2 and 2 cells", why);
	return property_ranges(&node, out, 1, why) < 0 ? -1 : 0;
}

int params_read(const struct handover *h, struct params *p, struct text *why)
{
	const void *fdt = h->fdt;

	if (read_root(fdt, why) != 0 || read_chosen(fdt, p, why) != 0 || read_memory(fdt, p, why) != 0 ||
	    read_cpus(fdt, p, why) != 0 || read_reserved(fdt, FDT_COMPAT_TABLES, &p->tables, why) != 0 ||
	    read_reserved(fdt, FDT_COMPAT_ARENA, &p->arena, why) != 0 || params_plan(fdt, p, why) != 0)
		return -1;
	return params_check(h, p, why);
}
