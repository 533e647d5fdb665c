/*
 * The driver runs every part of every step behind its gates, on slices that do not meet, and no thread waits for
 * ever. It could break by a gate that lets one through early or keeps one after a stop, by a phase whose result is
 * incomplete when end() is told, or by a plan that is believed although it does not fit.
 */
#include <pthread.h>

#include "test.h"
#include "driver.h"
#include "units.h"

#define MAX_VCPUS 2
#define MAX_PHASES 32

struct phase {
	struct guest_result result;
	bool ended;
};

struct team;

struct player {
	struct team *team;
	struct driver_env env;
	struct guest_result result;
	struct phase phases[MAX_PHASES];
	uint32_t begun, ended;
	const char *failure;
	int ret;
};

struct team {
	struct gate gate;
	uint32_t in_phase; /* atomic: players between begin and end */
	uint32_t asked;    /* atomic: calls of stopped */
	uint32_t stop_at;  /* stop once asked so often; 0: never */
	struct player players[MAX_VCPUS];
};

static void on_begin(void *self)
{
	struct player *p = self;

	assert_true(p->begun < MAX_PHASES);
	assert_int_equal(p->begun, p->ended);
	assert_int_equal(p->result.samples, 0);
	/* Written to from end to end, so that no sample is the first to do so. */
	LOOP (uint64_t, at, 0, at < RESULT_MAX_SAMPLES, at += PAGE_4K / 8) {
		assert_int_equal(p->result.samples_cycles[at], 0);
		assert_int_equal(p->result.clock[at].once_cycles, 0);
	}
	assert_int_equal(p->result.clock[RESULT_MAX_SAMPLES].once_cycles, 0);
	p->phases[p->begun++].result = p->result;
	(void)__atomic_add_fetch(&p->team->in_phase, 1, __ATOMIC_SEQ_CST);
}

static void on_end(void *self)
{
	struct player *p = self;
	struct phase *phase = &p->phases[p->ended];

	/* The header that begin() saw is the one that end() sees. */
	assert_int_equal(phase->result.step, p->result.step);
	assert_int_equal(phase->result.variant, p->result.variant);
	assert_int_equal(phase->result.workload, p->result.workload);
	assert_int_equal(phase->result.working_set_bytes, p->result.working_set_bytes);
	phase->result = p->result;
	phase->ended = true;
	memset(p->result.samples_cycles, 1, sizeof(p->result.samples_cycles));
	memset(p->result.clock, 1, sizeof(p->result.clock));
	p->ended++;
	(void)__atomic_sub_fetch(&p->team->in_phase, 1, __ATOMIC_SEQ_CST);
}

static int on_stopped(void *self)
{
	struct team *team = ((struct player *)self)->team;
	uint32_t asked = __atomic_add_fetch(&team->asked, 1, __ATOMIC_SEQ_CST);

	return team->stop_at != 0 && asked >= team->stop_at;
}

static struct team *make_team(const struct plan_step *steps, uint32_t step_count, uint32_t vcpus,
			      uint64_t arena_bytes)
{
	struct team *team = calloc(1, sizeof(*team));
	unsigned char *arena = aligned_alloc(PAGE_4K, arena_bytes);

	assert_non_null(team);
	assert_non_null(arena);
	for (uint32_t i = 0; i < vcpus; i++) {
		struct player *p = &team->players[i];

		p->team = team;
		p->env = (struct driver_env){
			.steps = steps,
			.step_count = step_count,
			.arena = arena,
			.arena_bytes = arena_bytes,
			.leaf_bytes = PAGE_4K,
			.seed = 9,
			.vcpu = i,
			.vcpus = vcpus,
			.gate = &team->gate,
			.result = &p->result,
			.self = p,
			.begin = on_begin,
			.end = on_end,
			.stopped = on_stopped,
		};
	}
	return team;
}

static void free_team(struct team *team)
{
	free(team->players[0].env.arena);
	free(team);
}

