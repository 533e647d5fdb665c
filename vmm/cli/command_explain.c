/*
 * `minivmm explain`: one guest-virtual address, walked for real; with --before-after twice, by small and by large pages.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "twin.h"
#include "vmm/cli/command.h"
#include "vmm/core/memory/backing.h"
#include "vmm/host/facts.h"
#include "vmm/lab/explain/explanation.h"
#include "vmm/output/output.h"
#include "vmm/output/scribe.h"
#include "vmm/util/file.h"
#include "vmm/util/process.h"
#include "vmm/util/size.h"

#define RUNS_MAX 2

struct explain_run {
	const char *name; /* "before", "after"; NULL: the only one */
	struct record *rec;
	struct explanation x;
};

/* Put in front of the error which of two runs it was, and what it is made of. */
static void name_run(const struct explain_run *run, struct error *e)
{
	const struct run_spec *r = &run->rec->spec;
	char what[sizeof(e->what)], guest[24];

	if (run->name == NULL || e->status == STATUS_OK)
		return;
	memcpy(what, e->what, sizeof(what));
	/* Too long a text is cut, as everywhere in an error. */
	if (snprintf(e->what, sizeof(e->what), "the run \"%s\" (guest pages of %s on %s): %s", run->name,
		     size_format(r->machine.guest_page_bytes, guest), backing_name(r->machine.backing),
		     what) >= (int)sizeof(e->what))
		e->what[sizeof(e->what) - 1] = '\0';
}

static int make_run(const struct request *r, const char *name, struct explain_run *run, struct error *e)
{
	run->name = name;
	run->rec = calloc(1, sizeof(*run->rec));
	if (run->rec == NULL)
		return error_set(e, STATUS_FAILED, ENOMEM, "calloc", "no memory for the record");
	record_init(run->rec);
	run->rec->spec = r->run;
	run->rec->argc = r->argc;
	run->rec->argv = r->argv;
	return 0;
}

static int plan_run(const struct explain_spec *x, struct explain_run *run, struct error *e)
{
	struct backing_spec spec;
	int ret = backing_resolve(&run->rec->spec.machine, &spec, e);

	if (ret == 0)
		ret = explain_plan(x, spec.page_bytes, &run->rec->spec, &run->rec->config, e);
	name_run(run, e);
	return ret;
}

/* Whether the user's own backing can show what --before-after asks for. */
static int check_after(const struct request *r, struct error *e)
{
	struct backing_spec spec;
	int ret = backing_resolve(&r->run.machine, &spec, e);

	return ret == 0 ? explain_check_after(&r->explain, r->run.machine.backing, spec.page_bytes, e) : ret;
}

/* One run, or two. Both are planned before the first begins. Returns how many, or -errno. */
static int make_runs(const struct request *r, struct explain_run *runs, struct error *e)
{
	static const char *const names[RUNS_MAX] = { "before", "after" };
	bool two = r->explain.after_bytes != 0;
	int count = two ? RUNS_MAX : 1, ret = two ? check_after(r, e) : 0;

	for (int i = 0; i < count && ret == 0; i++)
		ret = make_run(r, two ? names[i] : NULL, &runs[i], e);
	if (two && ret == 0)
		explain_before_after(&r->explain, &r->run, &runs[0].rec->spec, &runs[1].rec->spec);
	for (int i = 0; i < count && ret == 0; i++)
		ret = plan_run(&r->explain, &runs[i], e);
	return ret == 0 ? count : ret;
}

/* Whether the leaf that hardware walks to through a window is the smaller of both, or the second dimension's own. */
static bool is_window_leaf(const struct explanation *x)
{
	uint64_t host_leaf = twin_host_leaf(x->window);

	if (x->kind == WALK_SHADOW)
		return x->shadow_leaf_bytes == min_u64(x->guest_page_bytes, host_leaf);
	return x->kind != WALK_NESTED || explanation_last(x)->data.host_leaf_bytes == host_leaf;
}

/* Compare guest and host with what was asked for, as for a run; then the pages of this very address. */
static void judge_run(struct explain_run *run)
{
	struct explanation *x = &run->x;
	const struct explain_walk *last = explanation_last(x);

	record_judge(run->rec);
	for (uint32_t i = 0; i < run->rec->reason_count; i++)
		explain_note(x, "%s", run->rec->reasons[i]);
	if (!x->touched || last->walk.fault != PAGE_FAULT_NONE)
		return;
	if (last->walk.leaf_bytes != x->guest_page_bytes ||
	    (last->data.page_bytes != 0 &&
	     (last->data.page_bytes != x->backing_page_bytes || (x->in_window && !is_window_leaf(x)))))
		record_reason(run->rec, VERDICT_MISMATCH,
			      "the address lies in pages of other sizes than asked for");
}

static int capture_run(const struct explain_spec *x, struct explain_run *run, struct error *e)
{
	int ret;

	facts_read("", &run->rec->host);
	ret = explain_capture(x, run->rec, &run->x, e);
	if (ret == 0)
		judge_run(run);
	name_run(run, e);
	return ret;
}

/* What comes back of a run in a process of its own. */
struct outcome {
	int ret;
	struct error e;
	struct explanation x;
	enum verdict verdict;
};

