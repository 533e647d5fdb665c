/*
 * The axes of a sweep and the operands of compare mean exactly what is typed, or are refused with what is accepted. A
 * sweep shares option names with run but takes lists: a row mixed up, or an empty axis, would make other cells than those
 * asked for, and the figures would not show it.
 */
#include "test.h"
#include "sweep_line.h"
#include "units.h"

TEST(defaults)
{
	struct request r;
	struct error e;
	const struct sweep_spec *s = &r.sweep;

	assert_int_equal(parse_line("sweep", &r, &e), 0);
	assert_int_equal(r.command, COMMAND_SWEEP);
	assert_string_equal(axis_text(s, AXIS_GUEST_PAGE), "4K");
	assert_string_equal(axis_text(s, AXIS_BACKING), "anon");
	assert_string_equal(axis_text(s, AXIS_PREALLOC), "on");
	assert_string_equal(axis_text(s, AXIS_SMP), "1");
	assert_string_equal(axis_text(s, AXIS_IRQCHIP), "default");
	assert_true(r.run.work.workload_count == 2 && r.run.work.workloads[0] == WORKLOAD_packed &&
		    r.run.work.workloads[1] == WORKLOAD_chase);
	assert_true(r.run.work.set_count == 0 && r.run.repeat == 0 && r.run.work.seed == 1 &&
		    r.run.work.accesses == 0);
	assert_true(s->allocations == 5 && s->retries == 2 && !s->native && !s->resume);
	assert_true(!s->memory_given && !request_has_plan(&r));
	assert_true(s->baseline == NULL && s->preset == NULL && s->file == NULL && r.help_topic == NULL);
}

TEST(lists)
{
	struct request r;
	struct error e;
	const struct sweep_spec *s = &r.sweep;

	assert_int_equal(parse_line("sweep --guest-page 1G,4k,2M --prealloc prefault,off,on --smp 1-3,8 "
				    "--kernel-irqchip off,default,on --workload gups,chase "
				    "--working-set 96K..400K,64K,1M --native",
				    &r, &e),
			 0);
	assert_string_equal(axis_text(s, AXIS_GUEST_PAGE), "1G,4K,2M,native");
	assert_string_equal(axis_text(s, AXIS_PREALLOC), "prefault,off,on");
	assert_string_equal(axis_text(s, AXIS_SMP), "1,2,3,8");
	assert_string_equal(axis_text(s, AXIS_IRQCHIP), "off,default,on");
	assert_true(r.run.work.workload_count == 2 && r.run.work.workloads[0] == WORKLOAD_gups);
	assert_int_equal(r.run.work.set_count, 5);
	assert_true(r.run.work.sets_bytes[0] == 64 * KIB && r.run.work.sets_bytes[1] == 96 * KIB &&
		    r.run.work.sets_bytes[4] == MIB);
	assert_true(s->native && request_has_plan(&r));
	/* A list replaces the one before, whole. */
	assert_int_equal(parse_line("sweep --smp 1-16 --smp 4 --native --no-native", &r, &e), 0);
	assert_string_equal(axis_text(s, AXIS_SMP), "4");
	assert_string_equal(axis_text(s, AXIS_GUEST_PAGE), "4K");
}

TEST(backings)
{
	struct request r;
	struct error e;

	assert_int_equal(parse_line("sweep --backing anon,thp,hugetlb,hugetlb:1G,memfd,memfd:2M,memfd:1g,"
				    "path:/dev/hugepages,path:/dev/shm",
				    &r, &e),
			 0);
	assert_string_equal(
		axis_text(&r.sweep, AXIS_BACKING),
		"anon,thp,hugetlb:2M,hugetlb:1G,memfd:4K,memfd:2M,memfd:1G,path:/dev/hugepages,path:/dev/shm");
	/* The list as it was typed is what the record shows. */
	assert_non_null(strstr(r.argv[3], "path:/dev/hugepages,path:/dev/shm"));
}

