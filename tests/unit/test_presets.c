/*
 * Every preset is a sweep that the parser accepts and the planner of runs finds possible, and its paragraph is one that
 * a record has room for. Presets are data: nothing but this notices a misspelled axis before a user does.
 */
#include <ctype.h>

#include "test.h"
#include "sweep_line.h"
#include "units.h"
#include "vmm/cli/command.h"
#include "vmm/lab/sweep/spec.h"
#include "vmm/util/workloads.h"
#include "vmm/lab/sweep/matrix.h"

static const char *const asked_for[PRESETS] = {
	"tlb-reach",         "walk-cost",     "twin",      "first-touch", "vpid",
	"flexpriority",      "exit-cost",     "remap",     "smp",         "terabyte",
	"hypervisor-matrix", "lazy-or-early", "overcommit"
};

static void parse_preset(const char *name, struct request *r)
{
	struct error e;
	char line[80];

	(void)snprintf(line, sizeof(line), "sweep --preset %s", name);
	if (parse_line(line, r, &e) != 0)
		fail_msg("preset %s: %s", name, error_text(&e));
}

static uint32_t cells_of(const struct request *r)
{
	const struct sweep_spec *s = &r->sweep;

	uint32_t cells = r->run.work.workload_count * (r->run.work.set_count > 0 ? r->run.work.set_count : 1);

	for (int id = 0; id < AXES; id++)
		cells *= s->axes[id].count;
	return cells;
}

TEST(all_parse)
{
	LOOP (int, i, 0, i < PRESETS, i++) {
		struct request r;

		assert_string_equal(preset_table[i].name, asked_for[i]);
		assert_ptr_equal(preset_find(asked_for[i]), &preset_table[i]);
		parse_preset(asked_for[i], &r);
		assert_string_equal(r.sweep.preset, asked_for[i]);
		assert_true(request_has_plan(&r) && r.run.workloads_given);
		assert_in_range(cells_of(&r), 2, 240);
		assert_in_range(r.sweep.allocations, 3, 5);
	}
	assert_null(preset_find("walk"));
	assert_null(preset_find(""));
}

static uint64_t greatest(const struct axis_values *values)
{
	uint64_t number = 0;

	for (uint32_t i = 0; i < values->count; i++)
		number = max_u64(number, values->list[i].number);
	return number;
}

/* What a workload can bear, in at least one cell of the preset; the rest of the judgement is the planner's. */
TEST(workloads_fit)
{
	LOOP (int, i, 0, i < PRESETS, i++) {
		struct request r;

		parse_preset(preset_table[i].name, &r);
		LOOP (uint32_t, w, 0, w < r.run.work.workload_count, w++) {
			uint32_t needs = workload_table[r.run.work.workloads[w]].needs;

			assert_true((needs & NEEDS_PEERS) == 0 || greatest(&r.sweep.axes[AXIS_SMP]) > 1);
			assert_true(r.run.machine.alias_bytes == 0 || (needs & WORKS_ALIASED) != 0);
			LOOP (uint32_t, s, 0, s < r.run.work.set_count && (needs & NEEDS_TWO_LEAVES) != 0,
			      s++)
				assert_true(workload_table[r.run.work.workloads[w]].default_set == SET_NONE ||
					    r.run.work.sets_bytes[s] >=
						    2 * greatest(&r.sweep.axes[AXIS_GUEST_PAGE]));
		}
	}
}

TEST(what_the_issue_names)
{
	struct request r;

	parse_preset("hypervisor-matrix", &r);
	assert_int_equal(cells_of(&r), 240);
	assert_int_equal(r.sweep.set_pages, 64);
	parse_preset("terabyte", &r);
	assert_true(r.run.machine.alias_bytes == GIB && r.run.work.sets_bytes[0] == GIB &&
		    r.run.work.sets_bytes[r.run.work.set_count - 1] == TIB);
	assert_false(r.sweep.memory_given);
	parse_preset("tlb-reach", &r);
	assert_true(r.run.work.set_count == 25 && r.run.work.sets_bytes[0] == 64 * KIB &&
		    r.run.work.sets_bytes[1] == 96 * KIB && r.run.work.sets_bytes[24] == 256 * MIB);
	parse_preset("walk-cost", &r);
	assert_string_equal(axis_text(&r.sweep, AXIS_GUEST_PAGE), "4K,2M,1G,native");
	assert_int_equal(r.sweep.axes[AXIS_BACKING].count, 4);
	parse_preset("first-touch", &r);
	assert_int_equal(r.sweep.axes[AXIS_PREALLOC].count, 3);
}

/* A few sentences of ASCII that say what to expect of each kind of second dimension, within a record's room. */
TEST(paragraphs)
{
	LOOP (int, i, 0, i < PRESETS, i++) {
		char text[PRESET_TEACHES_BYTES];
		const struct matrix *m = NULL;
		size_t length = strlen(preset_teaches(&preset_table[i], text));
		int sentences = 0;

		assert_in_range(length, 300, sizeof(m->teaches) - 1);
		assert_in_range(strlen(preset_table[i].name), 3, sizeof(m->preset) - 1);
		assert_in_range(strlen(preset_axes(&preset_table[i])), 10, PRESET_AXES_BYTES - 1);
		LOOP (size_t, at, 0, at < length, at++) {
			assert_true(isprint((unsigned char)text[at]));
			assert_false(text[at] == ' ' && text[at + 1] == ' ');
			sentences += (text[at] == '.' || text[at] == '?') &&
				     (text[at + 1] == ' ' || text[at + 1] == '\0');
		}
		assert_in_range(sentences, 3, 7);
		assert_int_equal(text[length - 1], '.');
		assert_true(strstr(text, "EPT") != NULL && strstr(text, "hadow paging") != NULL);
	}
}

TEST(help)
{
	struct request r;
	struct error e;
	char names[PRESET_NAMES_BYTES] = "";
	const char *text;

	assert_int_equal(parse_line("sweep --smp 2 --preset help --bogus", &r, &e), 0);
	assert_int_equal(r.command, COMMAND_PRESET_HELP);
	text = request_help(r.help_topic);
	LOOP (int, i, 0, i < PRESETS, i++) {
		char heading[40], first_line[200];

		(void)snprintf(heading, sizeof(heading), "\n  %s\n", preset_table[i].name);
		assert_non_null(strstr(text, heading));
		(void)snprintf(first_line, sizeof(first_line), "\n        %.*s\n",
			       (int)strcspn(preset_axes(&preset_table[i]), "\n"),
			       preset_axes(&preset_table[i]));
		assert_non_null(strstr(strstr(text, heading), first_line));
		assert_non_null(strstr(preset_names(names), preset_table[i].name));
	}
	assert_true(strlen(names) + 1 < sizeof(names));
}
