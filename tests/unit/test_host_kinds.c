/*
 * Property: what people read is no wider than a screen and names what this host is, on every kind of host: EPT, NPT and
 * shadow paging, of four levels and five, with 1G guest pages and a PMU or without, and where there is no KVM. It could
 * break on another machine: a machine that runs the tests is of one kind.
 */
#include "render.h"
#include "sample_explanation.h"
#include "sample_matrix.h"

#include "vmm/core/kvm/system.h"
#include "vmm/lab/check/report.h"
#include "vmm/output/json.h"

#define EPT "EPT: hardware walks both dimensions"
#define NPT "NPT: hardware walks both dimensions"
#define SHADOW "shadow paging: hardware walks one table that KVM keeps"
#define UNKNOWN "unknown: no leaf rule"

static const struct kind {
	const char *host, *second, *module, *run, *check, *explain;
} kinds[] = {
	{ "intel-ept", "ept", "kvm_intel", EPT, "two-dimensional by EPT", "kvm_intel with EPT, tables of" },
	{ "intel-5level", "ept", "kvm_intel", EPT, "two-dimensional by EPT",
	  "kvm_intel with EPT, tables of" },
	{ "intel-vpid-off", "ept", "kvm_intel", EPT, "two-dimensional by EPT",
	  "kvm_intel with EPT, tables of" },
	{ "amd-npt", "npt", "kvm_amd", NPT, "two-dimensional by NPT", "kvm_amd with NPT, tables of" },
	{ "amd-5level", "npt", "kvm_amd", NPT, "two-dimensional by NPT", "kvm_amd with NPT, tables of" },
	{ "intel-ept-off", "shadow", "kvm_intel", SHADOW, "shadow paging by kvm_intel",
	  "kvm_intel with shadow paging" },
	{ "intel-no-ept", "shadow", "kvm_intel", SHADOW, "shadow paging by kvm_intel",
	  "kvm_intel with shadow paging" },
	{ "amd-npt-off", "shadow", "kvm_amd", SHADOW, "shadow paging by kvm_amd",
	  "kvm_amd with shadow paging" },
	{ "pvm", "shadow", "kvm_pvm", SHADOW, "shadow paging by kvm_pvm", "kvm_pvm with shadow paging" },
	{ "odd-values", "unknown", "kvm_intel", UNKNOWN,
	  "unknown: ", "kvm_intel, second dimension: unknown" },
	{ "no-kvm", "none", "none", UNKNOWN, "no KVM", "none, second dimension: none" },
};

static void root_of(const struct kind *kind, char root[256])
{
	(void)snprintf(root, 256, TESTS_DIR "/fixtures/host/%s", kind->host);
}

/* It fits a screen, and the words are there however they are wrapped. */
static void judge(char *text, const char *words)
{
	assert_fits_screen(text);
	squeeze(text);
	if (strstr(text, words) == NULL)
		fail_msg("\"%s\" is not in: %s", words, text);
	free(text);
}

/* What a PMU may be: none that libpfm4 knows, one of which nothing can be counted, one that counts for guest and host. */
enum pmu_state { PMU_UNKNOWN_CPU, PMU_REFUSES, PMU_COUNTS, PMU_STATES };

static struct pmu_plan *plan_of(enum pmu_state state)
{
	const char *name = state == PMU_UNKNOWN_CPU ? "unknown" : "skx";
	static struct pmu_plan plan;

	plan = (struct pmu_plan){ .model = pmu_model_find(name) };
	(void)snprintf(plan.pmu, sizeof(plan.pmu), "%s", name);
	for (int role = PMU_ROLE_NONE + 1; role < PMU_ROLE_COUNT; role++) {
		struct pmu_event *e = &plan.events[plan.event_count++];

		*e = (struct pmu_event){ .role = (enum pmu_role)role,
					 .split = true,
					 .available = state == PMU_COUNTS };
		if (state == PMU_REFUSES)
			(void)snprintf(e->reason, sizeof(e->reason), "refused: %0200d", role);
		else if (state == PMU_UNKNOWN_CPU)
			(void)snprintf(e->reason, sizeof(e->reason), "no event for it is known of this CPU");
	}
	return &plan;
}

/* Every part once, the figures of half of them missing for a reason of the host's. */
static void all_rows(struct record *rec)
{
	const uint64_t cycles[] = { 12345678, 23456789, 34567890 };

	for (int workload = 0; workload < WORKLOAD_COUNT; workload++) {
		struct result r = { .step = 10 + (uint32_t)workload,
				    .workload = (enum workload_id)workload,
				    .working_set_bytes = 64 * MIB,
				    .pages = 16384,
				    .accesses = 1000,
				    .operations = 1000 };

		if (workload % 2 == 0)
			(void)snprintf(r.note, sizeof(r.note), "%s",
				       unavailable_text(1 + (uint32_t)workload / 2 % 3));
		sample_row(rec, &r, cycles, workload % 2 == 0 ? 0 : 3);
	}
}