static void *play(void *arg)
{
	struct player *p = arg;

	p->ret = driver_run(&p->env, &p->failure);
	return NULL;
}

static void play_all(struct team *team, uint32_t vcpus)
{
	pthread_t threads[MAX_VCPUS];

	LOOP (uint32_t, i, 0, i < vcpus, i++)
		assert_int_equal(pthread_create(&threads[i], NULL, play, &team->players[i]), 0);
	LOOP (uint32_t, i, 0, i < vcpus, i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
}

#define STEP(id, set_bytes, asked, samples)                                                                  \
	{                                                                                                    \
		.workload = (id), .working_set_bytes = (set_bytes), .accesses = (asked), .repeat = (samples) \
	}

static const struct plan_step every_workload[] = {
	STEP(WORKLOAD_touch, 16 * PAGE_4K, 0, 3),     STEP(WORKLOAD_packed, 16 * PAGE_4K, 4096, 3),
	STEP(WORKLOAD_chase, 16 * PAGE_4K, 4096, 3),  STEP(WORKLOAD_seq, 16 * PAGE_4K, 4096, 3),
	STEP(WORKLOAD_gups, 16 * PAGE_4K, 4096, 899),
};

#define STEPS (sizeof(every_workload) / sizeof(every_workload[0]))
#define PHASES 7

static void check_phases(const struct player *p)
{
	static const uint32_t variants[PHASES] = { VARIANT_FIRST, VARIANT_SECOND, VARIANT_ONLY, VARIANT_ONLY,
						   VARIANT_READ,  VARIANT_WRITE,  VARIANT_ONLY };
	static const uint32_t samples[PHASES] = { 1, 3, 3, 3, 3, 3, RESULT_MAX_SAMPLES };
	static const uint32_t steps[PHASES] = { 0, 0, 1, 2, 3, 3, 4 };
	/* Whole samples of 4096: two passes over 16 lines, one over 64 KiB twice, one over 16 pages. */
	static const uint32_t warm[PHASES] = { 0, 0, 8192, 8192, 65536, 65536, 4096 };

	assert_int_equal(p->ret, 0);
	assert_null(p->failure);
	assert_int_equal(p->ended, PHASES);
	LOOP (uint32_t, i, 0, i < PHASES, i++) {
		const struct guest_result *r = &p->phases[i].result;

		assert_true(p->phases[i].ended);
		assert_int_equal(r->step, steps[i]);
		assert_int_equal(r->workload, every_workload[steps[i]].workload);
		assert_int_equal(r->variant, variants[i]);
		assert_int_equal(r->samples, samples[i]);
		assert_int_equal(r->warm_accesses, warm[i]);
		assert_int_equal(r->working_set_bytes, 16 * PAGE_4K);
		assert_int_equal(r->pages, 16);
		assert_true(r->accesses > 0 && r->checksum != 0);
		LOOP (uint32_t, s, 0, s < r->samples, s++)
			assert_true(r->samples_cycles[s] > 0);
		assert_non_null(driver_part(r->workload, r->variant));
	}
}

TEST(every_workload_runs)
{
	LOOP (uint32_t, vcpus, 1, vcpus <= MAX_VCPUS, vcpus++) {
		struct team *team = make_team(every_workload, STEPS, vcpus, vcpus * 16 * PAGE_4K);

		play_all(team, vcpus);
		LOOP (uint32_t, i, 0, i < vcpus, i++)
			check_phases(&team->players[i]);
		LOOP (uint32_t, i, 0, i < PHASES, i++)
			assert_int_equal(team->players[0].phases[i].result.checksum,
					 team->players[vcpus - 1].phases[i].result.checksum);
		assert_int_equal(team->in_phase, 0);
		free_team(team);
	}
}

/* Its buckets have the loads of the samples, not those that warmed up; where it is not asked for, there is no such part. */
TEST(single_loads_are_counted_where_asked)
{
	const struct plan_step step = { .workload = WORKLOAD_chase,
					.working_set_bytes = 16 * PAGE_4K,
					.accesses = 1000,
					.repeat = 3,
					.histogram = 1 };
	struct team *team = make_team(&step, 1, 1, 16 * PAGE_4K);
	const struct player *p = &team->players[0];
	uint64_t loads = 0;

	play_all(team, 1);
	assert_int_equal(p->ret, 0);
	assert_int_equal(p->ended, 2);
	assert_int_equal(p->phases[0].result.variant, VARIANT_ONLY);
	assert_int_equal(p->phases[1].result.variant, VARIANT_SINGLE);
	assert_int_equal(p->phases[0].result.checksum, p->phases[1].result.checksum);
	LOOP (uint32_t, i, 0, i < HISTOGRAM_BUCKETS, i++) {
		assert_int_equal(p->phases[0].result.histogram.loads[i], 0);
		loads += p->phases[1].result.histogram.loads[i];
	}
	assert_int_equal(loads, 3 * p->phases[1].result.accesses);
	assert_true(p->phases[1].result.histogram.empty_cycles > 0);
	free_team(team);
}

static void leave_nothing(void)
{
}

/* What a sample does beside its timed accesses is told too: what is counted over the phase has it in. */
TEST(untimed_accesses_are_told)
{
	static const struct plan_step step = STEP(WORKLOAD_vpid, 16 * PAGE_4K, 64, 3);
	static const struct platform platform = { .leave = leave_nothing };
	struct team *team = make_team(&step, 1, 1, 16 * PAGE_4K);

	team->players[0].env.platform = &platform;
	play_all(team, 1);
	assert_int_equal(team->players[0].ended, 2);
	LOOP (uint32_t, i, 0, i < 2, i++) {
		const struct guest_result *r = &team->players[0].phases[i].result;

		/* Three samples of four timed rounds, and two before them. */
		assert_int_equal(r->accesses, 64);
		assert_int_equal(r->samples, 3);
		assert_int_equal(r->warm_accesses, 3 * 2 * 16);
	}
	free_team(team);
}

/* Whenever the stop comes, all come home, and what was not complete is not told as a result. */
TEST(stop_frees_everybody)
{
	LOOP (uint32_t, stop_at, 1, stop_at < 60, stop_at++) {
		struct team *team = make_team(every_workload, STEPS, 2, 32 * PAGE_4K);

		team->stop_at = stop_at;
		play_all(team, 2);
		LOOP (uint32_t, i, 0, i < 2, i++) {
			assert_int_equal(team->players[i].ret, 1);
			assert_null(team->players[i].failure);
			assert_true(team->players[i].ended < PHASES);
		}
		free_team(team);
	}
}

/* The others do not come: only the stop ends the wait. */
TEST(gate_waits_for_all_or_a_stop)
{
	struct team *team = make_team(NULL, 0, 2, PAGE_4K);

	team->stop_at = 1000;
	assert_int_equal(gate_wait(&team->players[0].env), -1);
	assert_int_equal(team->asked, 1000);
	free_team(team);
	team = make_team(NULL, 0, 1, PAGE_4K);
	team->stop_at = 1;
	LOOP (int, i, 0, i < 100, i++)
		assert_int_equal(gate_wait(&team->players[0].env), 0);
	assert_int_equal(team->asked, 0);
	free_team(team);
}

static uint32_t turns[MAX_VCPUS];

static void *turn(void *arg)
{
	struct player *p = arg;
	uint32_t other = 1 - p->env.vcpu;

	for (uint32_t i = 1; i <= 2000; i++) {
		__atomic_store_n(&turns[p->env.vcpu], i, __ATOMIC_SEQ_CST);
		p->ret |= gate_wait(&p->env);
		/* Behind the gate the other has come as far, and cannot be more than one turn ahead. */
		uint32_t seen = __atomic_load_n(&turns[other], __ATOMIC_SEQ_CST);

		p->ret |= seen != i && seen != i + 1;
	}
	return NULL;
}

TEST(gate_keeps_pace)
{
	struct team *team = make_team(NULL, 0, 2, PAGE_4K);
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, turn, &team->players[1]), 0);
	(void)turn(&team->players[0]);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(team->players[0].ret | team->players[1].ret, 0);
	free_team(team);
}

