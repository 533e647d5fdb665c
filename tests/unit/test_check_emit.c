/*
 * The three outputs of the host check are exactly the golden files, fit a screen of 100 columns, and stay well-formed whatever the
 * host's files held. They could break on the longest sentence, on control characters in a parameter, on a '#' that
 * turns a failed requirement into a skipped one, and by printing 0 for what is not known.
 */
#include <jansson.h>

#include "golden.h"
#include "test.h"
#include "units.h"
#include "vmm/lab/check/report.h"

static struct check_report report;
static struct requirement needs[2];
static char *text;

typedef int emitter(const struct check_report *, const struct requirement *, uint32_t, FILE *);

static const char *emit(emitter *fn, uint32_t count)
{
	size_t bytes = 0;
	FILE *out;

	free(text);
	text = NULL;
	out = open_memstream(&text, &bytes);
	assert_non_null(out);
	assert_int_equal(fn(&report, count != 0 ? needs : NULL, count, out), 0);
	assert_int_equal(fclose(out), 0);
	test_wrote(text);
	return text;
}

static json_t *emit_parsed(uint32_t count)
{
	json_error_t error;
	json_t *root = json_loads(emit(check_json, count), JSON_REJECT_DUPLICATES, &error);

	if (root == NULL)
		fail_msg("line %d: %s", error.line, error.text);
	return root;
}

static struct check_row *add_row(enum row_group group, const char *name, const char *enabled)
{
	struct check_row *row = &report.rows[report.row_count++];

	row->group = group;
	(void)snprintf(row->name, sizeof(row->name), "%s", name);
	(void)snprintf(row->enabled, sizeof(row->enabled), "%s", enabled);
	(void)snprintf(row->effect, sizeof(row->effect), "what %s does", name);
	return row;
}

static int fresh(void **state)
{
	struct check_row *row;

	(void)state;
	memset(&report, 0, sizeof(report));
	memset(needs, 0, sizeof(needs));
	report.facts.hypervisor = report.facts.pmu = KNOWN_NO;
	(void)snprintf(report.facts.kvm_module, sizeof(report.facts.kvm_module), "kvm_intel");
	(void)snprintf(report.facts.kernel, sizeof(report.facts.kernel), "6.1.0");
	(void)snprintf(report.facts.cpu_model, sizeof(report.facts.cpu_model), "A CPU");
	report.second_dimension = SECOND_EPT;
	(void)snprintf(report.verdict, sizeof(report.verdict), "two-dimensional by EPT");
	report.second_levels = 4;
	report.largest_second_leaf_bytes = PAGE_1G;
	report.kvm.present = report.kvm.permitted = report.kvm.makes_vm = KNOWN_YES;
	report.kvm.api_version = 12;
	report.kvm.capability_count = 3;
	for (uint32_t i = 0; i < 3; i++) {
		static const char *const names[] = { "KVM_CAP_NEEDED", "KVM_CAP_OPTIONAL",
						     "KVM_CAP_UNASKED" };

		report.kvm.capability[i].name = names[i];
		report.kvm.capability[i].purpose = "a purpose";
		report.kvm.capability[i].required = i == 0;
		report.kvm.capability[i].value = 1 - (int)i;
	}
	row = add_row(ROW_PAGING, "ept", "Y");
	row->of_hardware = true;
	row->hardware = KNOWN_YES;
	row = add_row(ROW_PAGING, "pml", "unknown");
	row->of_hardware = true;
	(void)add_row(ROW_KVM, "tdp_mmu", "N");
	(void)add_row(ROW_MEMORY, "remark", "-");
	report.disturber_count = 1;
	(void)snprintf(report.disturbers[0].what, sizeof(report.disturbers[0].what), "KSM runs");
	(void)snprintf(needs[0].text, sizeof(needs[0].text), "ept");
	(void)snprintf(needs[0].reason, sizeof(needs[0].reason), "it is on");
	needs[0].met = true;
	(void)snprintf(needs[1].text, sizeof(needs[1].text), "hugepages=2M:512");
	(void)snprintf(needs[1].reason, sizeof(needs[1].reason), "none there");
	return 0;
}

static int drop(void **state)
{
	(void)state;
	free(text);
	text = NULL;
	return 0;
}

