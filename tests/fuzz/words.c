/*
 * What a user writes: options, an --axes file, lists, sizes and keys, the description of a CPU, requirements; and how any text
 * is made printable. It could break at the last of something, and where the same text is read twice with two meanings.
 */
#include "tests/fuzz/fuzz.h"

#include "units.h"
#include "vmm/cli/command.h"
#include "vmm/cli/options.h"
#include "vmm/host/meminfo.h"
#include "vmm/host/sysfile.h"
#include "vmm/lab/check/report.h"
#include "vmm/lab/measure/plan.h"
#include "vmm/lab/sweep/key.h"
#include "vmm/theory/show/show.h"
#include "vmm/theory/simulate/closed_form.h"
#include "vmm/theory/simulate/cpu.h"
#include "vmm/theory/simulate/simulate.h"
#include "vmm/util/size.h"
#include "vmm/util/text.h"

#define MAX_WORDS 32

static struct request request;

/* A refusal is a usage error in printable words. */
static void check_refused(const struct error *e)
{
	FUZZ_CHECK(e->status == STATUS_USAGE && e->what[0] != '\0');
}

static void make_plan(const struct request *r)
{
	static struct config c;
	struct error e = { .status = STATUS_OK };

	if (r->command != COMMAND_RUN && r->command != COMMAND_NATIVE && r->command != COMMAND_EXPLAIN)
		return;
	if (plan_make(&r->run, r->run.machine.page_bytes != 0 ? r->run.machine.page_bytes : PAGE_4K, &c,
		      &e) == 0) {
		FUZZ_CHECK(c.step_count <= PLAN_MAX_STEPS);
		FUZZ_TEXT(plan_dump(&r->run, &c, out));
	} else {
		FUZZ_CHECK(e.what[0] != '\0');
	}
}

/* A line is a word. */
FUZZ(options)
{
	static char program[] = "minivmm";
	char *argv[MAX_WORDS + 2] = { program }, *text = fuzz_text(data, size), *end = text + size;
	struct error e = { .status = STATUS_OK };
	int argc = 1;

	for (char *word = text; word < end && argc <= MAX_WORDS; argc++) {
		argv[argc] = word;
		word += strcspn(word, "\n");
		*word++ = '\0';
	}
	argv[argc] = NULL;
	if (request_parse(argc, argv, &request, &e) == 0)
		make_plan(&request);
	else
		check_refused(&e);
	free(text);
}

FUZZ(axes)
{
	static char program[] = "minivmm", sweep[] = "sweep", option[] = "--axes", file[] = "f.axes";
	static char *argv[] = { program, sweep, option, file, NULL };
	struct error e = { .status = STATUS_OK };
	char *text = fuzz_text(data, size);

	if (request_assemble(4, argv, text, size, &request, &e) != 0)
		check_refused(&e);
	free(text);
}

/* Numbers are written and read back as the same; lists keep to their limits. */
FUZZ(lists)
{
	static uint16_t numbers[64];
	static uint64_t sizes[48];
	char *text = fuzz_text(data, size), buf[32], joined[2][KEY_JOINED_BYTES];
	struct key key, again;
	uint64_t value, other;
	int count = list_parse(text, 1023, numbers, COUNT_OF(numbers));

	for (int i = 0; i < count; i++)
		FUZZ_CHECK(numbers[i] <= 1023);
	count = size_series_parse(text, sizes, COUNT_OF(sizes));
	FUZZ_CHECK(count <= (int)COUNT_OF(sizes));
	if (size_parse(text, 1, &value) == 0)
		FUZZ_CHECK(size_parse(size_format(value, buf), 1, &other) == 0 && other == value);
	if (number_parse(text, 0, UINT64_MAX, &value) == 0)
		FUZZ_CHECK(value == strtoull(text, NULL, 10));
	if (page_size_parse(text, &value) == 0)
		FUZZ_CHECK(value == PAGE_4K || value == PAGE_2M || value == PAGE_1G);
	if (key_parse(text, &key) == 0) {
		again = key;
		key_join(&key, 0, joined[0]);
		FUZZ_CHECK(key_override(&again, "") != 0 || memcmp(&again, &key, sizeof(key)) == 0);
		key_join(&again, 1, joined[1]);
	}
	(void)mount_option_size(text, "pagesize", &value);
	(void)meminfo_parse(text, "MemTotal", &value);
	free(text);
}

