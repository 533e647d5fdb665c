/*
 * An observation as JSON, schema minivmm.observe/1. Unknown is null; sizes are integers in bytes.
 */
#include "vmm/lab/observe/internal.h"

#include "vmm/output/json.h"

const struct names proof_names = NAMES_OF("none", "debugfs", "statistics file", "QMP");
const struct names ram_kind_names = NAMES_OF("unknown", "anonymous", "shared", "hugetlb", "file", "mixed");

static json_t *kind_json(const void *from)
{
	return json_string(((const struct observed_vm *)from)->kind->name);
}

/* Where RAM cannot be seen, nor can what is resident of it. */
static json_t *resident_json(const void *from)
{
	const struct observed_vm *vm = from;

	return vm->ram_bytes != 0 ? json_u64(vm->memory.rss_bytes) : json_null();
}

static json_t *huge_json(const void *from)
{
	const struct observed_vm *vm = from;

	return vm->ram_bytes != 0 ? json_u64(vm->memory.huge_bytes) : json_null();
}

static json_t *nodes_json(const void *from)
{
	return json_numbered(((const struct observed_vm *)from)->node_bytes, HOST_MAX_NODES);
}

static json_t *vcpu_nodes_json(const void *from)
{
	return json_bits(((const struct observed_vm *)from)->vcpu_nodes);
}

static json_t *shares_json(const void *from)
{
	const struct observed_vm *vm = from;
	json_t *shares = json_object();

	json_put(&shares, "huge_leaves", json_real_or_null(vm->huge_share));
	json_put(&shares, "huge_pages", json_real_or_null(vm->backing_share));
	json_put(&shares, "local", json_real_or_null(vm->local_share));
	return shares;
}

static const struct field cause_list[] = {
	FIELD_AS(TEXT, struct cause, id, "cause"),
	FIELD(TEXT, struct cause, text),
};
static const struct fields cause_fields = FIELDS_OF(cause_list);

#define VM(kind, member, ...) FIELD(kind, struct observed_vm, member, ##__VA_ARGS__)
static const struct field vm_list[] = {
	VM(COUNT, pid),
	VM(TEXT, name),
	VM(TEXT, program),
	FIELD_BY("vmm", kind_json, NULL),
	VM(SIZE, vms),
	VM(SIZE, vcpus),
	VM(ENUM, ram, .names = &ram_kind_names),
	VM(SIZE, ram_bytes),
	FIELD_BY("resident_bytes", resident_json, NULL),
	FIELD_BY("huge_bytes", huge_json, NULL),
	FIELD_AS(PAGE, struct observed_vm, memory.kernel_page_bytes, "kernel_page_bytes"),
	FIELD_AS(PAGE, struct observed_vm, memory.page_bytes, "page_bytes"),
	VM(KNOWN, hva_offset_bytes),
	FIELD_BY("node_bytes", nodes_json, NULL),
	FIELD_BY("vcpu_nodes", vcpu_nodes_json, NULL),
	VM(REAL, smaps_ms),
	VM(ENUM, proof, .names = &proof_names),
	FIELD_AS(KNOWN, struct observed_vm, leaves[VM_PAGES_4K], "pages_4k"),
	FIELD_AS(KNOWN, struct observed_vm, leaves[VM_PAGES_2M], "pages_2m"),
	FIELD_AS(KNOWN, struct observed_vm, leaves[VM_PAGES_1G], "pages_1g"),
	VM(KNOWN, nx_splits),
	FIELD_BY("shares", shares_json, NULL),
	VM(ENUM, verdict, .names = &leaves_verdict_names),
	FIELDS_LIST("causes", struct observed_vm, causes, cause_count, cause_fields),
	FIELD_AS(NOTE, struct observed_vm, unseen, "not_seen"),
};
static const struct fields vm_fields = FIELDS_OF(vm_list);

int observe_json(const struct observation *o, FILE *out)
{
	json_t *json = json_document(OBSERVE_SCHEMA);

	json_put(&json, "host", fields_json(&host_fields, &o->host));
	json_put(&json, "readings", json_integer(o->readings));
	json_put(&json, "seconds", json_real(o->seconds));
	json_put(&json, "vms", FIELDS_ARRAY(&vm_fields, o->vms, o->count));
	if (o->hidden != 0)
		json_put(&json, "hidden_processes", json_integer(o->hidden));
	require_json(o->requirements, o->requirement_count, &json);
	return json_finish(json, out);
}