TEST(shared_with_run)
{
	struct request r;
	struct error e;

	assert_int_equal(parse_line("sweep -m 2G --alias-memory 1G --share on --reserve off --host-nodes 1 "
				    "--pin 0,1 --guest-ad on --accesses 9 --repeat 3 --seed 7 --timeout 60 "
				    "--prealloc-threads 2 --json j --csv c --quiet --progress --dump-config "
				    "--allocations 100 --retries 0 --resume",
				    &r, &e),
			 0);
	assert_true(r.run.machine.memory_bytes == 2 * GIB && r.sweep.memory_given &&
		    r.run.machine.alias_bytes == GIB);
	assert_true(r.run.machine.share == CHOICE_ON && r.run.machine.reserve == CHOICE_OFF &&
		    r.run.machine.policy == NUMA_POLICY_BIND);
	assert_true(r.run.machine.pin_count == 2 && r.run.machine.guest_ad && r.run.work.accesses == 9 &&
		    r.run.repeat == 3 && r.run.work.seed == 7);
	assert_true(r.run.machine.timeout_s == 60 && r.run.machine.prealloc_threads == 2 && r.output.quiet &&
		    r.progress && r.dump_config);
	assert_true(r.sweep.allocations == 100 && r.sweep.retries == 0 && r.sweep.resume);
	assert_true(request_has_plan(&r)); /* what an interrupted sweep has to have in common with it */
	/* And run's rows of the same names are still run's. */
	assert_int_equal(
		parse_line("--backing hugetlb --prealloc --smp 2 --guest-page 2M --mem-prealloc", &r, &e), 0);
	assert_true(r.run.machine.backing == BACKING_HUGETLB && r.run.machine.populate >= POPULATE_PREALLOC &&
		    r.run.machine.vcpus == 2 && r.sweep.axes[AXIS_SMP].count == 0);
}

TEST(baselines)
{
	static const char *const cases[][2] = {
		{ "sweep --baseline guest-page=4k", "guest-page=4K" },
		{ "sweep --backing thp,hugetlb --baseline backing=hugetlb:2M,guest-page=4K",
		  "guest-page=4K,backing=hugetlb:2M" },
		{ "sweep --backing memfd,anon --baseline backing=memfd", "backing=memfd:4K" },
		{ "sweep --baseline guest-page=native --native", "guest-page=native" },
		{ "sweep --backing path:/a,path:/b --baseline backing=path:/b", "backing=path:/b" },
		{ "sweep --prealloc off,prefault --smp 2,4 --kernel-irqchip on,off "
		  "--baseline kernel-irqchip=off,smp=4,prealloc=prefault",
		  "prealloc=prefault,smp=4,kernel-irqchip=off" },
		{ "sweep --baseline kernel-irqchip=default", "kernel-irqchip=default" },
		/* A full axis: nothing may be stored behind it. */
		{ "sweep --smp 1-16 --baseline smp=16", "smp=16" },
	};

	EACH (i, cases) {
		struct request r;
		struct error e;

		assert_int_equal(parse_line(cases[i][0], &r, &e), 0);
		assert_string_equal(r.sweep.baseline, cases[i][1]);
	}
}

TEST(operands)
{
	static const char *const lines[] = { "compare A.json B.json --json - --threshold 0.5",
					     "compare A.json --threshold 0.5 --json - B.json",
					     "compare --threshold=.5 --json - -- A.json B.json",
					     "compare --json - A.json --threshold 0.50 -- B.json" };
	struct request r;
	struct error e;

	EACH (i, lines) {
		assert_int_equal(parse_line(lines[i], &r, &e), 0);
		assert_int_equal(r.command, COMMAND_COMPARE);
		assert_string_equal(r.compare.paths[0], "A.json");
		assert_string_equal(r.compare.paths[1], "B.json");
		assert_string_equal(r.output.json, "-");
		assert_true(r.compare.threshold == 0.005);
	}
	assert_int_equal(parse_line("compare x x --verbose", &r, &e), 0);
	assert_true(r.compare.threshold == 0.01 && r.verbose && !r.output.quiet);
	assert_int_equal(parse_line("compare x y --threshold 0", &r, &e), 0);
	assert_true(r.compare.threshold == 0);
	/* Behind -- even this is a file. */
	assert_int_equal(parse_line("compare -- --json x", &r, &e), 0);
	assert_string_equal(r.compare.paths[0], "--json");
	assert_int_equal(parse_line("compare only --help", &r, &e), 0);
	assert_int_equal(r.command, COMMAND_HELP);
	assert_string_equal(r.help_topic, "compare");
}

