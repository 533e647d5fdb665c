#include "vmm/lab/advise/advise.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "units.h"
#include "vmm/output/json.h"
#include "vmm/output/output.h"
#include "vmm/output/paragraph.h"
#include "vmm/util/size.h"
#include "vmm/util/text.h"

const struct names advise_answer_names = NAMES_OF("not sure", "no", "yes");

static json_t *command_of(const char *const *words, size_t count)
{
	json_t *command = json_array();

	for (size_t i = 0; i < count; i++)
		json_push(&command, json_string(words[i]));
	return command;
}

json_t *advise_sweep(void)
{
	static const char *const words[] = {
		"minivmm",       "sweep", "--guest-page", "4K,2M", "--backing",     "anon,thp,hugetlb:2M",
		"--prealloc",    "on",    "--workload",   "chase", "--working-set", "64M",
		"--allocations", "6",     "--repeat",     "8"
	};

	return command_of(words, COUNT_OF(words));
}

json_t *advise_twin(void)
{
	static const char *const words[] = { "minivmm",   "run",           "-m",         "256M",
					     "--backing", "thp",           "--prealloc", "--workload",
					     "twin",      "--working-set", "64M" };

	return command_of(words, COUNT_OF(words));
}

static int64_t integer(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

void advise_translation(const json_t *record, struct advice *a)
{
	const json_t *windows =
		json_object_get(json_array_get(json_object_get(record, "twin"), 0), "windows");
	const char *verdict = json_string_value(json_object_get(record, "verdict"));

	bool ok = verdict != NULL && strcmp(verdict, "ok") == 0;

	(void)snprintf(a->translation.instead, sizeof(a->translation.instead), "twin: %s",
		       ok                ? "it has no figure for 4K in both dimensions"
		       : verdict != NULL ? verdict
					 : "it has no verdict");
	for (size_t i = 0; i < json_array_size(windows) && ok; i++) {
		const json_t *one = json_array_get(windows, i), *cost = json_object_get(one, "cost");

		if (integer(one, "guest_leaf_bytes") != (int64_t)PAGE_4K ||
		    integer(one, "host_leaf_bytes") != (int64_t)PAGE_4K || !json_is_object(cost))
			continue;
		a->translation.known = true;
		a->translation.cycles = json_number_value(json_object_get(cost, "value"));
		a->translation.from = json_number_value(json_object_get(cost, "low"));
		a->translation.to = json_number_value(json_object_get(cost, "high"));
	}
}

/* The value of an axis in a cell's key, "guest-page=4K,backing=anon,...", into buf. */
static void read_axis(const char *key, const char *axis, char *buf, size_t size)
{
	const char *at = strstr(key, axis);

	at = at != NULL ? at + strlen(axis) : "?";
	(void)snprintf(buf, size, "%.*s", (int)strcspn(at, ","), at);
}

static enum advise_answer answer_of(double from, double to)
{
	return from > ADVISE_LEAST_GAIN ? ADVISE_YES : to < ADVISE_LEAST_GAIN ? ADVISE_NO : ADVISE_NOT_SURE;
}

static void add_gain(const json_t *one, struct advice *a)
{
	const char *from = json_string_value(json_object_get(one, "from"));
	const char *to = json_string_value(json_object_get(one, "to"));
	const json_t *interval = json_object_get(one, "interval");
	struct advise_gain *gain = &a->gains[a->gain_count];

	if (a->gain_count == ADVISE_MAX_GAINS || from == NULL || to == NULL ||
	    strncmp(from, "guest-page=4K,backing=anon,", 27) != 0)
		return;
	read_axis(to, "guest-page=", gain->guest_page, sizeof(gain->guest_page));
	read_axis(to, "backing=", gain->backing, sizeof(gain->backing));
	gain->faster = json_number_value(json_object_get(one, "speed_up"));
	gain->from = json_number_value(json_array_get(interval, 0));
	gain->to = json_number_value(json_array_get(interval, 1));
	/* Less than 95 % is not sure enough, wherever it lies. */
	gain->answer = json_is_array(json_object_get(one, "ci95")) ? answer_of(gain->from, gain->to)
								   : ADVISE_NOT_SURE;
	/* The best that the host alone can do; a "yes" there is one whatever else is. */
	if (strcmp(gain->guest_page, "4K") == 0 &&
	    (a->answer == ADVISE_NOT_SURE || gain->answer == ADVISE_YES))
		a->answer = gain->answer;
	a->gain_count++;
}

int advise_gains(const json_t *record, struct advice *a)
{
	const json_t *list = json_object_get(record, "speed_ups");

	if (!json_is_array(list))
		return -EINVAL;
	for (size_t i = 0; i < json_array_size(list); i++)
		add_gain(json_array_get(list, i), a);
	return 0;
}

enum known advise_wants_pages(const struct observed_vm *vm)
{
	return vm->memory.rss_bytes == 0 ? KNOWN_UNKNOWN : known_if(vm->backing_share < LEAVES_MOST);
}

static void add_need(const struct pool_report *pools, int node, uint64_t bytes, struct advice *a)
{
	struct advise_need *need = &a->needs[a->need_count];
	struct error ignored = { .status = STATUS_OK };

	if (bytes == 0)
		return;
	need->node = node;
	need->bytes = align_up(bytes, PAGE_2M);
	need->has_pool = pool_plan_make(pools,
					&(struct pool_use){ .page_bytes = PAGE_2M,
							    .bytes = need->bytes,
							    .nodes = node < 0 ? 0 : UINT64_C(1) << node },
					&need->plan, &ignored) == 0;
	a->need_count++;
}

void advise_needs(const char *root, uint64_t bytes, struct advice *a)
{
	static struct pool_report pools;

	pool_report_free(&pools);
	pool_report_read(root, &pools);
	a->pools = &pools;
	a->memory_available_bytes = pools.memory_available_bytes;
	if (a->running.count == 0)
		add_need(&pools, -1, bytes, a);
	for (int node = 0; node < HOST_MAX_NODES && a->running.count != 0; node++) {
		double sum = 0;

		/* A guest will touch all its RAM, on nodes as it has touched it so far. */
		for (uint32_t i = 0; i < a->running.count; i++) {
			const struct observed_vm *vm = &a->running.vms[i];

			if (advise_wants_pages(vm) == KNOWN_YES)
				sum += (double)vm->ram_bytes * (double)vm->node_bytes[node] /
				       (double)vm->memory.rss_bytes;
		}
		add_need(&pools, node, (uint64_t)sum, a);
	}
}

static void text_running(const struct observation *o, FILE *out)
{
	/* By enum known. */
	static const char *const which[] = { "; not seen: ", NULL, "; not, or not for the most part: " };
	char names[COUNT_OF(which)][512] = { "", "", "" }, size[24];
	uint64_t bytes = 0;
	uint32_t huge = 0;

	if (o->count == 0)
		return;
	for (uint32_t i = 0; i < o->count; i++) {
		const struct observed_vm *vm = &o->vms[i];
		const enum known wants = advise_wants_pages(vm);

		bytes += vm->ram_bytes;
		huge += wants == KNOWN_NO;
		if (which[wants] != NULL)
			append(names[wants], sizeof(names[wants]), "%s%s",
			       names[wants][0] != '\0' ? ", " : which[wants], vm->name);
	}
	paragraph(out, "running",
		  "%" PRIu32 " VMs, %s of RAM; %" PRIu32 " on huge pages%s%s (minivmm observe)", o->count,
		  size_format(align_down(bytes, MIB), size), huge, names[KNOWN_YES], names[KNOWN_UNKNOWN]);
}

void advise_lines(const struct advice *a, const struct advise_need *need, struct pool_lines *lines)
{
	char size[24], node[32] = "";

	if (!need->has_pool)
		return;
	pool_lines_provide(a->pools, &need->plan, lines);
	if (need->node >= 0)
		(void)snprintf(node, sizeof(node), " --host-nodes %d", need->node);
	pool_line_add(lines, LINE_MINIVMM, "minivmm pool plan -m %s%s", size_format(need->bytes, size), node);
}

static void text_needs(const struct advice *a, FILE *out)
{
	char size[24], left[24];
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < a->need_count; i++) {
		const struct advise_need *need = &a->needs[i];
		struct pool_lines lines = { .count = 0 };
		char where[24] = "";

		if (need->node >= 0)
			(void)snprintf(where, sizeof(where), "node %d: ", need->node);
		bytes += need->bytes;
		if (!need->has_pool) {
			paragraph(out, "how many", "%s%" PRIu64 " pages of 2M, %s", where,
				  need->bytes / PAGE_2M,
				  a->pools->unread_err != 0 ? "whose pool cannot be read"
				  : a->pools->sizes_hidden  ? "whose pool is not shown here (/sys is hidden)"
							    : "for which this kernel has no pool");
			continue;
		}
		paragraph(out, "how many",
			  "%s%" PRIu64 " pages of 2M: %" PRIu64 " available, %" PRIu64 " missing", where,
			  need->plan.needed_pages, need->plan.available_pages, need->plan.missing_pages);
		if (!pool_plan_fits(&need->plan))
			paragraph(out, "", "no more than %s can be had",
				  size_format(need->plan.largest_bytes, left));
		/* As they are, for a shell: they are not wrapped. */
		advise_lines(a, need, &lines);
		for (uint32_t line = 0; line < lines.count; line++)
			(void)fprintf(out, "%-*s%s\n", LABEL_COLUMNS, line == 0 ? "lines" : "",
				      lines.line[line].text);
		pool_lines_free(&lines);
	}
	if (bytes != 0)
		paragraph(out, "cost", "%s that nobody else can use, of %s available now",
			  size_format(bytes, size),
			  a->memory_available_bytes != 0
				  ? size_format(align_down(a->memory_available_bytes, MIB), left)
				  : "an unknown amount");
	else
		paragraph(out, "how many", "none: no VM lacks huge pages");
}

