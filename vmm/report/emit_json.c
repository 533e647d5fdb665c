/*
 * The whole record as JSON, schema minivmm.run/1. Unknown is null; sizes are integers in bytes.
 */
#include "vmm/report/emit.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "vmm/mem/backing.h"
#include "vmm/report/columns.h"
#include "vmm/report/pool_rows.h"

/* jansson refuses NULL values and values it cannot represent; one such failure makes the whole object NULL. */
static void put(json_t **object, const char *key, json_t *value)
{
	if (json_object_set_new(*object, key, value) != 0) {
		json_decref(*object);
		*object = NULL;
	}
}

static void append(json_t **array, json_t *value)
{
	if (json_array_append_new(*array, value) != 0) {
		json_decref(*array);
		*array = NULL;
	}
}

/* JSON integers of jansson are signed: what does not fit (a seed may) becomes a decimal string. */
static json_t *number(uint64_t value)
{
	if (value > INT64_MAX)
		return json_sprintf("%" PRIu64, value);
	return json_integer((json_int_t)value);
}

static json_t *number_or_null(uint64_t value)
{
	return value != 0 ? number(value) : json_null();
}

/* Text of the host or the user; bytes that are not UTF-8 would be refused, so they become '?'. */
static json_t *text(const char *s)
{
	json_t *value = json_string(s);
	char copy[512];

	if (value != NULL)
		return value;
	(void)snprintf(copy, sizeof(copy), "%s", s);
	for (char *c = copy; *c != '\0'; c++) {
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	}
	return json_string(copy);
}

static json_t *command_json(const struct request *r)
{
	json_t *array = json_array();

	for (int i = 0; i < r->argc; i++)
		append(&array, text(r->argv[i]));
	return array;
}

static json_t *host_json(const struct record *rec)
{
	const struct host_facts *h = &rec->host;
	json_t *o = json_object(), *params = json_object();

	put(&o, "kernel", text(h->kernel));
	put(&o, "cpu_model", text(h->cpu_model));
	put(&o, "cpus", json_integer(h->cpus));
	put(&o, "hypervisor", json_boolean(h->hypervisor));
	put(&o, "tsc_khz", number_or_null(h->tsc_khz));
	put(&o, "kvm_module", text(h->kvm_module));
	put(&o, "second_dimension", text(h->second_dimension));
	put(&o, "second_dimension_levels", number_or_null(h->second_dimension_levels));
	for (uint32_t i = 0; i < h->param_count && i < FACTS_MAX_PARAMS; i++)
		put(&params, h->params[i].name, text(h->params[i].value));
	put(&o, "params", params);
	put(&o, "thp", text(h->thp));
	put(&o, "shmem_thp", text(h->shmem_thp));
	put(&o, "ksm", text(h->ksm));
	put(&o, "nx_huge_pages", text(h->nx_huge_pages));
	put(&o, "numa_nodes", json_integer(h->numa_nodes));
	put(&o, "pmu", json_boolean(h->pmu));
	put(&o, "memory_bytes", number_or_null(h->memory_bytes));
	return o;
}

static json_t *node_list(uint64_t mask)
{
	json_t *array = json_array();

	for (int node = 0; node < REQUEST_MAX_NODES; node++) {
		if ((mask >> node & 1) != 0)
			append(&array, json_integer(node));
	}
	return array;
}

static json_t *pin_list(const struct request *r)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < r->pin_count && i < REQUEST_MAX_CPUS; i++)
		append(&array, json_integer(r->pin[i]));
	return array;
}

static json_t *requested_json(const struct record *rec)
{
	static const char *const policies[] = { "default", "bind", "preferred", "interleave" };
	const struct request *r = &rec->request;
	bool known = (unsigned int)r->policy < sizeof(policies) / sizeof(policies[0]);
	json_t *o = json_object();

	put(&o, "memory_bytes", number(r->memory_bytes));
	put(&o, "ram_bytes", number_or_null(rec->config.ram_bytes));
	put(&o, "backing", text(backing_name(r->backing)));
	put(&o, "page_bytes", number_or_null(rec->config.page_bytes));
	put(&o, "path", r->mem_path != NULL ? text(r->mem_path) : json_null());
	put(&o, "prealloc", json_boolean(r->prealloc));
	put(&o, "prealloc_threads", number_or_null(rec->prealloc_threads));
	put(&o, "prefault", json_boolean(r->prefault));
	put(&o, "share", json_boolean(rec->share));
	put(&o, "reserve", json_boolean(rec->reserve));
	put(&o, "guest_page_bytes", rec->native ? json_null() : number(rec->config.guest_page_bytes));
	put(&o, "vcpus", json_integer(rec->config.vcpus));
	put(&o, "pin", pin_list(r));
	put(&o, "host_nodes", node_list(r->host_nodes));
	put(&o, "policy", json_string(known ? policies[r->policy] : "unknown"));
	put(&o, "seed", number(rec->config.seed));
	put(&o, "note", text(rec->config.note));
	return o;
}

static json_t *leaves_json(const struct record *rec)
{
	json_t *o;

	if (!rec->have_kvm_pages)
		return json_null();
	o = json_object();
	put(&o, "pages_4k", number(rec->kvm_pages_4k));
	put(&o, "pages_2m", number(rec->kvm_pages_2m));
	put(&o, "pages_1g", number(rec->kvm_pages_1g));
	return o;
}