static void assert_narrow(const char *s)
{
	assert_fits_screen(s);
	for (const char *c = s; *c != '\0'; c++)
		assert_true(*c == '\n' || ((unsigned char)*c >= 0x20 && *c != 0x7f));
	assert_int_equal(s[strlen(s) - 1], '\n');
}

TEST_WITH(golden_files, fresh, drop)
{
	golden_compare(emit(check_text, 2), TESTS_DIR "/golden/check.txt");
	golden_compare(emit(check_json, 2), TESTS_DIR "/golden/check.json");
	golden_compare(emit(check_tap, 2), TESTS_DIR "/golden/check.tap");
}

/* Nothing required: no word of it, null, a plan of no tests. */
TEST_WITH(nothing_required, fresh, drop)
{
	json_t *root = emit_parsed(0);

	assert_true(json_is_null(json_object_get(root, "met")));
	json_decref(root);
	root = emit_parsed(1);
	assert_true(json_is_true(json_object_get(root, "met")));
	json_decref(root);
	assert_null(strstr(emit(check_text, 0), "required"));
	assert_int_equal(strncmp(emit(check_tap, 0), "1..0 # SKIP ", 12), 0);
}

TEST_WITH(device_states, fresh, drop)
{
	report.kvm.capability_count = 0;
	report.kvm.makes_vm = KNOWN_NO;
	(void)strcpy(report.kvm.failure, "it is held");
	(void)strcpy(report.kvm.cure, "end the holder");
	assert_non_null(strstr(emit(check_text, 0), "version 12, but: it is held"));
	report.kvm.permitted = KNOWN_NO;
	report.kvm.err = 13;
	assert_non_null(strstr(emit(check_text, 0), "there, but: it is held"));
	assert_non_null(strstr(emit(check_text, 0), "end the holder"));
	report.kvm.present = KNOWN_NO;
	report.kvm.err = 2;
	assert_non_null(strstr(emit(check_text, 0), "not there, it is held"));
	memset(&report.kvm, 0, sizeof(report.kvm));
	assert_non_null(strstr(emit(check_text, 0), "recorded host"));
}

/* The host's files may hold anything, in any length. */
TEST_WITH(strange_values, fresh, drop)
{
	static const char bad[] = "a\033[2J\nok 3 - b # SKIP \xff";

	memset(report.rows[0].name, 'n', sizeof(report.rows[0].name) - 1);
	memset(report.rows[0].enabled, 'v', sizeof(report.rows[0].enabled) - 1);
	memset(report.rows[0].effect, 'e', sizeof(report.rows[0].effect) - 1);
	memset(report.verdict, 'x', sizeof(report.verdict) - 1);
	memset(needs[1].reason, 'r', sizeof(needs[1].reason) - 1);
	memset(needs[1].text, 't', sizeof(needs[1].text) - 1);
	(void)snprintf(report.rows[1].enabled, sizeof(report.rows[1].enabled), "%s", bad);
	(void)snprintf(report.rows[1].effect, sizeof(report.rows[1].effect), "%s", bad);
	(void)snprintf(report.facts.kernel, sizeof(report.facts.kernel), "%s", bad);
	(void)snprintf(report.facts.kvm_module, sizeof(report.facts.kvm_module), "%s", bad);
	(void)snprintf(report.disturbers[0].what, sizeof(report.disturbers[0].what), "%s", bad);
	(void)snprintf(report.disturbers[0].command, sizeof(report.disturbers[0].command), "%s", bad);
	(void)snprintf(needs[0].reason, sizeof(needs[0].reason), "%s", bad);
	assert_narrow(emit(check_text, 2));
	json_decref(emit_parsed(2));
	assert_null(strstr(emit(check_tap, 2), "\nok 3"));
	assert_null(strstr(text, "# SKIP"));
	for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1)
		assert_true(strncmp(line, "1..2", 4) == 0 || line[0] == '#' ||
			    strncmp(line, "ok 1", 4) == 0 || strncmp(line, "not ok 2", 8) == 0);
}

/* A reader that has gone is an error, not silence. */
TEST_WITH(lost_output, fresh, drop)
{
	static emitter *const emitters[] = { check_text, check_json, check_tap };

	LOOP (size_t, i, 0, i < 3, i++) {
		FILE *full = fopen("/dev/full", "w");

		assert_non_null(full);
		assert_true(emitters[i](&report, needs, 2, full) < 0);
		(void)fclose(full);
	}
}

TEST_WRITES()
