/*
 * Each workload that runs natively does the operations it counts, proves them, and its checksum is a function of seed,
 * working set and accesses alone. It could break by a loop that skips or wraps wrongly, by a proof that accepts anything,
 * or by an address that finds its way into the checksum: guest and native figures could then not be matched. And each
 * workload, whether native or not, has a case in emulated hosts and a word in guest/README.md.
 */

#include "test.h"
#include "lines.h"
#include "units.h"
#include "workload.h"
#include "guest/driver/table.h"
#include "vmm/lab/measure/plan.h"
#include "vmm/util/workloads.h"

/* What a workload is run with here: each that needs no guest, at each stride that stays within its set. */
struct subject {
	const char *name;
	const struct workload_ops *ops;
	uint64_t stride_bytes;
};

#define SUBJECTS_MAX (WORKLOAD_COUNT * STRIDES_MAX)

static struct subject subjects[SUBJECTS_MAX];
static size_t subject_count;

static int list_subjects(void **state)
{
	struct config native = { .guest_page_bytes = PAGE_4K };
	uint64_t strides_bytes[STRIDES_MAX];

	(void)state;
	for (int id = 0; id < WORKLOAD_COUNT; id++) {
		const struct workload_info *info = &workload_table[id];
		uint32_t count = strides_of(info->default_set, &native, strides_bytes);

		for (uint32_t i = 0; i < count; i++) {
			if ((info->needs & NEEDS_GUEST) == 0 && strides_bytes[i] <= PAGE_4K)
				subjects[subject_count++] =
					(struct subject){ info->name, table_ops((uint32_t)id),
							  strides_bytes[i] };
		}
	}
	return subject_count > 0 ? 0 : -1;
}
TEST_GROUP(list_subjects, NULL)

#define EACH_SUBJECT(s) LOOP_OF("subjects", size_t, s, 0, (s) < subject_count, (s)++)

static void leave(void)
{
}

static const struct platform platform = { .leave = leave };

/* Of the slice, behind the working set: some workloads keep what they look up there. */
#define TABLE_BYTES (64 * PAGE_4K)

static struct workload_ctx make_ctx(const struct subject *subject, uint64_t bytes, uint64_t accesses,
				    uint64_t seed)
{
	static struct guest_histogram histogram;
	struct workload_ctx ctx = {
		.histogram = &histogram,
		.slice_bytes = bytes + TABLE_BYTES,
		.leaf_bytes = PAGE_4K,
		.working_set_bytes = bytes,
		.stride_bytes = subject->stride_bytes,
		.platform = &platform,
		.accesses = accesses,
		.seed = seed,
		.vcpus = 1,
		.repeat = 1,
	};

	ctx.slice = aligned_alloc(PAGE_4K, ctx.slice_bytes);
	assert_non_null(ctx.slice);
	memset(ctx.slice, 0, ctx.slice_bytes);
	ctx.arena = ctx.slice;
	return ctx;
}

static void prepared(const struct subject *subject, struct workload_ctx *ctx)
{
	if (subject->ops->prepare(ctx) != 0 || subject->ops->verify(ctx) != 0)
		fail_msg("%s: %s", subject->name, ctx->failure);
}

static void finished(const struct subject *subject, struct workload_ctx *ctx)
{
	if (subject->ops->finish != NULL)
		subject->ops->finish(ctx);
	free(ctx->slice);
}

/* The checksum, and the accesses that the workload makes of those asked. */
static uint64_t checksum_of(const struct subject *subject, uint64_t bytes, uint64_t *accesses, uint64_t seed)
{
	struct workload_ctx ctx = make_ctx(subject, bytes, *accesses, seed);

	prepared(subject, &ctx);
	finished(subject, &ctx);
	*accesses = ctx.accesses;
	return ctx.checksum;
}

TEST(checksum_is_of_the_inputs_alone)
{
	EACH_SUBJECT(i)
	{
		const struct subject *s = &subjects[i];
		uint64_t accesses = 1024, more = 2048;
		uint64_t once = checksum_of(s, 32 * PAGE_4K, &accesses, 5);
		void *elsewhere = malloc(12345); /* moves what is allocated next */

		assert_int_equal(once, checksum_of(s, 32 * PAGE_4K, &(uint64_t){ 1024 }, 5));
		free(elsewhere);
		assert_int_not_equal(once, checksum_of(s, 32 * PAGE_4K, &(uint64_t){ 1024 }, 6));
		assert_int_not_equal(once, checksum_of(s, 64 * PAGE_4K, &(uint64_t){ 1024 }, 5));
		/* Where one access a page, or one at all, is what it is about, it takes no other number. */
		if (checksum_of(s, 32 * PAGE_4K, &more, 5) == once)
			assert_int_equal(more, accesses);
	}
}

