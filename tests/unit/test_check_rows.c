/*
 * Property: each line of the table shows what the hardware has apart from what KVM has switched on, for this host's
 * vendor only, with the sentence of that state; what is odd or missing is unknown. It could break because a feature has
 * a flag, two flags or none, and because Linux spells booleans three ways.
 */
#include "test.h"
#include "tests/unit/host_root.h"
#include "vmm/lab/check/report.h"

#define HOSTS TESTS_DIR "/fixtures/host/"

static struct check_report report;

static int reset(void **state)
{
	(void)state;
	memset(&report, 0, sizeof(report));
	return 0;
}

static const struct check_row *row(const char *name)
{
	for (uint32_t i = 0; i < report.row_count; i++) {
		if (strcmp(report.rows[i].name, name) == 0)
			return &report.rows[i];
	}
	return NULL;
}

static void build(const char *host)
{
	char root[256];

	(void)reset(NULL);
	(void)snprintf(root, sizeof(root), HOSTS "%s", host);
	check_build(root, &report);
}

static const struct {
	const char *host, *name;
	enum known hardware;
	const char *enabled, *effect;
} expected[] = {
	{ "intel-ept", "vmx", KNOWN_YES, "kvm_intel", "KVM uses it" },
	{ "intel-ept", "ept", KNOWN_YES, "Y", "itself walks" },
	{ "intel-ept", "ept_1gb", KNOWN_YES, "-", "1G leaves" },
	{ "intel-ept", "ept_5level", KNOWN_NO, "-", "four levels" },
	{ "intel-ept", "enable_apicv", KNOWN_NO, "N", "cost exits" },
	{ "intel-ept", "pml", KNOWN_YES, "Y", "writes the log" },
	{ "intel-ept", "nested", KNOWN_UNKNOWN, "Y", "no third dimension" },
	{ "intel-ept-off", "ept", KNOWN_YES, "N", "Not a two-dimensional" },
	{ "intel-ept-off", "ept_1gb", KNOWN_YES, "-", "not in use" },
	{ "intel-ept-off", "tdp_mmu", KNOWN_UNKNOWN, "N", "shadow paging has its own" },
	{ "intel-ept-off", "steady accesses", KNOWN_UNKNOWN, "-", "One dimension" },
	{ "intel-vpid-off", "vpid", KNOWN_YES, "N", "drops the guest's TLB" },
	{ "intel-vpid-off", "flexpriority", KNOWN_YES, "N", "exits and is emulated" },
	{ "intel-vpid-off", "ept", KNOWN_YES, "Y", "itself walks" },
	{ "intel-vpid-off", "tpr_shadow", KNOWN_YES, "-", "without one their accesses exit" },
	{ "intel-no-ept", "ept", KNOWN_NO, "N", "shadows" },
	{ "intel-no-ept", "vpid", KNOWN_NO, "N", "drops" },
	{ "intel-no-ept", "invvpid", KNOWN_NO, "-", "does not use VPID" },
	{ "intel-no-ept", "flexpriority", KNOWN_YES, "Y", "with APICv alone" },
	{ "intel-no-ept", "pdpe1gb", KNOWN_NO, "-", "no 1G pages" },
	{ "amd-npt", "npt", KNOWN_YES, "1", "itself walks" },
	{ "amd-npt", "avic", KNOWN_YES, "unknown", "kvm_amd.avic reads \"(null)\"" },
	{ "amd-npt", "flushbyasid", KNOWN_YES, "-", "one ASID" },
	{ "amd-npt-off", "npt", KNOWN_YES, "N", "shadows" },
	{ "amd-npt-off", "flushbyasid", KNOWN_NO, "-", "new ASID" },
	{ "pvm", "vmx", KNOWN_NO, "-", "not shown to this kernel" },
	{ "pvm", "outer hypervisor", KNOWN_UNKNOWN, "-", "may be two on the metal" },
	{ "amd-npt-off", "outer hypervisor", KNOWN_UNKNOWN, "-", "may be two on the metal" },
	{ "pvm", "module", KNOWN_UNKNOWN, "kvm_pvm", "shadow paging" },
	{ "pvm", "steady accesses", KNOWN_UNKNOWN, "-", "equals `native`" },
	{ "pvm", "first touches", KNOWN_UNKNOWN, "-", "software" },
	{ "pvm", "mmio_caching", KNOWN_UNKNOWN, "N", "dearer" },
	{ "no-kvm", "module", KNOWN_UNKNOWN, "none", "no guest can run" },
	{ "no-kvm", "nx_huge_pages", KNOWN_UNKNOWN, "unknown", "no KVM module" },
	{ "intel-ept-off", "mmio_caching", KNOWN_UNKNOWN, "unknown", "was not found" },
	{ "odd-values", "ept", KNOWN_UNKNOWN, "unknown", "reads \"(null)\"" },
	{ "odd-values", "vpid", KNOWN_UNKNOWN, "unknown", "reads \"\"" },
	{ "odd-values", "flexpriority", KNOWN_UNKNOWN, "unknown", "reads \"maybe\"" },
	{ "odd-values", "eptad", KNOWN_UNKNOWN, "unknown", "reads \"unknown\"" },
	{ "odd-values", "pml", KNOWN_UNKNOWN, "unknown", "reads \"2\"" },
	{ "odd-values", "tdp_mmu", KNOWN_UNKNOWN, "unknown", "reads \"YES\"" },
	{ "odd-values", "pdpe1gb", KNOWN_UNKNOWN, "-", "does not tell" },
	{ "there-is-none", "vmx", KNOWN_UNKNOWN, "-", "not known" },
	{ "there-is-none", "svm", KNOWN_UNKNOWN, "-", "not known" },
};