static _Noreturn void capture_in_child(const struct explain_spec *x, struct explain_run *run, int fd)
{
	struct outcome *o = calloc(1, sizeof(*o));

	if (o != NULL && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0) {
		o->ret = capture_run(x, run, &o->e);
		o->x = run->x;
		o->verdict = run->rec->verdict;
	}
	/* What does not arrive whole is an error over there. */
	if (o != NULL)
		(void)file_write(fd, o, sizeof(*o));
	_exit(0);
}

/* All of *o, as the child writes it; a signal that stops this process is passed on to it. False: it ended before. */
static bool receive(int fd, pid_t child, struct outcome *o)
{
	char *to = (char *)o;
	size_t left = sizeof(*o);

	while (left != 0) {
		ssize_t got = read(fd, to, left);

		if (got < 0 && errno == EINTR && stop_requested() != 0)
			(void)kill(child, stop_requested());
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		to += got;
		left -= (size_t)got;
	}
	return true;
}

static int take_outcome(struct explain_run *run, const struct outcome *o, int wait_status, bool whole,
			struct error *e)
{
	if (whole) {
		run->x = o->x;
		run->rec->verdict = o->verdict;
		*e = o->e;
		return o->ret;
	}
	/* The sandbox has said what it refused. */
	if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == STATUS_SANDBOX)
		return error_set(e, STATUS_SANDBOX, 0, "explain", "the run \"%s\" was ended by its sandbox",
				 run->name);
	return error_set(e, STATUS_FAILED, 0, "explain",
			 "the process of the run \"%s\" ended with the status %d", run->name,
			 WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status));
}

/* In a process of its own: a process that has had a guest in it may make no second machine. */
static int capture_apart(const struct explain_spec *x, struct explain_run *run, struct error *e)
{
	struct outcome *o = malloc(sizeof(*o));
	int ends[2], wait_status = 0, err;
	bool whole;
	pid_t child;

	if (o == NULL || pipe2(ends, O_CLOEXEC) != 0) {
		err = o == NULL ? ENOMEM : errno;
		free(o);
		return error_set(e, STATUS_FAILED, err, "pipe", "no process for the run \"%s\"", run->name);
	}
	child = fork();
	err = errno;
	if (child == 0)
		capture_in_child(x, run, ends[1]);
	(void)close(ends[1]);
	whole = child > 0 && receive(ends[0], child, o);
	(void)close(ends[0]);
	while (child > 0 && waitpid(child, &wait_status, 0) < 0 && errno == EINTR)
		continue;
	if (child > 0)
		err = take_outcome(run, o, wait_status, whole, e);
	else
		err = error_set(e, STATUS_FAILED, err, "fork", "no process for the run \"%s\"", run->name);
	free(o);
	return err;
}

struct explanations {
	const struct explanation *const *xs;
	uint32_t count;
};

OUTPUT_WRITER(text, const struct explanations *x, explain_text(x->xs, x->count, out))
OUTPUT_WRITER(json, const struct explanations *x, explain_json(x->xs, x->count, out))
OUTPUT_WRITER(svg, const struct explanations *x, explain_svg(x->xs, x->count, out))

static void write_out(const struct request *r, const struct explain_run *runs, uint32_t count,
		      struct error *e)
{
	static const struct output_writers writers = { .text = text, .json = json, .svg = svg };
	const struct explanation *const xs[RUNS_MAX] = { &runs[0].x, &runs[1].x };
	const struct explanations x = { xs, count };

	(void)outputs_write(&r->output, &writers, &x, "explain", e);
}

static int confine(const struct request *r, const struct explain_run *runs, uint32_t count, struct error *e)
{
	struct sandbox_spec sandbox = r->run.machine.sandbox;
	int ret = command_confine(r, NULL, true, &sandbox, e);

	for (uint32_t i = 0; i < count && runs[i].rec != NULL; i++)
		runs[i].rec->spec.machine.sandbox = sandbox;
	return ret;
}

enum status command_explain(const struct request *r, struct error *e)
{
	struct explain_run *runs = calloc(RUNS_MAX, sizeof(*runs));
	enum status status = STATUS_OK;
	int count = -ENOMEM, ret = 0;

	/* Only root is shown where pages lie in the host's memory, and that is for root's eyes. */
	if (geteuid() == 0)
		(void)umask(S_IRWXG | S_IRWXO);
	if (runs == NULL)
		(void)error_set(e, STATUS_FAILED, ENOMEM, "calloc", "no memory for the runs");
	else if (outputs_check(&r->output, e) == 0) /* now rather than after two guests */
		count = make_runs(r, runs, e);
	if (count > 0)
		ret = confine(r, runs, (uint32_t)count, e);
	for (int i = 0; i < count && ret == 0; i++)
		ret = i + 1 < count ? capture_apart(&r->explain, &runs[i], e)
				    : capture_run(&r->explain, &runs[i], e);
	if (count > 0 && ret == 0)
		write_out(r, runs, (uint32_t)count, e);
	scribe_end();
	for (int i = 0; runs != NULL && i < RUNS_MAX; i++) {
		if (runs[i].rec == NULL)
			continue;
		if (status == STATUS_OK)
			status = record_status(runs[i].rec);
		record_free(runs[i].rec);
		free(runs[i].rec);
	}
	free(runs);
	return e->status != STATUS_OK ? e->status : status;
}
