/*
 * What model, explain and --predict take is understood exactly or refused by name: an address read wrongly would explain
 * another page, and an option that is silently ignored would pass for a result.
 */
#include "test.h"
#include "parse_line.h"
#include "units.h"
#include "vmm/cli/request.h"

static void refused(const char *line, const char *where)
{
	struct request r;
	struct error e;

	assert_true(parse_line(line, &r, &e) < 0);
	assert_int_equal(e.status, STATUS_USAGE);
	if (strstr(e.where, where) == NULL)
		fail_msg("%s: refused at '%s', not at '%s'", line, e.where, where);
}

TEST(model_asks)
{
	struct request r;
	struct error e;

	assert_int_equal(parse_line("model", &r, &e), 0);
	assert_int_equal(r.command, COMMAND_MODEL);
	assert_true(r.run.work.workload_count == 0 && !r.model.guest_page_given && !r.model.memory_given &&
		    !r.model.kind_given && r.model.host_page_bytes == 0);
	assert_int_equal(
		parse_line(
			"model --guest-page 2M --host-page 1G --kind nested --guest-levels 5 --host-levels 4",
			&r, &e),
		0);
	assert_true(r.model.guest_page_given && r.run.machine.guest_page_bytes == PAGE_2M &&
		    r.model.host_page_bytes == PAGE_1G);
	assert_true(r.model.kind_given && r.model.kind == WALK_NESTED && r.model.guest_levels == 5 &&
		    r.model.host_levels == 4);
	assert_int_equal(parse_line("model -m 16T --fault-cost 250 --cpu zen3", &r, &e), 0);
	assert_true(r.model.memory_given && r.run.machine.memory_bytes == 16 * TIB &&
		    r.model.fault_ns == 250.0);
	assert_string_equal(r.model.cpu, "zen3");
	assert_int_equal(parse_line("model --cpu help", &r, &e), 0);
	assert_int_equal(r.command, COMMAND_CPU_HELP);
}

/* A working set asks for the pair whose difference is translation; a workload is taken as it is named. */
TEST(model_simulates)
{
	struct request r;
	struct error e;

	assert_int_equal(parse_line("model --working-set 64K,1M", &r, &e), 0);
	assert_true(r.model.work_given && r.run.work.workload_count == 2 &&
		    r.run.work.workloads[0] == WORKLOAD_packed && r.run.work.workloads[1] == WORKLOAD_chase &&
		    r.run.work.set_count == 2);
	assert_int_equal(parse_line("model --workload gups,alias", &r, &e), 0);
	assert_true(r.model.work_given && r.run.work.workload_count == 2 &&
		    r.run.work.workloads[0] == WORKLOAD_gups && r.run.work.workloads[1] == WORKLOAD_alias);
}

/* The bit in workloads.def decides; the sentence that refuses the others names those that have it. */
TEST(what_is_simulated_is_named)
{
	LOOP (int, id, 0, id < WORKLOAD_COUNT, id++) {
		const char *name = workload_table[id].name;
		struct request r;
		struct error e, of_touch;
		char line[64];
		bool accepted;

		(void)snprintf(line, sizeof(line), "model --workload %s", name);
		accepted = parse_line(line, &r, &e) == 0;
		assert_true(parse_line("model --workload touch", &r, &of_touch) < 0);
		if (accepted != ((workload_table[id].needs & IS_SIMULATED) != 0) ||
		    accepted != (strstr(strchr(of_touch.what, ';'), name) != NULL))
			fail_msg("%s: %s, and the text is: %s", name, accepted ? "accepted" : "refused",
				 of_touch.what);
	}
}

