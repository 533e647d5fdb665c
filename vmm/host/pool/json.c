/*
 * Both pictures as JSON; tests/schema/ says what each member is.
 */
#include <errno.h>
#include <stdlib.h>

#include "vmm/host/pool/lines.h"
#include "vmm/host/pool/pool.h"
#include "vmm/output/json.h"

static json_t *limit_or_null(uint64_t bytes)
{
	return bytes == POOL_UNLIMITED ? json_null() : json_u64(bytes);
}

static json_t *limits_json(const struct pool_size *size)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < size->limit_count; i++) {
		json_t *o = json_object();

		json_put(&o, "path", json_words(size->limits[i].path));
		json_put(&o, "limit_bytes", json_u64(size->limits[i].limit_bytes));
		json_put(&o, "used_bytes", json_u64(size->limits[i].used_bytes));
		json_push(&array, o);
	}
	return array;
}

static json_t *size_json(const struct pool_size *size)
{
	json_t *o = json_object(), *nodes = json_array(), *cgroup = json_object();

	json_put(&o, "page_bytes", json_u64(size->page_bytes));
	json_put(&o, "default", json_boolean(size->is_default));
	json_put(&o, "total", json_u64(size->counts.total));
	json_put(&o, "free", json_u64(size->counts.free));
	json_put(&o, "reserved", json_u64(size->counts.reserved));
	json_put(&o, "surplus", json_u64(size->counts.surplus));
	json_put(&o, "overcommit", json_u64(size->overcommit));
	json_put(&o, "available", json_u64(size->available_pages));
	for (uint32_t i = 0; i < size->node_count; i++) {
		json_t *node = json_object();

		json_put(&node, "node", json_u64(size->nodes[i].node));
		json_put(&node, "total", json_u64(size->nodes[i].total));
		json_put(&node, "free", json_u64(size->nodes[i].free));
		json_put(&node, "surplus", json_u64(size->nodes[i].surplus));
		json_push(&nodes, node);
	}
	json_put(&o, "nodes", nodes);
	json_put(&cgroup, "max_bytes", limit_or_null(size->cgroup_max_bytes));
	json_put(&cgroup, "rsvd_max_bytes", limit_or_null(size->cgroup_rsvd_max_bytes));
	json_put(&cgroup, "limits", limits_json(size));
	json_put(&o, "cgroup", cgroup);
	return o;
}

int pool_show_json(const struct pool_report *report, FILE *out)
{
	json_t *o = json_object(), *sizes = json_array(), *mounts = json_array();

	json_put(&o, "schema", json_string(POOL_SCHEMA));
	json_put(&o, "minivmm_version", json_string(MINIVMM_VERSION));
	json_put(&o, "memory_available_bytes", json_u64_or_null(report->memory_available_bytes));
	for (uint32_t i = 0; i < report->size_count; i++)
		json_push(&sizes, size_json(&report->sizes[i]));
	json_put(&o, "sizes", sizes);
	for (uint32_t i = 0; i < report->mount_count; i++) {
		json_t *mount = json_object();

		json_put(&mount, "path", json_words(report->mounts[i].path));
		json_put(&mount, "page_bytes", json_u64_or_null(report->mounts[i].page_bytes));
		json_put(&mount, "options", json_words(report->mounts[i].options));
		json_push(&mounts, mount);
	}
	json_put(&o, "mounts", mounts);
	return json_finish(o, out);
}

static json_t *nodes_json(const struct pool_plan *plan)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < plan->node_count; i++) {
		json_t *o = json_object();

		json_put(&o, "node", json_u64(plan->nodes[i].node));
		json_put(&o, "total", json_u64(plan->nodes[i].total));
		json_put(&o, "free", json_u64(plan->nodes[i].free));
		json_put(&o, "needed", json_u64(plan->nodes[i].needed));
		json_put(&o, "missing", json_u64(plan->nodes[i].missing));
		json_push(&array, o);
	}
	return array;
}

/* Every kind is there, with an empty list where nothing is to be done. */
static json_t *lines_json(const struct pool_lines *lines)
{
	json_t *o = json_object();

	for (int kind = 0; kind < LINE_KIND_COUNT; kind++) {
		json_t *array = json_array();

		for (uint32_t i = 0; i < lines->count; i++) {
			if ((int)lines->line[i].kind == kind)
				json_push(&array, json_words(lines->line[i].text));
		}
		json_put(&o, pool_line_name((enum pool_line_kind)kind), array);
	}
	return o;
}

int pool_plan_json(const struct pool_report *report, const struct pool_plan *plan, FILE *out)
{
	/* Too large for a thread's stack. */
	struct pool_lines *lines = calloc(1, sizeof(*lines));
	json_t *o;

	if (lines == NULL)
		return -ENOMEM;
	pool_lines_all(report, plan, lines);
	o = json_object();
	json_put(&o, "schema", json_string(POOL_PLAN_SCHEMA));
	json_put(&o, "minivmm_version", json_string(MINIVMM_VERSION));
	json_put(&o, "bytes", json_u64(plan->bytes));
	json_put(&o, "page_bytes", json_u64(plan->page_bytes));
	json_put(&o, "needed", json_u64(plan->needed_pages));
	json_put(&o, "available", json_u64(plan->available_pages));
	json_put(&o, "on_demand", json_u64(plan->on_demand_pages));
	json_put(&o, "missing", json_u64(plan->missing_pages));
	json_put(&o, "enough", json_boolean(plan->enough));
	json_put(&o, "nodes", nodes_json(plan));
	json_put(&o, "lines", lines_json(lines));
	free(lines);
	return json_finish(o, out);
}
