/*
 * Property: every event of the table is one that libpfm4 knows for every PMU of its model, and its code is the one
 * that the manual gives for the role. It could break by a misspelt name (libpfm4 would refuse it on that CPU alone,
 * which no machine here has), and by a name that is right and plays another role.
 *
 * The codes below, unit mask and event, are typed from the manuals' tables, not from libpfm4: Intel's perfmon event
 * files and AMD's PPRs, as events.def names them.
 */

#include "test.h"
#include "vmm/lab/pmu/plan.h"

#define TYPE_HARDWARE 0
#define TYPE_RAW 4

struct expected {
	const char *pmu;
	/* In the order of enum pmu_role; a sum's second term in the upper half; 0: no such event. */
	uint32_t code[PMU_ROLE_COUNT];
};

#define SUM(a, b) ((uint32_t)(a) | (uint32_t)(b) << 16)

static const struct expected table[] = {
	{ "hsw", { 0x3c, 0xc0, SUM(0x6008, 0x108), 0x108, 0x208, 0x408, 0x808, 0x1008, 0x104f } },
	{ "hsw_ep", { 0x3c, 0xc0, SUM(0x6008, 0x108), 0x108, 0x208, 0x408, 0x808, 0x1008, 0x104f } },
	{ "bdw", { 0x3c, 0xc0, SUM(0x6008, 0x108), 0x108, 0x208, 0x408, 0x808, 0x1008, 0x104f } },
	{ "bdw_ep", { 0x3c, 0xc0, SUM(0x6008, 0x108), 0x108, 0x208, 0x408, 0x808, 0x1008, 0x104f } },
	{ "skl", { 0x3c, 0xc0, SUM(0x2008, 0x108), 0x108, 0x208, 0x408, 0x808, 0x1008, 0x104f } },
	{ "skx", { 0x3c, 0xc0, SUM(0x2008, 0x108), 0x108, 0x208, 0x408, 0x808, 0x1008, 0x104f } },
	{ "clx", { 0x3c, 0xc0, SUM(0x2008, 0x108), 0x108, 0x208, 0x408, 0x808, 0x1008, 0x104f } },
	{ "icl", { 0x3c, 0xc0, SUM(0x2008, 0xe08), 0xe08, 0x208, 0x408, 0x808, 0x1008, 0 } },
	{ "icx", { 0x3c, 0xc0, SUM(0x2008, 0xe08), 0xe08, 0x208, 0x408, 0x808, 0x1008, 0 } },
	{ "spr", { 0x3c, 0xc0, SUM(0x2012, 0xe12), 0xe12, 0x212, 0x412, 0x812, 0x1012, 0 } },
	{ "emr", { 0x3c, 0xc0, SUM(0x2012, 0xe12), 0xe12, 0x212, 0x412, 0x812, 0x1012, 0 } },
	{ "amd64_fam17h_zen1", { 0x76, 0xc0, 0xff45, 0xf045, 0x3045, 0x4045, 0x8045, 0, 0 } },
	{ "amd64_fam17h_zen2", { 0x76, 0xc0, 0xff45, 0xf045, 0x3045, 0x4045, 0x8045, 0, 0 } },
	{ "amd64_fam19h_zen3", { 0x76, 0xc0, 0xff45, 0xf045, 0x3045, 0x4045, 0x8045, 0, 0 } },
	{ "amd64_fam19h_zen4", { 0x76, 0xc0, 0xff45, 0xf045, 0x3045, 0x4045, 0x8045, 0, 0 } },
};

/* libpfm4 of Debian 12 has no Emerald Rapids yet. */
static const char may_be_missing[] = "emr";

static const struct expected *expected_of(const char *pmu)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (strcmp(table[i].pmu, pmu) == 0)
			return &table[i];
	}
	fail_msg("%s is in events.def and not in this test", pmu);
	return NULL;
}

