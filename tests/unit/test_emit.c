/*
 * Property: the three outputs are exactly the golden files, so any change of what scripts and readers see is a
 * change that a reviewer sees too; and no line of text is wider than the screen. MINIVMM_UPDATE_GOLDEN=1 rewrites
 * the golden files.
 */
#include "render.h"

TEST(golden_files)
{
	struct record rec;

	sample_machine(&rec);
	sample_rows(&rec);
	assert_int_equal(record_settle_clock(&rec), 0);
	record_judge(&rec);
	compare_golden(&rec, text_plain, TESTS_DIR "/golden/run.txt");
	compare_golden(&rec, record_csv, TESTS_DIR "/golden/run.csv");
	compare_golden(&rec, record_json, TESTS_DIR "/golden/run.json");
	record_free(&rec);
}

/* Nothing that host, user or measurement can put in makes a line wider, or reaches the terminal as a command. */
TEST(text_stays_narrow)
{
	static char path[5000];
	struct record rec;
	char *data;

	memset(path, 'x', sizeof(path) - 1);
	path[0] = '\033';
	sample_machine(&rec);
	rec.config.vcpus = 2;
	LOOP (int32_t, vcpu, 0, vcpu < 2, vcpu++) {
		LOOP (uint32_t, i, 0, i < 30, i++) {
			sample_chase(&rec, WORKLOAD_packed, i, vcpu, UINT64_C(1) << (i % 26), 384000);
			sample_chase(&rec, WORKLOAD_chase, i + 30, vcpu, UINT64_C(1) << (i % 26), 38400000);
		}
	}
	assert_int_equal(record_settle_clock(&rec), 0);
	assert_int_equal(record_combine(&rec), 0);
	rec.spec.machine.mem_path = path;
	memset(rec.host.cpu_model, 'c', sizeof(rec.host.cpu_model) - 1);
	for (int i = 0; i < RECORD_MAX_REASONS; i++)
		record_reason(&rec, VERDICT_FAILED, "%0300d", i);
	assert_narrow(&rec);
	rec.spec.native = true;
	assert_narrow(&rec);
	data = render(&rec, text_plain);
	assert_null(strchr(data, '\033'));
	assert_non_null(strstr(data, "itself a virtual machine: these"));
	free(data);
	record_free(&rec);
}

/* Figures that say less than they seem to say so: whose guest it was, and a count that is late. */
TEST(doubts_stand_beside_the_figures)
{
	struct record rec;
	char *data;

	sample_machine(&rec);
	data = render(&rec, text_plain);
	assert_null(strstr(data, "payload"));
	assert_null(strstr(data, "(late"));
	free(data);
	rec.machine.guest.is_foreign = rec.kvm_tables_late = true;
	rec.spec.machine.guest_path = "theirs.elf";
	record_judge(&rec);
	assert_narrow(&rec);
	data = render(&rec, text_plain);
	assert_non_null(strstr(data, "payload theirs.elf, 150000 bytes, SHA-256"));
	assert_non_null(strstr(data, "(late: only root"));
	assert_non_null(strstr(data, "verdict    payload\n"));
	free(data);
	data = render(&rec, record_json);
	assert_non_null(strstr(data, "\"kvm_tables_late\": true"));
	assert_non_null(strstr(data, "\"embedded\": false"));
	free(data);
	record_free(&rec);
}

TEST(an_empty_record_is_printable)
{
	struct record rec;
	char *data;

	record_init(&rec);
	assert_narrow(&rec);
	data = render(&rec, record_json);
	assert_non_null(strstr(data, "\"pool\": null"));
	free(data);
	data = render(&rec, record_csv);
	assert_int_equal(strcspn(data, "\n") + 1, strlen(data));
	free(data);
}

/* What is not UTF-8 or not a signed integer must not lose the record. */
TEST(json_survives_strange_values)
{
	struct record rec;
	char *data;

	sample_machine(&rec);
	rec.spec.machine.mem_path = "/mnt/\xff";
	rec.config.seed = UINT64_MAX;
	data = render(&rec, record_json);
	assert_non_null(strstr(data, "\"path\": \"/mnt/?\""));
	assert_non_null(strstr(data, "\"seed\": \"18446744073709551615\""));
	free(data);
}

TEST_WRITES()