static void set_up_part(const struct subject *subject, uint32_t part, struct workload_ctx *ctx)
{
	if (subject->ops->part[part].setup != NULL && subject->ops->part[part].setup(ctx) != 0)
		fail_msg("%s, part %u: %s", subject->name, part, ctx->failure);
}

/* Sample lengths that divide the working set, do not, and exceed it. */
TEST(samples_pass_their_own_check)
{
	static const uint64_t accesses[] = { 0, 16, 48, 1000, 4096, 100000 };

	EACH_SUBJECT(i)
	{
		const struct subject *s = &subjects[i];
		uint64_t fewer = 1, more = 2;
		bool fixed;

		(void)checksum_of(s, 37 * PAGE_4K, &fewer, 11);
		(void)checksum_of(s, 37 * PAGE_4K, &more, 11);
		fixed = fewer == more && fewer <= 37;
		EACH (a, accesses) {
			struct workload_ctx ctx = make_ctx(s, 37 * PAGE_4K, accesses[a], 11);

			prepared(s, &ctx);
			assert_true(ctx.accesses > 0 && (fixed || ctx.accesses >= accesses[a]));
			LOOP (uint32_t, p, 0, p < s->ops->parts, p++) {
				/* As the driver does: the whole set at least once, then a few samples. */
				set_up_part(s, p, &ctx);
				LOOP (uint64_t, done, 0, done < ctx.pass_accesses, done += ctx.accesses)
					assert_true(s->ops->part[p].sample(&ctx) > 0);
				LOOP (int, k, 0, k < 3, k++)
					assert_true(s->ops->part[p].sample(&ctx) > 0);
				assert_int_equal(s->ops->check(&ctx), 0);
			}
			finished(s, &ctx);
		}
	}
}

/* One bit of the memory is flipped after a sample, or with bytes of the set as `at` the cursor moves: is that noticed? */
static bool notices(const struct subject *s, uint32_t part, uint64_t at)
{
	struct workload_ctx ctx = make_ctx(s, 32 * PAGE_4K, 64, 11);
	bool noticed;

	prepared(s, &ctx);
	set_up_part(s, part, &ctx);
	(void)s->ops->part[part].sample(&ctx);
	if (at < ctx.working_set_bytes)
		ctx.slice[at] ^= 1;
	else
		ctx.cursor ^= CACHE_LINE_BYTES;
	noticed = s->ops->check(&ctx) != 0;
	assert_true(noticed == (ctx.failure != NULL));
	finished(s, &ctx);
	return noticed;
}

/* What a part leaves behind is looked at somewhere. One load leaves nothing; test_memory_use.c damages malloc's blocks. */
TEST(check_notices_damage)
{
	EACH_SUBJECT(i)
	{
		const struct subject *s = &subjects[i];

		LOOP (uint32_t, p, 0, p < s->ops->parts, p++) {
			const struct workload_part *part = &s->ops->part[p];
			bool noticed = s->ops == &workload_malloc ||
				       (part->max_samples == 1 && part->variant == VARIANT_READ);

			for (uint64_t at = 0; !noticed && at <= 32 * PAGE_4K; at += CACHE_LINE_BYTES)
				noticed = notices(s, p, at);
			if (!noticed)
				fail_msg("%s, part %u: nothing is checked", s->name, p);
		}
	}
}

/* A word changed before a read is found by the read's sum itself. */
TEST(seq_read_looks_at_the_words)
{
	struct workload_ctx ctx = make_ctx(&(struct subject){ .name = "seq" }, 32 * PAGE_4K, 0, 11);

	assert_int_equal(workload_seq.prepare(&ctx), 0);
	ctx.slice[5 * PAGE_4K] ^= 1;
	assert_int_equal(workload_seq.verify(&ctx), -1);
	(void)workload_seq.part[0].sample(&ctx);
	ctx.slice[5 * PAGE_4K] ^= 1;
	assert_int_equal(workload_seq.check(&ctx), -1);
	free(ctx.slice);
}