TEST(impossible_plans_are_refused)
{
	static const struct plan_step plans[] = {
		STEP(WORKLOAD_COUNT, PAGE_4K, 0, 1),     STEP((enum workload_id)77777, PAGE_4K, 0, 1),
		STEP(WORKLOAD_chase, 0, 0, 1),           STEP(WORKLOAD_chase, PAGE_4K + 64, 0, 1),
		STEP(WORKLOAD_chase, 5 * PAGE_4K, 0, 1), STEP(WORKLOAD_chase, UINT64_MAX - 4095, 0, 1),
		STEP(WORKLOAD_chase, PAGE_4K, 0, 0),     STEP(WORKLOAD_chase, PAGE_4K, UINT64_MAX, 1),
	};

	EACH (i, plans) {
		struct team *team = make_team(&plans[i], 1, 1, 4 * PAGE_4K);

		(void)play(&team->players[0]);
		assert_int_equal(team->players[0].ret, -1);
		assert_non_null(team->players[0].failure);
		assert_int_equal(team->players[0].begun, 0);
		free_team(team);
	}
}

/*
 * vCPUs that share memory may write for their next step only when all have looked at what the last one left: one gate
 * more a step. A race would show the lack of it now and then; the count of gates shows it always.
 */
TEST(shared_memory_has_a_gate_between_steps)
{
	static const struct plan_step steps[] = { STEP(WORKLOAD_touch, 16 * PAGE_4K, 0, 1),
						  STEP(WORKLOAD_scatter, 16 * PAGE_4K, 64, 1),
						  STEP(WORKLOAD_touch, 16 * PAGE_4K, 0, 1) };
	uint32_t gates[2];

	LOOP (uint32_t, aliased, 0, aliased < 2, aliased++) {
		struct team *team = make_team(steps, 3, 1, 32 * PAGE_4K);

		team->players[0].env.alias_bytes = aliased ? 32 * PAGE_4K : 0;
		play_all(team, 1);
		assert_int_equal(team->players[0].ret, 0);
		assert_int_equal(team->players[0].ended, 5);
		gates[aliased] = team->gate.generation;
		free_team(team);
	}
	assert_int_equal(gates[1], gates[0] + 3);
}