int advise_text(const struct advice *a, FILE *out)
{
	paragraph(out, "host", "%s; %s, %s; THP %s", a->host.cpu_model, a->host.kvm_module,
		  second_dimension_name(a->host.second_dimension), a->host.thp);
	text_running(&a->running, out);
	paragraph(
		out, "worth it",
		"%s, for a guest that stays as it is. Measured here, by random access over 64M (chase), against 4K in both "
		"dimensions: the most that it can bring; streams and small sets gain next to nothing",
		name_of(&advise_answer_names, a->answer));
	for (uint32_t i = 0; i < a->gain_count; i++) {
		const struct advise_gain *g = &a->gains[i];

		paragraph(out, "", "guest pages of %s on %s: %.2f times as fast (%.2f to %.2f): %s",
			  g->guest_page, g->backing, g->faster, g->from, g->to,
			  name_of(&advise_answer_names, g->answer));
	}
	if (a->translation.known)
		paragraph(
			out, "of that",
			"translation alone costs %.1f core cycles an access (%.1f to %.1f) with 4K in both dimensions, more "
			"than with the largest pages here: the same lines in one VM (twin)",
			a->translation.cycles, a->translation.from, a->translation.to);
	else
		paragraph(out, "of that", "what translation alone costs is not known: %s",
			  a->translation.instead);
	text_needs(a, out);
	return stream_finish(out);
}