static json_t *observed_json(const struct record *rec)
{
	json_t *o = json_object(), *nodes = json_object();
	char name[16];

	put(&o, "page_bytes", number_or_null(rec->observed.page_bytes));
	for (int node = 0; node < REQUEST_MAX_NODES; node++) {
		if (rec->observed.node_pages[node] == 0)
			continue;
		(void)snprintf(name, sizeof(name), "%d", node);
		put(&nodes, name, number(rec->observed.node_pages[node]));
	}
	put(&o, "node_pages", nodes);
	put(&o, "second_dimension", leaves_json(rec));
	put(&o, "gpa_hva_congruent", rec->native ? json_null() : json_boolean(rec->gpa_hva_congruent));
	put(&o, "rss_bytes", number(rec->observed.rss_bytes));
	put(&o, "huge_bytes", number(rec->observed.huge_bytes));
	return o;
}

/* In what state the guest's own tables start: the CPU has to set accessed and dirty bits at the first use. */
static json_t *guest_tables_json(const struct record *rec)
{
	json_t *o;

	if (rec->native)
		return json_null();
	o = json_object();
	put(&o, "accessed", json_false());
	put(&o, "dirty", json_false());
	return o;
}

static json_t *pool_json(const struct record *rec)
{
	json_t *o, *counts;

	if (rec->pool_page_bytes == 0)
		return json_null();
	o = json_object();
	put(&o, "page_bytes", number(rec->pool_page_bytes));
	for (int moment = 0; moment < POOL_MOMENTS; moment++) {
		const struct pool_counts *c = &rec->pool[moment];

		counts = json_null();
		if (pool_moment_known(rec, moment)) {
			counts = json_object();
			put(&counts, "total", number(c->total));
			put(&counts, "free", number(c->free));
			put(&counts, "reserved", number(c->reserved));
			put(&counts, "surplus", number(c->surplus));
		}
		put(&o, pool_moment_name(moment), counts);
	}
	return o;
}

static json_t *faults_json(const struct record *rec)
{
	json_t *o = json_object();

	put(&o, "minor", number(rec->minor_faults));
	put(&o, "major", number(rec->major_faults));
	put(&o, "voluntary_switches", number(rec->voluntary_switches));
	put(&o, "involuntary_switches", number(rec->involuntary_switches));
	return o;
}

/* A stage that did not happen has no time. */
static json_t *timing_json(const struct timing_ns *t)
{
	json_t *o = json_object();

	put(&o, "open", number_or_null(t->open));
	put(&o, "map", number_or_null(t->map));
	put(&o, "populate", number_or_null(t->populate));
	put(&o, "load", number_or_null(t->load));
	put(&o, "to_guest_main", number_or_null(t->to_guest_main));
	put(&o, "workloads", number_or_null(t->workloads));
	put(&o, "total", number_or_null(t->total));
	return o;
}

static json_t *cell_json(const struct cell *cell)
{
	json_t *array;

	switch (cell->type) {
	case CELL_TEXT:
		return text(cell->as.text);
	case CELL_INT:
		return json_integer(cell->as.integer);
	case CELL_BYTES:
		return number(cell->as.bytes);
	case CELL_REAL:
		return json_real(cell->as.real);
	case CELL_BOOL:
		return json_boolean(cell->as.truth);
	case CELL_HEX:
		return json_sprintf("0x%016" PRIx64, cell->as.bytes);
	case CELL_REALS:
		array = json_array();
		for (uint32_t i = 0; i < cell->as.reals.count; i++)
			append(&array, json_real(cell->as.reals.values[i]));
		return array;
	case CELL_NONE:
		break;
	}
	return json_null();
}

static json_t *results_json(const struct record *rec)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < rec->result_count; i++) {
		json_t *o = json_object();

		for (uint32_t c = 0; c < report_column_count; c++) {
			struct cell cell = { .type = CELL_NONE };

			if ((report_columns[c].outputs & IN_JSON) == 0)
				continue;
			report_columns[c].get(rec, &rec->results[i], &cell);
			put(&o, report_columns[c].name, cell_json(&cell));
		}
		append(&array, o);
	}
	return array;
}

static json_t *record_json(const struct record *rec)
{
	json_t *o = json_object(), *reasons = json_array();

	put(&o, "schema", json_string(RECORD_SCHEMA));
	put(&o, "minivmm_version", json_string(MINIVMM_VERSION));
	put(&o, "kind", json_string(rec->native ? "native" : "run"));
	put(&o, "command", command_json(&rec->request));
	put(&o, "host", host_json(rec));
	put(&o, "requested", requested_json(rec));
	put(&o, "observed", observed_json(rec));
	put(&o, "guest_tables", guest_tables_json(rec));
	put(&o, "pool", pool_json(rec));
	put(&o, "faults", faults_json(rec));
	put(&o, "timing_ns", timing_json(&rec->timing));
	put(&o, "vmm_rss_bytes", number_or_null(rec->vmm_rss_bytes));
	put(&o, "stray_exits", number(rec->stray_exits));
	put(&o, "results", results_json(rec));
	put(&o, "verdict", json_string(verdict_name(rec->verdict)));
	for (uint32_t i = 0; i < rec->reason_count && i < RECORD_MAX_REASONS; i++)
		append(&reasons, text(rec->reasons[i]));
	put(&o, "reasons", reasons);
	return o;
}

int emit_json(const struct record *rec, FILE *out)
{
	json_t *root = record_json(rec);
	int ret = 0;

	if (root == NULL)
		return -ENOMEM;
	/* Twelve digits: more than any measurement has, and 3.84 stays 3.84. */
	errno = 0;
	if (json_dumpf(root, out, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) != 0 || fputc('\n', out) == EOF ||
	    fflush(out) != 0)
		ret = errno != 0 ? -errno : -EIO;
	json_decref(root);
	return ret;
}