TEST(a_run)
{
	struct record rec;
	char root[256];

	EACH (i, kinds) {
		root_of(&kinds[i], root);
		LOOP (int, shape, 0, shape < 8 * PMU_STATES, shape++) {
			bool native = (shape & 1) != 0, is_1g = (shape & 2) != 0;

			sample_machine(&rec);
			facts_read(root, &rec.host);
			rec.host.tsc_khz = SAMPLE_TSC_KHZ;
			rec.ring0_slowdown = 1234.5;
			sample_rows(&rec);
			all_rows(&rec);
			rec.spec.native = native;
			rec.have_kvm_pages = (shape & 4) == 0;
			if (is_1g)
				rec.config.guest_page_bytes = rec.config.page_bytes = PAGE_1G;
			rec.pmu = plan_of((enum pmu_state)(shape / 8));
			record_judge(&rec);
			judge(render(&rec, text_plain),
			      native ? "1 thread, no virtual machine" : kinds[i].run);
			rec.pmu = NULL;
			record_free(&rec);
		}
	}
}

TEST(a_check)
{
	static struct check_report report;
	char root[256];

	EACH (i, kinds) {
		root_of(&kinds[i], root);
		LOOP (int, shape, 0, shape < 3 * PMU_STATES, shape++) {
			enum known known = (enum known)(shape % 3);
			char *text = NULL;
			size_t bytes = 0;
			FILE *out = open_memstream(&text, &bytes);

			assert_non_null(out);
			memset(&report, 0, sizeof(report));
			report.kvm.present = report.kvm.permitted = report.kvm.guest_1g_pages = known;
			report.kvm.capability_count = KVM_CAPABILITY_COUNT;
			for (uint32_t k = 0; k < KVM_CAPABILITY_COUNT; k++) {
				report.kvm.capability[k].name = kvm_capabilities[k].name;
				report.kvm.capability[k].purpose = kvm_capabilities[k].purpose;
				report.kvm.capability[k].required = kvm_capabilities[k].required;
				report.kvm.capability[k].value = known == KNOWN_YES  ? INT32_MAX
								 : known == KNOWN_NO ? 0
										     : -1;
			}
			check_build(root, &report);
			report.pmu = plan_of((enum pmu_state)(shape / 3));
			assert_int_equal(check_text(&report, NULL, 0, out), 0);
			assert_int_equal(fclose(out), 0);
			test_wrote(text);
			judge(text, kinds[i].check);
		}
	}
}

TEST(an_explanation)
{
	static const struct memmap map = { .range_count = 1, .ranges = { { .bytes = 3 * GIB } } };
	static struct explanation x;
	const struct explanation *const xs[] = { &x, &x };
	struct host_facts facts;
	char root[256];

	EACH (i, kinds) {
		root_of(&kinds[i], root);
		facts_read(root, &facts);
		for (int name = 0; name < SAMPLE_COUNT; name++) {
			sample_make(&x, (enum sample_name)name);
			(void)snprintf(x.kvm_module, sizeof(x.kvm_module), "%s", facts.kvm_module);
			x.second_dimension = facts.second_dimension;
			x.host_levels = facts.second_dimension_levels;
			x.hypervisor = facts.hypervisor == KNOWN_YES;
			explain_derive(&map, facts.nx_huge_pages, &x);
			for (uint32_t count = 1; count <= 2; count++)
				judge(sample_emit(xs, count, explain_text),
				      count == 1 ? kinds[i].explain : "== before ==");
		}
	}
}

TEST(a_sweep)
{
	struct error e = { .status = STATUS_OK };
	struct host_facts facts;
	char root[256], words[128];
	struct matrix m;

	EACH (i, kinds) {
		root_of(&kinds[i], root);
		facts_read(root, &facts);
		assert_int_equal(matrix_read(TESTS_DIR "/golden/sweep.json", &m, &e), 0);
		json_decref(m.host);
		m.host = fields_json(&host_fields, &facts);
		assert_int_equal(matrix_derive(&m), 0);
		(void)snprintf(words, sizeof(words), "second dimension: %s (%s)", kinds[i].second,
			       kinds[i].module);
		judge(render_matrix(&m, matrix_text), words);
		matrix_free(&m);
	}
}

TEST_WRITES()