/* Neither prepare nor verify of touch may write, or the first touch would not be the first. */
TEST(touch_waits_for_the_sample)
{
	struct workload_ctx ctx = make_ctx(&(struct subject){ .name = "touch" }, 32 * PAGE_4K, 0, 11);
	uint32_t written = 0;

	assert_int_equal(workload_touch.prepare(&ctx), 0);
	assert_int_equal(workload_touch.verify(&ctx), 0);
	LOOP (uint64_t, i, 0, i < ctx.slice_bytes, i++)
		assert_int_equal(ctx.slice[i], 0);
	assert_int_equal(workload_touch.part[0].max_samples, 1);
	assert_int_equal(workload_touch.part[0].warm_passes, 0);
	(void)workload_touch.part[0].sample(&ctx);
	for (uint64_t i = 0; i < ctx.slice_bytes / 8; i++)
		written += ((uint64_t *)(void *)ctx.slice)[i] != 0;
	assert_int_equal(written, 32);
	free(ctx.slice);
}

TEST(impossible_inputs_are_refused)
{
	EACH_SUBJECT(i)
	{
		const struct subject *s = &subjects[i];
		struct workload_ctx none = make_ctx(s, PAGE_4K, 0, 1),
				    endless = make_ctx(s, PAGE_4K, UINT64_MAX, 1);

		none.working_set_bytes = 0;
		assert_int_equal(s->ops->prepare(&none), -1);
		assert_non_null(none.failure);
		/* gups makes the updates of one sample beforehand, however many that are. */
		if (s->ops != &workload_gups && s->ops->prepare(&endless) == 0)
			assert_true(endless.accesses <= endless.pages);
		free(none.slice);
		finished(s, &endless);
	}
}

/* Long enough that reading the clock is lost in it, short enough that few interrupts fall into one. */
TEST(own_choice_of_accesses)
{
	const struct subject packed = { .name = "packed" };
	struct workload_ctx small = make_ctx(&packed, 64 * PAGE_4K, 0, 1);
	struct workload_ctx large = make_ctx(&packed, 65536 * PAGE_4K, 0, 1);

	assert_int_equal(workload_packed.prepare(&small), 0);
	assert_int_equal(workload_packed.prepare(&large), 0);
	assert_int_equal(small.accesses, 65536);
	assert_int_equal(large.accesses, 65536);
	assert_true(workload_chase.part[0].warm_passes >= 2 && workload_packed.part[0].warm_passes >= 2);
	free(small.slice);
	free(large.slice);
}

static char *text_of(const char *path)
{
	FILE *file = fopen(path, "r");
	size_t bytes = 0, length;
	char *text;

	if (file == NULL)
		fail_msg("%s cannot be opened", path);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	bytes = (size_t)ftell(file);
	rewind(file);
	text = calloc(1, bytes + 1);
	assert_non_null(text);
	length = fread(text, 1, bytes, file);
	assert_int_equal(length, bytes);
	(void)fclose(file);
	return text;
}

/* Whether one of the lists "--workload NAME,NAME" has the name. */
static bool is_run(const char *cases, const char *name)
{
	static const char option[] = "--workload ";

	for (const char *at = strstr(cases, option); at != NULL; at = strstr(at, option)) {
		at += sizeof(option) - 1;
		for (size_t length; (length = strcspn(at, ", \n")) != 0; at += length + (at[length] == ',')) {
			if (length == strlen(name) && strncmp(at, name, length) == 0)
				return true;
		}
	}
	return false;
}

TEST(each_is_run_in_emulated_hosts_and_explained)
{
	char *cases = text_of(TESTS_DIR "/hosts/cases.tsv"),
	     *readme = text_of(TESTS_DIR "/../guest/README.md");

	LOOP (int, id, 0, id < WORKLOAD_COUNT, id++) {
		const char *name = workload_table[id].name;
		char code[40], bold[40];

		(void)snprintf(code, sizeof(code), "`%s`", name);
		(void)snprintf(bold, sizeof(bold), "**%s**", name);
		if (!is_run(cases, name))
			fail_msg("tests/hosts/cases.tsv has no case of %s", name);
		if (strstr(readme, code) == NULL && strstr(readme, bold) == NULL)
			fail_msg("guest/README.md does not say what %s proves", name);
	}
	free(cases);
	free(readme);
}
