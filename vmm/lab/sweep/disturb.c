#include "vmm/lab/sweep/disturb.h"

#include <inttypes.h>
#include <string.h>

#include "vmm/util/append.h"

#define STEAL_PART 0.01
#define NS_A_SWITCH (50 * INT64_C(1000000))

static void say(struct matrix_run *run, const char *what)
{
	append(run->disturbed, sizeof(run->disturbed), "%s%s", run->disturbed[0] != '\0' ? "; " : "", what);
}

static int64_t switches_allowed(const struct matrix_run *run, const struct matrix_row *row, uint32_t vcpus)
{
	int64_t each = row->sample_count > 1 ? row->sample_count / 4
					     : 1 + (run->wall_ns > 0 ? run->wall_ns / NS_A_SWITCH : 0);

	return each * vcpus;
}

/* By how many switches the worst part has more than it may. */
static int64_t switches_too_many(const struct matrix_run *run, uint32_t vcpus)
{
	int64_t worst = 0;

	for (uint32_t i = 0; i < run->row_count; i++) {
		const struct matrix_row *row = &run->rows[i];
		int64_t more = row->switches - switches_allowed(run, row, vcpus);

		if (row->sample_count != 0 && more > worst)
			worst = more;
	}
	return worst;
}

double disturb_judge(struct matrix_run *run, uint32_t vcpus, uint32_t cpus)
{
	int64_t switches = cpus != 0 && vcpus > cpus ? 0 : switches_too_many(run, vcpus);
	double badness = 0, steal = 0;
	char text[80];

	run->disturbed[0] = '\0';
	if (strcmp(run->verdict, "disturbed") == 0) {
		say(run, "exits in a timed part that should have none");
		badness += 1000;
	}
	if (run->steal_ns > 0 && run->wall_ns > 0)
		steal = (double)run->steal_ns / ((double)run->wall_ns * (cpus != 0 ? cpus : 1));
	if (steal > STEAL_PART) {
		text[0] = '\0';
		append(text, sizeof(text), "steal time: %.1f %% of all CPUs' time", 100 * steal);
		say(run, text);
		badness += 100 * steal;
	}
	if (switches > 0) {
		text[0] = '\0';
		append(text, sizeof(text), "%" PRId64 " involuntary switches too many in a timed part",
		       switches);
		say(run, text);
		badness += (double)switches;
	}
	return badness;
}
