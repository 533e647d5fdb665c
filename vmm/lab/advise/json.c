/*
 * Advice as JSON, schema minivmm.advise/1. Unknown is null.
 */
#include "vmm/lab/advise/advise.h"

#include "vmm/output/json.h"

#define GAIN(kind, member, ...) FIELD(kind, struct advise_gain, member, ##__VA_ARGS__)
static const struct field gain_list[] = {
	GAIN(TEXT, guest_page), GAIN(TEXT, backing), GAIN(REAL, faster),
	GAIN(REAL, from),       GAIN(REAL, to),      GAIN(ENUM, answer, .names = &advise_answer_names),
};
static const struct fields gain_fields = FIELDS_OF(gain_list);

static const struct field translation_list[] = {
	FIELD(REAL, struct advise_translation, cycles),
	FIELD(REAL, struct advise_translation, from),
	FIELD(REAL, struct advise_translation, to),
};
static const struct fields translation_fields = FIELDS_OF(translation_list);

static json_t *translation_json(const void *from)
{
	const struct advice *a = from;

	return fields_json(&translation_fields, a->translation.known ? &a->translation : NULL);
}

static json_t *not_known_json(const void *from)
{
	const struct advice *a = from;

	return a->translation.known ? json_null() : json_string(a->translation.instead);
}

static json_t *running_json(const void *from)
{
	const struct advice *a = from;
	json_t *running = json_array();

	for (uint32_t i = 0; i < a->running.count; i++) {
		const struct observed_vm *vm = &a->running.vms[i];
		const enum known wants = advise_wants_pages(vm);
		json_t *one = json_object();

		json_put(&one, "pid", json_integer(vm->pid));
		json_put(&one, "name", json_string(vm->name));
		json_put(&one, "ram_bytes", vm->ram_bytes != 0 ? json_u64(vm->ram_bytes) : json_null());
		json_put(&one, "wants_pages",
			 wants == KNOWN_UNKNOWN ? json_null() : json_boolean(wants == KNOWN_YES));
		json_push(&running, one);
	}
	return running;
}

static json_t *needs_json(const void *from)
{
	const struct advice *a = from;
	json_t *needs = json_array();

	for (uint32_t i = 0; i < a->need_count; i++) {
		const struct advise_need *need = &a->needs[i];
		json_t *one = json_object(), *texts = json_array();
		struct pool_lines lines = { .count = 0 };

		advise_lines(a, need, &lines);
		for (uint32_t line = 0; line < lines.count; line++)
			json_push(&texts, json_string(lines.line[line].text));
		pool_lines_free(&lines);
		json_put(&one, "node", need->node >= 0 ? json_integer(need->node) : json_null());
		json_put(&one, "pages_2m", json_u64(need->bytes / PAGE_2M));
		json_put(&one, "available",
			 need->has_pool ? json_u64(need->plan.available_pages) : json_null());
		json_put(&one, "missing", need->has_pool ? json_u64(need->plan.missing_pages) : json_null());
		json_put(&one, "lines", texts);
		json_push(&needs, one);
	}
	return needs;
}

static const struct field advice_list[] = {
	FIELD(ENUM, struct advice, answer, .names = &advise_answer_names),
	FIELDS_LIST("gains", struct advice, gains, gain_count, gain_fields),
	FIELD_BY("translation", translation_json, NULL),
	FIELD_BY("translation_not_known", not_known_json, NULL),
	FIELD_BY("running", running_json, NULL),
	FIELD_BY("needs", needs_json, NULL),
	FIELD(SIZE, struct advice, memory_available_bytes),
};
static const struct fields advice_fields = FIELDS_OF(advice_list);

int advise_json(const struct advice *a, FILE *out)
{
	json_t *json = json_document(ADVISE_SCHEMA);

	json_put(&json, "host", fields_json(&host_fields, &a->host));
	json_put(&json, "least_gain", json_real(ADVISE_LEAST_GAIN));
	fields_put(&advice_fields, 0, &json, a);
	return json_finish(json, out);
}
