/* The document: its parts, and the pieces that several parts have. Then CPU descriptions, and what --cpu accepts. */
#include <errno.h>

#include "units.h"
#include "vmm/output/json.h"
#include "vmm/output/output.h"
#include "vmm/output/paragraph.h"
#include "vmm/output/table.h"
#include "vmm/theory/show/show.h"
#include "vmm/util/size.h"
#include "vmm/util/text.h"

int theory_text(const struct theory *t, FILE *out)
{
	int ret = 0;

	if (t->table != NULL)
		ret = theory_table_text(t->table, out);
	if (ret == 0 && t->list != NULL)
		ret = walk_list_text(t->list, out);
	if (ret == 0 && t->scale != NULL)
		ret = scale_text(t->scale, out);
	if (ret == 0 && t->scale != NULL && t->simulation != NULL)
		(void)fputc('\n', out);
	if (ret == 0 && t->simulation != NULL)
		ret = simulation_text(t->simulation, out);
	return ret == 0 ? stream_finish(out) : ret;
}

int theory_json(const struct theory *t, FILE *out)
{
	json_t *o = json_document(MODEL_SCHEMA);

	json_put(&o, "command", json_words_array(t->argv, t->argc));
	json_put(&o, "table", t->table != NULL ? theory_table_json(t->table) : json_null());
	json_put(&o, "list", t->list != NULL ? walk_list_json(t->list) : json_null());
	json_put(&o, "scale", t->scale != NULL ? scale_json(t->scale) : json_null());
	json_put(&o, "simulation", t->simulation != NULL ? simulation_json(t->simulation) : json_null());
	return json_finish(o, out);
}

const char *walk_plan_text(const struct walk_plan *plan, char buf[WALK_TEXT_BYTES])
{
	char guest[24], host[24];

	(void)size_format(plan->guest_leaf_bytes, guest);
	(void)size_format(plan->host_leaf_bytes, host);
	switch (plan->kind) {
	case WALK_NESTED:
		(void)snprintf(
			buf, WALK_TEXT_BYTES,
			"nested: %s pages in the guest's %u-level tables, %s in the host's %u-level tables "
			"(EPT or NPT)",
			guest, plan->guest_levels, host, plan->host_levels);
		break;
	case WALK_SHADOW:
		(void)snprintf(buf, WALK_TEXT_BYTES,
			       "shadow: %s pages in the guest's %u-level tables, on memory in %s pages",
			       guest, plan->guest_levels, host);
		break;
	case WALK_NATIVE:
		(void)snprintf(buf, WALK_TEXT_BYTES, "native: %s pages in %u-level tables, no hypervisor",
			       guest, plan->guest_levels);
		break;
	default:
		(void)snprintf(
			buf, WALK_TEXT_BYTES,
			"unpaged: a guest with paging off, %s pages in the host's %u-level tables (EPT or "
			"NPT)",
			host, plan->host_levels);
		break;
	}
	return buf;
}

const char *walk_formula(const struct walk_plan *plan, uint32_t count, char buf[WALK_TEXT_BYTES])
{
	if (plan->kind == WALK_NESTED)
		(void)snprintf(buf, WALK_TEXT_BYTES, "(%u+1)(%u+1)-1 = %u",
			       refs_levels(plan->guest_levels, plan->guest_leaf_bytes),
			       refs_levels(plan->host_levels, plan->host_leaf_bytes), count);
	else
		(void)snprintf(buf, WALK_TEXT_BYTES, "%u", count);
	return buf;
}

void walk_plan_put(json_t **object, const struct walk_plan *plan)
{
	bool guest = walk_is_paged(plan->kind), host = plan->kind != WALK_NATIVE;

	json_put(object, "kind", json_string(name_of(&walk_kind_names, plan->kind)));
	json_put(object, "guest_levels", guest ? json_u64(plan->guest_levels) : json_null());
	json_put(object, "guest_leaf_bytes", guest ? json_u64(plan->guest_leaf_bytes) : json_null());
	/* A shadow table has the guest's levels; of the host only the backing page counts. */
	json_put(object, "host_levels",
		 walk_is_hosted(plan->kind) ? json_u64(plan->host_levels) : json_null());
	json_put(object, "host_leaf_bytes", host ? json_u64(plan->host_leaf_bytes) : json_null());
}

/* Where text begins: behind two blanks, a name of 16 characters and a blank. */
#define TEXT_COLUMN 19