TEST(model_refuses)
{
	refused("model --workload touch", "--workload");
	refused("model --cpu zen3", "--cpu");
	refused("model --fault-cost 5", "--fault-cost");
	refused("model -m 1G --fault-cost 0", "--fault-cost");
	refused("model --kind ept", "--kind");
	refused("model --guest-levels 3", "--guest-levels");
	refused("model --host-levels 6", "--host-levels");
	refused("model --host-page 3M", "--host-page");
	refused("model --kind unpaged --guest-page 2M", "--guest-page");
	refused("model --kind unpaged --guest-levels 5", "--guest-levels");
	refused("model --kind native --host-page 2M", "--host-page");
	refused("model --kind native --host-levels 5", "--host-levels");
	refused("model --kind shadow --host-levels 5", "--host-levels");
	refused("model --accesses 5", "--accesses");
	refused("model -m 1G --seed 2", "--seed");
	refused("explain --seed 2", "--seed");
	refused("explain --verbose", "--verbose");
	refused("model --gva 0", "--gva");
	refused("model --prealloc", "--prealloc");
	refused("model x", "command line");
}

static uint64_t gva_of(const char *line, bool in_arena)
{
	struct request r;
	struct error e;

	assert_int_equal(parse_line(line, &r, &e), 0);
	assert_int_equal(r.command, COMMAND_EXPLAIN);
	assert_true(r.explain.gva_given && r.explain.gva_in_arena == in_arena);
	return r.explain.gva;
}

TEST(addresses)
{
	assert_true(gva_of("explain --gva 0x10000000000", false) == UINT64_C(0x10000000000));
	assert_true(gva_of("explain --gva 0xffffffffffffffff", false) == UINT64_MAX);
	assert_true(gva_of("explain --gva 4096", false) == 4096);
	assert_true(gva_of("explain --gva arena", true) == 0);
	assert_true(gva_of("explain --gva arena+2M", true) == PAGE_2M);
	assert_true(gva_of("explain --gva arena+0x1008", true) == 0x1008);
	refused("explain --gva 0x", "--gva");
	refused("explain --gva 0x1ffffffffffffffff", "--gva");
	refused("explain --gva 0x12g4", "--gva");
	refused("explain --gva -1", "--gva");
	refused("explain --gva arena2M", "--gva");
	refused("explain --gva arena+", "--gva");
	refused("explain --gva arena+1Q", "--gva");
	refused("explain --gva 99999999999999999999999", "--gva");
}

TEST(before_after)
{
	struct request r;
	struct error e;

	assert_int_equal(parse_line("explain", &r, &e), 0);
	assert_true(r.explain.after_bytes == 0 && !r.explain.backing_given && !r.explain.gva_given);
	assert_int_equal(parse_line("explain --before-after 2M --svg a.svg --json -", &r, &e), 0);
	assert_true(r.explain.after_bytes == PAGE_2M && r.explain.after == DIMENSIONS_BOTH);
	assert_string_equal(r.output.svg, "a.svg");
	assert_int_equal(parse_line("explain --before-after guest:1G --backing thp", &r, &e), 0);
	assert_true(r.explain.after_bytes == PAGE_1G && r.explain.after == DIMENSIONS_GUEST &&
		    r.explain.backing_given);
	assert_int_equal(parse_line("explain --before-after host:2M --mem-path /x", &r, &e), 0);
	assert_true(r.explain.after == DIMENSIONS_HOST && r.explain.backing_given);
	refused("explain --before-after 4K", "--before-after");
	refused("explain --before-after both:2M", "--before-after");
	refused("explain --before-after guest:", "--before-after");
	refused("explain --svg - --json -", "--json and --svg");
	refused("explain --workload chase", "--workload");
	refused("explain --smp 2", "--smp");
}

TEST(prediction)
{
	struct request r;
	struct error e;

	assert_int_equal(parse_line("--predict", &r, &e), 0);
	assert_true(r.run.predict && r.model.cpu == NULL);
	assert_int_equal(parse_line("sweep --predict --cpu skylake", &r, &e), 0);
	assert_true(r.run.predict);
	assert_int_equal(parse_line("native --predict", &r, &e), 0);
	refused("run --cpu skylake", "--cpu");
	refused("explain --predict", "--predict");
	refused("model --predict", "--predict");
}
