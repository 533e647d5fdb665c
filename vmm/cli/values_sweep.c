/*
 * Options of sweep and compare that are no axis, and the two axes that run has as lists of its own.
 */
#include <stdlib.h>
#include <string.h>

#include "vmm/cli/options.h"
#include "vmm/cli/preset.h"
#include "vmm/util/size.h"
#include "vmm/util/workloads.h"

int set_sweep_workload(struct parse *p, const char *value)
{
	struct request *r = p->r;
	int ret = set_workload(p, value);

	if (ret != 0 || p->done)
		return ret;
	if (r->run.work.workload_count == 0)
		return refuse_value(p, value,
				    "none measures nothing; workloads are expected, see --workload help");
	for (uint32_t i = 0; i < r->run.work.workload_count; i++) {
		for (uint32_t j = 0; j < i; j++) {
			if (r->run.work.workloads[i] == r->run.work.workloads[j])
				return refuse_value(p, value, "'%s' is there twice",
						    workload_table[r->run.work.workloads[i]].name);
		}
	}
	return 0;
}

static int by_size(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

/* Ascending, as a curve has them: "64K..1M,96K..768K" is two series in one. */
int set_sweep_sets(struct parse *p, const char *value)
{
	struct request *r = p->r;
	int ret = set_working_set(p, value);
	char size[24];

	if (ret != 0)
		return ret;
	qsort(r->run.work.sets_bytes, r->run.work.set_count, sizeof(r->run.work.sets_bytes[0]), by_size);
	for (uint32_t i = 1; i < r->run.work.set_count; i++) {
		if (r->run.work.sets_bytes[i] == r->run.work.sets_bytes[i - 1])
			return refuse_value(p, value, "%s is there twice",
					    size_format(r->run.work.sets_bytes[i], size));
	}
	return 0;
}

int set_native_cells(struct parse *p, const char *value)
{
	(void)value;
	p->r->sweep.native = true;
	return 0;
}

int set_no_native_cells(struct parse *p, const char *value)
{
	(void)value;
	p->r->sweep.native = false;
	return 0;
}

static int set_count(struct parse *p, const char *value, uint64_t min, uint64_t max, uint32_t *count)
{
	uint64_t number = 0;
	int ret = set_number(p, value, min, max, &number);

	if (ret == 0)
		*count = (uint32_t)number;
	return ret;
}

int set_allocations(struct parse *p, const char *value)
{
	return set_count(p, value, 1, 100, &p->r->sweep.allocations);
}

int set_retries(struct parse *p, const char *value)
{
	return set_count(p, value, 0, 10, &p->r->sweep.retries);
}

int set_baseline(struct parse *p, const char *value)
{
	if (value[0] == '\0')
		return refuse_value(p, value,
				    "values of axes are expected, as in guest-page=4K,backing=anon");
	p->r->sweep.baseline = value;
	return 0;
}

int set_preset(struct parse *p, const char *value)
{
	const struct preset *preset = preset_find(value);
	char names[PRESET_NAMES_BYTES];

	if (strcmp(value, "help") == 0) {
		p->r->command = COMMAND_PRESET_HELP;
		p->r->help_topic = "preset";
		p->done = true;
		return 0;
	}
	if (preset == NULL)
		return refuse_value(p, value, "no preset is called so; there are %s", preset_names(names));
	p->r->sweep.preset = preset->name;
	return 0;
}

int set_axes(struct parse *p, const char *value)
{
	if (value[0] == '\0')
		return refuse_value(p, value, "the name of a file is expected");
	p->r->sweep.file = value;
	return 0;
}

int set_resume(struct parse *p, const char *value)
{
	(void)value;
	p->r->sweep.resume = true;
	return 0;
}

/* Digits with at most one point among or before them: no sign, no exponent, no blank, which strtod would take. */
static bool is_decimal(const char *text)
{
	size_t whole = strspn(text, "0123456789");
	size_t part = text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 0;

	if (text[whole] == '.' && part == 0)
		return false;
	return whole + part > 0 && text[whole + (part > 0 ? part + 1 : 0)] == '\0';
}

int set_threshold(struct parse *p, const char *value)
{
	double percent = is_decimal(value) ? strtod(value, NULL) : -1;

	if (!(percent >= 0 && percent <= 100))
		return refuse_value(p, value, "a percentage from 0 to 100 is expected, as in 0.5");
	p->r->compare.threshold = percent / 100;
	return 0;
}