/* Whatever the text, what is shown of it commands no terminal, and a shell reads it as one word. */
FUZZ(text)
{
	char *text = fuzz_text(data, size), buf[256], word[1200];
	const char *shown;
	size_t room = size != 0 ? 1 + data[0] : 1;

	(void)printable(text, buf, room < sizeof(buf) ? room : sizeof(buf));
	FUZZ_CHECK(fuzz_is_text(buf, strlen(buf)) && strchr(buf, '\n') == NULL);
	shown = shell_word(text, word, sizeof(word));
	FUZZ_CHECK(fuzz_is_text(shown, strlen(shown)) && strchr(shown, '\n') == NULL);
	FUZZ_CHECK(shown == text || strlen(shown) + 1 >= sizeof(word) || shown[0] == '\'' || shown[0] == '$');
	(void)path_tail(text, 1 + room % 64);
	(void)make_printable(text, "\n");
	FUZZ_CHECK(fuzz_is_text(text, strlen(text)));
	free(text);
}

FUZZ(requirements)
{
	static struct check_report report;
	static struct requirement requirements[REQUIRE_MAX];
	struct error e = { .status = STATUS_OK };
	char *list = fuzz_text(data, size);
	int count;

	report.kvm.api_version = -1;
	count = require_evaluate(&check_rules, list, "/nonexistent", &report, requirements, &e);
	if (count < 0) {
		check_refused(&e);
	} else {
		FUZZ_TEXT(check_text(&report, requirements, (uint32_t)count, out));
		FUZZ_TEXT(check_tap(&report, requirements, (uint32_t)count, out));
		FUZZ_JSON(check_json(&report, requirements, (uint32_t)count, out));
	}
	free(list);
}

/* Names of events reach libpfm4, which knows this CPU's. */
FUZZ(events)
{
	struct pmu_plan *plan = NULL;
	struct error e = { .status = STATUS_OK };
	char *list = fuzz_text(data, size);

	if (pmu_plan_new(list, &plan, &e) == 0)
		FUZZ_CHECK(plan->event_count <= PMU_MAX_EVENTS);
	else
		FUZZ_CHECK(plan == NULL && e.what[0] != '\0');
	free(plan);
	free(list);
}

static void simulate_little(const struct cpu_model *cpu, const struct walk_plan *walk)
{
	struct work_spec work = { .workload_count = 2,
				  .workloads = { WORKLOAD_packed, WORKLOAD_chase },
				  .set_count = 1,
				  .sets_bytes = { 64 * KIB },
				  .accesses = 64,
				  .seed = 1 };
	struct theory t = { .simulation = NULL };
	struct simulation_series s;
	struct error e = { .status = STATUS_OK };

	if (simulation_series_make(&work, walk, cpu, &s, &e) != 0)
		return;
	t.simulation = &s;
	FUZZ_TEXT(theory_text(&t, out));
	FUZZ_JSON(theory_json(&t, out));
	simulation_series_free(&s);
}

/* Any description that is taken can be predicted with, simulated and shown. */
FUZZ(cpu)
{
	static struct cpu_model cpu;
	struct walk_plan walk = { WALK_NESTED, 4, 4, PAGE_4K, PAGE_4K };
	struct error e = { .status = STATUS_OK };
	struct random_access access;
	char *text = fuzz_copy(data, size);
	int ret = cpu_parse("input.cpu", text, size, &cpu, &e);

	free(text);
	if (ret != 0) {
		FUZZ_CHECK(e.what[0] != '\0');
		return;
	}
	random_access_predict(&cpu, &walk, PAGE_4K, UINT64_C(1) << 36, &access);
	FUZZ_CHECK(access.terms.total_cycles >= 0);
	simulate_little(&cpu, &walk);
	walk = (struct walk_plan){ WALK_NATIVE, 5, 0, PAGE_2M, 0 };
	random_access_predict(&cpu, &walk, PAGE_2M, PAGE_4K, &access);
	FUZZ_CHECK(access.terms.total_cycles >= 0);
}