TEST(slices_keep_to_leaves)
{
	assert_int_equal(driver_slice_bytes(GIB, PAGE_4K, 1), GIB);
	assert_int_equal(driver_slice_bytes(GIB, PAGE_2M, 3), 170 * PAGE_2M);
	assert_int_equal(driver_slice_bytes(GIB, PAGE_4K, 3), 87381 * PAGE_4K);
	/* Less than a leaf for each: they have to share one, but never a 4 KiB page. */
	assert_int_equal(driver_slice_bytes(GIB, PAGE_1G, 2), 512 * MIB);
	assert_int_equal(driver_slice_bytes(4 * PAGE_4K, PAGE_2M, 3), PAGE_4K);
	assert_int_equal(driver_slice_bytes(PAGE_4K, PAGE_4K, 2), 0);
	assert_int_equal(driver_slice_bytes(GIB, PAGE_4K, 0), 0);
	assert_int_equal(driver_slice_bytes(GIB, 0, 2), 512 * MIB);
}

TEST(parts_are_bounds_checked)
{
	assert_int_equal(driver_part(WORKLOAD_touch, VARIANT_FIRST)->may_exit, 1);
	assert_int_equal(driver_part(WORKLOAD_touch, VARIANT_SECOND)->may_exit, 0);
	assert_null(driver_part(WORKLOAD_touch, VARIANT_ONLY));
	assert_null(driver_part(WORKLOAD_COUNT, VARIANT_ONLY));
	assert_null(driver_part(UINT32_MAX, UINT32_MAX));
}