/* The code of the term at `name`, of which *length is told. */
static uint32_t code_of(const char *pmu, const char *name, size_t *length)
{
	char full[PMU_NAME_BYTES];
	struct pmu_code code;
	const char *why = "";
	const char *colons = strstr(name, "::");

	*length = strcspn(name, "+");
	(void)snprintf(full, sizeof(full), "%s%s%.*s", colons != NULL && colons < name + *length ? "" : pmu,
		       colons != NULL && colons < name + *length ? "" : "::", (int)*length, name);
	if (pmu_encode(full, &code, &why) != 0)
		fail_msg("%s: %s", full, why);
	assert_int_equal(code.type, TYPE_RAW);
	assert_true(code.config1 == 0 && code.config2 == 0);
	assert_false(code.exclude_user || code.exclude_kernel || code.exclude_hv);
	return (uint32_t)code.config;
}

static void check_role(const struct pmu_model *model, const struct expected *want, enum pmu_role role)
{
	const struct pmu_model_event *event = pmu_model_event(model, role);
	uint32_t code = 0;
	size_t length;

	if (event != NULL) {
		assert_non_null(event->note);
		code = code_of(want->pmu, event->events, &length);
		if (event->events[length] == '+') {
			code |= code_of(want->pmu, event->events + length + 1, &length) << 16;
			assert_null(strchr(strchr(event->events, '+') + 1, '+'));
		}
	}
	if (code != want->code[role])
		fail_msg("%s, %s: 0x%x, the manual says 0x%x", want->pmu, pmu_role_name(role), code,
			 want->code[role]);
}

TEST(every_event_has_the_manuals_code)
{
	size_t checked = 0;

	LOOP (size_t, m, 0, m < pmu_model_count, m++) {
		const char *list = pmu_models[m].pmus;

		assert_true(pmu_models[m].title[0] != '\0' && pmu_models[m].source[0] != '\0');
		while (*list != '\0') {
			size_t length = strcspn(list, ",");
			char pmu[32];

			(void)snprintf(pmu, sizeof(pmu), "%.*s", (int)length, list);
			assert_ptr_equal(pmu_model_find(pmu), &pmu_models[m]);
			LOOP (int, role, 0, role < PMU_ROLE_COUNT && strcmp(pmu, may_be_missing) != 0, role++)
				check_role(&pmu_models[m], expected_of(pmu), (enum pmu_role)role);
			checked++;
			list += length + (list[length] == ',');
		}
	}
	assert_int_equal(checked, sizeof(table) / sizeof(table[0]));
}

TEST(other_cpus_have_the_kernels_events)
{
	const struct pmu_model *other = pmu_model_find("a PMU of tomorrow");
	struct pmu_code code;
	const char *why = "";

	assert_ptr_equal(other, pmu_model_find("unknown"));
	assert_string_equal(other->pmus, "");
	assert_int_equal(pmu_encode(pmu_model_event(other, PMU_ROLE_cycles)->events, &code, &why), 0);
	assert_true(code.type == TYPE_HARDWARE && code.config == 0);
	assert_int_equal(pmu_encode(pmu_model_event(other, PMU_ROLE_instructions)->events, &code, &why), 0);
	assert_true(code.type == TYPE_HARDWARE && code.config == 1);
	assert_null(pmu_model_event(other, PMU_ROLE_walk_cycles));
	/* Part of a name is none. */
	assert_ptr_equal(pmu_model_find("sk"), other);
	assert_ptr_equal(pmu_model_find("skl,skx"), other);
}

TEST(roles_are_found_by_name)
{
	LOOP (int, role, 0, role < PMU_ROLE_COUNT, role++) {
		assert_int_equal(pmu_role_find(pmu_role_name((enum pmu_role)role)), role);
		assert_non_null(pmu_role_meaning((enum pmu_role)role));
	}
	assert_int_equal(pmu_role_find(""), PMU_ROLE_NONE);
	assert_int_equal(pmu_role_find("cycle"), PMU_ROLE_NONE);
	assert_null(pmu_role_name(PMU_ROLE_NONE));
	assert_null(pmu_role_meaning(PMU_ROLE_NONE));
	assert_null(pmu_model_event(&pmu_models[0], PMU_ROLE_NONE));
}

/* Names of CPUs that this machine has not: libpfm4's own switch for that, read when it is woken. */
static int wake(void **state)
{
	struct error e = { .status = STATUS_OK };

	(void)state;
	return setenv("LIBPFM_ENCODE_INACTIVE", "1", 1) != 0 || pmu_encode_init(&e) != 0;
}

TEST_GROUP(wake, NULL)
