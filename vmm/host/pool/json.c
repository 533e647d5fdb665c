/*
 * Report and plan of the pools as JSON; tests/schema/ says what each member is.
 */
#include <errno.h>
#include <stdlib.h>

#include "vmm/host/pool/lines.h"
#include "vmm/host/pool/pool.h"
#include "vmm/output/fields.h"
#include "vmm/output/json.h"

static json_t *limits_json(const void *from)
{
	const struct limits *limits = &((const struct pool_size *)from)->limits;
	json_t *list = json_array();

	for (uint32_t i = 0; i < limits->count; i++) {
		const struct limit *limit = &limits->list[i];
		json_t *object = json_object();

		json_put(&object, "path", json_words(limit->path));
		json_put(&object, "limit_bytes", json_integer((json_int_t)limit->limit));
		json_put(&object, "used_bytes", json_integer((json_int_t)limit->used));
		json_push(&list, object);
	}
	return list;
}

static const struct field cgroup_list[] = {
	FIELD_AS(KNOWN, struct pool_size, cgroup_max_bytes, "max_bytes"),
	FIELD_AS(KNOWN, struct pool_size, cgroup_rsvd_max_bytes, "rsvd_max_bytes"),
	FIELD_BY("limits", limits_json, NULL),
	FIELD_AS(NOTE, struct pool_size, limits.unknown, "unknown"),
};
static const struct fields cgroup_fields = FIELDS_OF(cgroup_list);

static const struct field node_list[] = {
	FIELD(COUNT, struct pool_node, node),
	FIELD(COUNT, struct pool_node, total),
	FIELD(COUNT, struct pool_node, free),
	FIELD(COUNT, struct pool_node, surplus),
};
static const struct fields node_fields = FIELDS_OF(node_list);

static const struct field size_list[] = {
	FIELD(COUNT, struct pool_size, page_bytes),
	FIELD_AS(TRUTH, struct pool_size, is_default, "default"),
	FIELD_AS(COUNT, struct pool_size, counts.total, "total"),
	FIELD_AS(COUNT, struct pool_size, counts.free, "free"),
	FIELD_AS(COUNT, struct pool_size, counts.reserved, "reserved"),
	FIELD_AS(COUNT, struct pool_size, counts.surplus, "surplus"),
	FIELD(COUNT, struct pool_size, overcommit),
	FIELD_AS(COUNT, struct pool_size, available_pages, "available"),
	FIELDS_LIST("nodes", struct pool_size, nodes, node_count, node_fields),
	FIELDS_IN("cgroup", cgroup_fields),
};
static const struct fields size_fields = FIELDS_OF(size_list);

static json_t *mount_path(const void *from)
{
	return json_words(((const struct pool_mount *)from)->path);
}

static json_t *mount_options(const void *from)
{
	return json_words(((const struct pool_mount *)from)->options);
}

static const struct field mount_list[] = {
	FIELD_BY("path", mount_path, NULL),
	FIELD(SIZE, struct pool_mount, page_bytes),
	FIELD_BY("options", mount_options, NULL),
	FIELD_AS(COUNT, struct pool_mount, held_bytes, "min_size_bytes"),
};
static const struct fields mount_fields = FIELDS_OF(mount_list);

static json_t *sizes(const void *from)
{
	const struct pool_report *report = from;

	if (report->sizes_hidden)
		return json_null();
	return FIELDS_ARRAY(&size_fields, report->sizes, report->size_count);
}

static json_t *mounts(const void *from)
{
	const struct pool_report *report = from;

	if (!report->mounts_known)
		return json_null();
	return FIELDS_ARRAY(&mount_fields, report->mounts, report->mount_count);
}

static const struct field report_list[] = {
	FIELD(SIZE, struct pool_report, memory_available_bytes),
	FIELD_BY("sizes", sizes, NULL),
	FIELD_BY("mounts", mounts, NULL),
	FIELD(COUNT, struct pool_report, nodes_beyond),
};
static const struct fields report_fields = FIELDS_OF(report_list);

static const struct field plan_node_list[] = {
	FIELD(COUNT, struct pool_plan_node, node),    FIELD(COUNT, struct pool_plan_node, total),
	FIELD(COUNT, struct pool_plan_node, free),    FIELD(COUNT, struct pool_plan_node, needed),
	FIELD(COUNT, struct pool_plan_node, missing),
};
static const struct fields plan_node_fields = FIELDS_OF(plan_node_list);

static const struct field plan_list[] = {
	FIELD(COUNT, struct pool_plan, bytes),
	FIELD(COUNT, struct pool_plan, page_bytes),
	FIELD_AS(COUNT, struct pool_plan, needed_pages, "needed"),
	FIELD_AS(COUNT, struct pool_plan, available_pages, "available"),
	FIELD_AS(COUNT, struct pool_plan, on_demand_pages, "on_demand"),
	FIELD_AS(COUNT, struct pool_plan, missing_pages, "missing"),
	FIELD(TRUTH, struct pool_plan, enough),
	FIELD(KNOWN, struct pool_plan, largest_bytes),
	FIELDS_LIST("nodes", struct pool_plan, nodes, node_count, plan_node_fields),
};
static const struct fields plan_fields = FIELDS_OF(plan_list);

int pool_show_json(const struct pool_report *report, FILE *out)
{
	json_t *o = json_document(POOL_SCHEMA);

	fields_put(&report_fields, 0, &o, report);
	return json_finish(o, out);
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
		json_put(&o, pool_line_infos[kind].name, array);
	}
	return o;
}

int pool_plan_json(const struct pool_report *report, const struct pool_use *use, const struct pool_plan *plan,
		   FILE *out)
{
	struct pool_lines lines = { .count = 0 };
	json_t *o;
	bool cut;
	int ret;

	pool_lines_all(report, use, plan, &lines);
	o = json_document(POOL_PLAN_SCHEMA);
	fields_put(&plan_fields, 0, &o, plan);
	json_put(&o, "lines", lines_json(&lines));
	cut = lines.cut;
	pool_lines_free(&lines);
	ret = json_finish(o, out);
	return cut ? -ENOMEM : ret;
}