void cpu_text(const struct cpu_model *cpu, FILE *out)
{
	static const char *const words[ORIGIN_COUNT] = {
		[ORIGIN_SOURCE] = "with a source", [ORIGIN_UNCERTAIN] = "uncertain",
		[ORIGIN_CPUID] = "of CPUID",       [ORIGIN_MEASURED] = "measured here",
		[ORIGIN_ASSUMED] = "assumed",
	};
	char counts[160] = "", names[2048] = "", piece[24];

	for (int origin = 0; origin < ORIGIN_COUNT; origin++) {
		uint32_t count = cpu_count_origin(cpu, (enum cpu_origin)origin);

		if (count != 0)
			append(counts, sizeof(counts), "%s%u %s", counts[0] != '\0' ? ", " : "", count,
			       words[origin]);
	}
	for (int i = 0; i < CPU_PARAMETER_COUNT; i++) {
		if (cpu->origin[i] == ORIGIN_UNCERTAIN || cpu->origin[i] == ORIGIN_ASSUMED)
			append(names, sizeof(names), "%s%s", names[0] != '\0' ? ", " : "",
			       cpu_parameters[i].name);
	}
	paragraph(out, "cpu", "%s: %s, in %s. %u figures: %s", cpu->name, cpu->title, cpu->unit,
		  (uint32_t)CPU_PARAMETER_COUNT, counts);
	if (names[0] != '\0')
		paragraph(out, "uncertain", "no maker's own word, or another CPU's: %s", names);
	if (cpu->fracture_bytes != 0)
		paragraph(out, "fractured",
			  "a TLB entry covers %s at most, whatever the page: the hypervisor below maps no "
			  "larger ones (measured)",
			  size_format(cpu->fracture_bytes, piece));
}

json_t *cpu_json(const struct cpu_model *cpu)
{
	json_t *o = json_object(), *parameters = json_object();

	for (int i = 0; i < CPU_PARAMETER_COUNT; i++) {
		const struct cpu_parameter_info *info = &cpu_parameters[i];
		const char *word = parameter_word(info->kind, cpu->parameter[i]);
		json_t *one = json_object();

		json_put(&one, "value",
			 word != NULL                ? json_string(word)
			 : info->kind == KIND_CYCLES ? json_real(cpu_cycles(cpu, (enum cpu_parameter)i))
						     : json_u64(cpu->parameter[i]));
		json_put(&one, "origin", json_string(name_of(&cpu_origin_names, cpu->origin[i])));
		json_put(&one, "source", json_words(cpu->source[i]));
		json_put(&parameters, info->name, one);
	}
	json_put(&o, "name", json_words(cpu->name));
	json_put(&o, "title", json_words(cpu->title));
	json_put(&o, "unit", json_words(cpu->unit));
	json_put(&o, "fracture_bytes", json_u64_or_null(cpu->fracture_bytes));
	json_put(&o, "figures", parameters);
	return o;
}

/* The values that a description may have. */
static void put_accepted(struct table *table, const struct cpu_parameter_info *info)
{
	char least[24], most[24];

	if (info->kind == KIND_SWITCH) {
		table_put(table, "no or yes");
	} else if (info->kind == KIND_ARRAY) {
		table_put(table, info->most == 1 ? "own or 4K" : "own, 4K or 2M");
	} else {
		parameter_text(info->kind, info->least, least, sizeof(least));
		parameter_text(info->kind, info->most, most, sizeof(most));
		table_put(table, "%s to %s%s", least, most,
			  info->kind == KIND_POWER ? ", a power of two" : "");
	}
}

int cpu_list_text(FILE *out)
{
	static const char *const titles[] = { "-figure", "-value" };
	struct error e = { .status = STATUS_OK };
	struct table table;

	(void)fputs("CPUs that can be simulated, and how many of their figures are uncertain:\n\n", out);
	for (uint32_t i = 0; i < cpu_count(); i++) {
		struct cpu_model cpu;
		char text[160] = "";

		if (cpu_load(cpu_name(i), &cpu, &e) != 0)
			return -EINVAL;
		(void)fprintf(out, "  %-16s ", cpu.name);
		append(text, sizeof(text), "%s: %u of %u figures", cpu.title,
		       cpu_count_origin(&cpu, ORIGIN_UNCERTAIN), (uint32_t)CPU_PARAMETER_COUNT);
		paragraph_wrap(out, TEXT_COLUMN, text);
	}
	(void)fprintf(out, "  %-16s %s\n  %-16s %s\n\n", "host", "this CPU: CPUID, and the rest measured",
		      "FILE", "a description of the same form");
	paragraph_wrap(
		out, 0,
		"A description has a line \"title = TEXT\", a line \"unit = core cycles\" (or TSC cycles), "
		"and one line \"name = value  # source\" for each of these figures; a ? behind the value "
		"marks it as uncertain. Sizes take K, M and G. A cache or TLB of 0 does not exist.");
	(void)fputc('\n', out);
	table_init(&table, titles, COUNT_OF(titles));
	for (int i = 0; i < CPU_PARAMETER_COUNT; i++) {
		const struct cpu_parameter_info *info = &cpu_parameters[i];

		table_put(&table, "%s", info->name);
		put_accepted(&table, info);
	}
	return table_finish(&table, -1, out);
}