/* What --resume takes of its own command line: a member that is forgotten would be the interrupted sweep's. */
TEST(resume_carries)
{
	static struct request given, taken, both[2];
	struct error e;

	LOOP (int, id, 0, id < OPTION_COUNT, id++) {
		const struct option_spec *o = &option_table[id];
		unsigned int class = (o->bits & FOR_SWEEP) != 0 ? o->bits & SWEEP_CLASSES : 0;
		const unsigned char *member = (const unsigned char *)&taken + o->at;

		/* One without a member is done where it is parsed. */
		assert_true(class == 0 || class == IN_PLAN || o->bytes > 0 || id == OPTION_HELP ||
			    id == OPTION_VERSION);
		LOOP (int, is_given, 0, is_given < 2, is_given++) {
			memset(&given, 0, sizeof(given));
			memset(&taken, 0, sizeof(taken));
			given.given[id] = is_given != 0;
			assert_true(request_has_plan(&given) == (is_given != 0 && class == IN_PLAN));
			memset((char *)&given + o->at, 0x5a, o->bytes);
			options_carry(&given, &taken);
			LOOP (size_t, i, 0, i < o->bytes, i++)
				assert_true((member[i] == 0x5a) == (class == OF_THIS_CALL ||
								    (class == BESIDE_PLAN && is_given != 0)));
		}
	}
	assert_int_equal(parse_line("sweep --resume --json j --retries 1 --cpu zen3 --predict", &both[0], &e),
			 0);
	assert_false(request_has_plan(&both[0]));
	assert_int_equal(parse_line("sweep --allocations 7 --retries 2 --json k --csv c", &both[1], &e), 0);
	options_carry(&both[0], &both[1]);
	assert_true(both[1].sweep.resume && both[1].sweep.allocations == 7 && both[1].sweep.retries == 1);
	assert_true(both[1].output.csv == NULL && both[1].run.predict);
	assert_ptr_equal(both[1].output.json, both[0].output.json);
	assert_ptr_equal(both[1].model.cpu, both[0].model.cpu);
}

/* A second side: eight rounds, unless they are given; another program may have options that this one does not know. */
TEST(two_sides)
{
	struct request r;
	struct error e;

	assert_int_equal(parse_line("sweep --versus old/minivmm --threshold 2", &r, &e), 0);
	assert_string_equal(r.sweep.versus, "old/minivmm");
	assert_null(r.sweep.versus_options);
	assert_int_equal(r.sweep.allocations, 8);
	assert_float_equal(r.compare.threshold, 0.02, 1e-12);
	assert_true(request_has_plan(&r));
	assert_int_equal(parse_line("sweep --versus-options --guest-ad=on --allocations 6", &r, &e), 0);
	assert_null(r.sweep.versus);
	assert_string_equal(r.sweep.versus_options, "--guest-ad=on");
	assert_int_equal(r.sweep.allocations, 6);
	assert_int_equal(parse_line("sweep --versus b --versus-options --of-tomorrow=1", &r, &e), 0);
	assert_int_equal(
		parse_with_file("sweep --axes f", "versus-options = --guest-ad on --pin 1\n", &r, &e), 0);
	assert_string_equal(r.sweep.versus_options, "--guest-ad on --pin 1");
	assert_int_equal(parse_line("compare one.json", &r, &e), 0);
}