TEST_WITH(hardware_apart_from_enabled, reset, NULL)
{
	EACH (i, expected) {
		const struct check_row *r;

		build(expected[i].host);
		r = row(expected[i].name);
		if (r == NULL)
			fail_msg("%s has no row %s", expected[i].host, expected[i].name);
		else if (r->hardware != expected[i].hardware ||
			 strcmp(r->enabled, expected[i].enabled) != 0 ||
			 strstr(r->effect, expected[i].effect) == NULL)
			fail_msg("%s: %s is %d, %s, %s", expected[i].host, r->name, (int)r->hardware,
				 r->enabled, r->effect);
	}
}

TEST_WITH(only_rows_that_concern_the_host, reset, NULL)
{
	static const char *const intel[] = {
		"ept", "ept_1gb", "vpid", "flexpriority", "enable_apicv", "vmx"
	};
	static const char *const amd[] = { "npt", "avic", "vgif", "flushbyasid", "svm" };
	static const struct {
		const char *host;
		bool intel, amd;
	} hosts[] = { { "intel-ept", true, false },
		      { "intel-no-ept", true, false },
		      { "amd-npt", false, true },
		      { "amd-npt-off", false, true },
		      { "odd-values", true, false } };

	EACH (i, hosts) {
		build(hosts[i].host);
		EACH (k, intel)
			assert_int_equal(row(intel[k]) != NULL, hosts[i].intel);
		EACH (k, amd)
			assert_int_equal(row(amd[k]) != NULL, hosts[i].amd);
		assert_non_null(row("nx_huge_pages"));
		assert_non_null(row("pdpe1gb"));
	}
	/* Neither vendor's hardware: no row about switches that nothing reads here. */
	build("pvm");
	assert_null(row("ept"));
	assert_null(row("npt"));
	assert_null(row("svm"));
	assert_non_null(row("vmx"));
	build("intel-ept");
	assert_null(row("outer hypervisor"));
}

/* A sentence that is cut in the middle can mean the opposite. */
TEST_WITH(every_sentence_fits, reset, NULL)
{
	LOOP (size_t, i, 0, i < feature_rule_count, i++) {
		const struct feature_rule *rule = &feature_rules[i];
		const char *const sentences[] = { rule->on, rule->off, rule->shadow };

		assert_true(strlen(rule->name) < sizeof(report.rows[0].name));
		LOOP (size_t, k, 0, k < 3, k++) {
			if (sentences[k] == NULL) {
				assert_int_equal(k, 2);
				continue;
			}
			assert_in_range(strlen(sentences[k]), 10, sizeof(report.rows[0].effect) - 1);
			assert_int_equal(sentences[k][strlen(sentences[k]) - 1], '.');
		}
	}
	assert_true(feature_rule_count + 8 < CHECK_MAX_ROWS);
	build("pvm");
	LOOP (uint32_t, i, 0, i < report.row_count, i++)
		assert_int_equal(report.rows[i].effect[strlen(report.rows[i].effect) - 1], '.');
}

TEST_WITH(one_parameter_moves_one_row, reset, NULL)
{
	static const char *const names[] = { "vpid", "flexpriority", "eptad", "pml" };
	char root[HOST_ROOT_BYTES], path[128];

	host_root_make(root);
	host_root_put(root, "sys/module/kvm_intel/initstate", "live\n");
	EACH (i, names) {
		char on[sizeof(report.rows[0].effect)];

		(void)snprintf(path, sizeof(path), "sys/module/kvm_intel/parameters/%s", names[i]);
		host_root_put(root, path, "Y\n");
		check_build(root, &report);
		assert_string_equal(row(names[i])->enabled, "Y");
		(void)snprintf(on, sizeof(on), "%s", row(names[i])->effect);
		host_root_put(root, path, "N\n");
		check_build(root, &report);
		assert_string_equal(row(names[i])->enabled, "N");
		assert_string_not_equal(row(names[i])->effect, on);
	}
	host_root_remove(root);
}

/* Before Linux 5.6 there is no "vmx flags": "flags" tells of some features, of the others nothing does. */
TEST_WITH(an_old_kernel_tells_less, reset, NULL)
{
	static const struct {
		const char *name;
		enum known hardware;
	} rows[] = { { "ept", KNOWN_YES },         { "vpid", KNOWN_NO },         { "tpr_shadow", KNOWN_YES },
		     { "flexpriority", KNOWN_NO }, { "ept_1gb", KNOWN_UNKNOWN }, { "pml", KNOWN_UNKNOWN } };
	char root[HOST_ROOT_BYTES];

	host_root_make(root);
	host_root_put(root, "proc/cpuinfo", "flags\t: fpu vmx tpr_shadow ept\n");
	check_build(root, &report);
	EACH (i, rows)
		assert_int_equal(row(rows[i].name)->hardware, rows[i].hardware);
	host_root_remove(root);
}

TEST_WITH(what_the_guest_may_use_comes_from_kvm, reset, NULL)
{
	build("intel-ept");
	assert_string_equal(row("guest pdpe1gb")->enabled, "unknown");
	report.kvm.guest_1g_pages = KNOWN_NO;
	check_build(HOSTS "intel-ept", &report);
	assert_string_equal(row("guest pdpe1gb")->enabled, "N");
	report.kvm.guest_1g_pages = KNOWN_YES;
	check_build(HOSTS "intel-ept", &report);
	assert_string_equal(row("guest pdpe1gb")->enabled, "Y");
}
