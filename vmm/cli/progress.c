/* What is shown while a command takes long: lines that are written over, on a terminal or where they are asked for. */
#include <unistd.h>

#include "units.h"
#include "vmm/cli/command.h"

/* The callbacks have no argument of their own; there is one such line at a time. */
static FILE *line;

static void show_populating(uint64_t done_bytes, uint64_t total_bytes, uint64_t elapsed_ns)
{
	double seconds = (double)elapsed_ns / 1e9;
	double gib = (double)done_bytes / (double)GIB;
	const char *end = done_bytes < total_bytes ? "" : "\n";

	(void)fprintf(line, "\rminivmm: populated %.1f of %.1f GiB, %.1f s, %.1f GiB/s  %s", gib,
		      (double)total_bytes / (double)GIB, seconds, seconds > 0 ? gib / seconds : 0.0, end);
}

/* Also where nothing else is shown: whoever waits has to know for whom. */
static void show_waiting(const struct sweep_progress *p)
{
	if (p->waiting_for != NULL)
		(void)fprintf(line, "minivmm: sweeps on this host take turns: waiting for %s\n",
			      p->waiting_for);
}

/* One line that is written over; the last one stays. */
static void show_sweep(const struct sweep_progress *p)
{
	char left[40] = "";

	if (p->waiting_for != NULL) {
		(void)fprintf(line, "\r\033[K");
		show_waiting(p);
		return;
	}
	if (p->key == NULL) {
		(void)fprintf(line, "\r\033[Kminivmm: %u rounds of all cells in %.0f s\n", p->rounds,
			      p->elapsed_s);
		return;
	}
	if (p->left_s >= 0)
		(void)snprintf(left, sizeof(left), ", about %.0f s left", p->left_s);
	(void)fprintf(line, "\r\033[Kminivmm: round %u of %u, run %u of %u, %.0f s%s", p->round, p->rounds,
		      p->done + 1, p->total, p->elapsed_s, left);
}

/* On a terminal, unless the user wants it quiet; or where it was asked for. */
static bool is_wanted(const struct request *r)
{
	line = r->program.err;
	return r->progress || (!r->output.quiet && isatty(fileno(r->program.err)) == 1);
}

prealloc_progress progress_of_populating(const struct request *r, uint64_t host_bytes)
{
	bool long_wait = host_bytes >= 4 * GIB;

	return is_wanted(r) && (r->progress || long_wait) ? show_populating : NULL;
}

sweep_progress_fn progress_of_sweep(const struct request *r)
{
	return is_wanted(r) ? show_sweep : show_waiting;
}
