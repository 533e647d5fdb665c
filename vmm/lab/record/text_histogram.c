/* Histograms as bars, and their modes and tails in words. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "vmm/lab/record/rows.h"
#include "vmm/output/paragraph.h"
#include "vmm/util/size.h"
#include "vmm/util/text.h"

#define BAR_COLUMNS 50
/* Bars of less, before the first and behind the last that have more, are left out: words say what is there. */
#define LEAST_SHARE 0.0005

static double share(const struct histogram *h, uint64_t loads)
{
	return (double)loads / (double)h->total;
}

static void put_bar(const struct histogram *h, const struct histogram_bar *bar, uint64_t most, bool is_peak,
		    FILE *out)
{
	char hashes[BAR_COLUMNS + 1] = "", from[48], below[48];
	size_t length = (size_t)lround((double)bar->loads * BAR_COLUMNS / (double)most);

	memset(hashes, '#', length <= BAR_COLUMNS ? length : BAR_COLUMNS);
	format_real(histogram_cycles(h, bar->first), from, sizeof(from));
	format_real(histogram_cycles(h, bar->end), below, sizeof(below));
	(void)fprintf(out, "%*s%8s %8s  %6.2f %%%s%s%s\n", LABEL_COLUMNS, "", from, below,
		      100 * share(h, bar->loads), length > 0 ? " " : "", hashes, is_peak ? " mode" : "");
}

static void put_bars(const struct histogram *h, const struct histogram_bar *bars, uint32_t count,
		     const struct histogram_mode *modes, uint32_t mode_count, FILE *out)
{
	uint32_t first = count, last = 0;
	uint64_t most = 1;

	for (uint32_t i = 0; i + 1 < count; i++) {
		if (share(h, bars[i].loads) < LEAST_SHARE)
			continue;
		first = first == count ? i : first;
		last = i;
		most = max_u64(most, bars[i].loads);
	}
	(void)fprintf(out, "%*s%8s %8s  %8s\n", LABEL_COLUMNS, "", "from", "below", "loads");
	for (uint32_t i = first; i <= last; i++) {
		bool is_peak = false;

		for (uint32_t m = 0; m < mode_count; m++)
			is_peak = is_peak || modes[m].peak == i;
		put_bar(h, &bars[i], most, is_peak, out);
	}
}

static void put_modes(const struct histogram *h, const struct histogram_bar *bars,
		      const struct histogram_mode *modes, uint32_t count, const char *unit, FILE *out)
{
	char line[1024] = "", from[48], below[48];

	for (uint32_t m = 0; m < count; m++) {
		const struct histogram_bar *peak = &bars[modes[m].peak];

		format_real(histogram_cycles(h, peak->first), from, sizeof(from));
		format_real(histogram_cycles(h, peak->end), below, sizeof(below));
		append(line, sizeof(line), "%s%s to %s (%.1f %%)", m == 0 ? "" : ", ", from, below,
		       100 * share(h, modes[m].loads));
	}
	if (count != 0)
		paragraph(out, "modes", "at %s %s; in brackets the share of loads around each", line, unit);
}

static void put_tail(const struct histogram *h, const char *unit, FILE *out)
{
	static const struct {
		const char *name;
		double part;
	} quantiles[] = { { "half", 0.5 }, { "90 %", 0.9 }, { "99 %", 0.99 }, { "99.9 %", 0.999 } };
	uint64_t beyond = h->loads[HISTOGRAM_BUCKETS - 1];
	char line[256] = "", cycles[48];

	for (size_t i = 0; i < COUNT_OF(quantiles); i++) {
		double below = histogram_quantile(h, quantiles[i].part);

		if (!isfinite(below))
			break;
		format_real(below, cycles, sizeof(cycles));
		append(line, sizeof(line), "%s%s below %s", i == 0 ? "" : ", ", quantiles[i].name, cycles);
	}
	format_real(histogram_cycles(h, HISTOGRAM_BUCKETS - 1), cycles, sizeof(cycles));
	paragraph(out, "tail", "of %" PRIu64 " loads %s %s; %" PRIu64 " took %s and more", h->total, line,
		  unit, beyond, cycles);
}

void put_histograms(const struct record *rec, FILE *out)
{
	for (uint32_t i = 0; i < rec->result_count; i++) {
		const struct result *r = &rec->results[i];
		const struct histogram *h = r->histogram;
		struct histogram_bar bars[HISTOGRAM_MOST_BARS] = { 0 };
		struct histogram_mode modes[HISTOGRAM_MOST_MODES] = { 0 };
		const char *unit = latency_words(rec);
		uint32_t count, mode_count;
		char name[96], size[24], step[64] = "";

		if (h == NULL || h->total == 0 || !row_has_figure(rec, r))
			continue;
		if (h->step_cycles > 1)
			(void)snprintf(step, sizeof(step), "; the TSC counts in steps of %.0f",
				       h->step_cycles);
		paragraph(out, "histogram",
			  "%s %s: each load timed by itself, in %s, without the %u TSC cycles that timing "
			  "takes%s",
			  row_name(r, name, sizeof(name)), size_format(r->working_set_bytes, size), unit,
			  h->empty_cycles, step);
		count = histogram_bars(h, bars);
		mode_count = histogram_modes(bars, count, modes);
		put_bars(h, bars, count, modes, mode_count, out);
		put_modes(h, bars, modes, mode_count, unit, out);
		put_tail(h, unit, out);
	}
}
