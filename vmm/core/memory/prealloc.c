/* RAM populated by a call that can fail: a range, or all of a backing with threads behind one gate. */
#include "vmm/core/memory/backing.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "units.h"
#include "vmm/core/memory/sigbus.h"
#include "vmm/util/clock.h"
#include "vmm/util/process.h"

/* Linux 5.14; the C library's headers may be older. */
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/*
 * Older kernels: mlock populates, and reports what it cannot get instead of killing us, on every kind of mapping
 * and from any thread. fallocate would do for shared files only, and touching would need a SIGBUS handler for the
 * whole process. Its price is RLIMIT_MEMLOCK (root is exempt).
 */
static int populate_by_mlock(void *hva, uint64_t bytes)
{
	int err;

	if (mlock(hva, bytes) == 0)
		return munlock(hva, bytes) == 0 ? 0 : -errno;
	err = errno;
	/* A part may be locked already. */
	(void)munlock(hva, bytes);
	return -err;
}

bool populate_locks(void)
{
	/* An advice that the kernel does not know is refused for no memory at all, too. */
	return madvise(NULL, 0, MADV_POPULATE_WRITE) != 0 && errno == EINVAL;
}

int populate_range(void *hva, uint64_t bytes)
{
	for (;;) {
		if (madvise(hva, bytes, MADV_POPULATE_WRITE) == 0)
			return 0;
		if (errno == EINVAL)
			return populate_by_mlock(hva, bytes);
		if (errno != EINTR && errno != EAGAIN)
			return -errno;
	}
}

/* Small enough to stop within a fraction of a second, large enough that the call itself costs nothing. */
#define PIECE_BYTES (256 * MIB)
#define PROGRESS_NS 200000000L

/* Shared by all workers; everything but done_bytes under lock. */
struct team {
	const struct backing *b;
	pthread_mutex_t lock;
	pthread_cond_t gate, news;
	bool open;
	uint32_t running;
	int err; /* the first error, negative; the others stop */
	uint64_t end_ns;
	struct share *shares;
	uint32_t count;   /* of the shares */
	uint32_t workers; /* that there are; fewer than shares where no more threads could be had */
	_Atomic uint64_t done_bytes;
	_Atomic bool stop;
};

/* A part of RAM, and the thread that populates it and every `workers`-th one behind it. */
struct share {
	pthread_t thread;
	struct team *team;
	uint64_t offset_bytes, bytes;
	uint64_t nodes; /* that its thread runs on; 0: any */
};

uint32_t prealloc_threads(uint32_t cpus, uint32_t asked, uint64_t pages, uint64_t bytes)
{
	uint64_t n = min_u64(cpus, asked == 0 ? UINT32_MAX : asked);

	n = min_u64(n, min_u64(pages, bytes / (64 * MIB)));
	return n == 0 ? 1 : (uint32_t)n;
}

/* One share, piece by piece. A piece that fails is tried page by page, to know how far it went. */
static int populate_bytes(struct team *team, uint64_t offset, uint64_t bytes)
{
	const uint64_t page = team->b->spec.page_bytes;
	uint64_t piece = max_u64(page, PIECE_BYTES), done = 0;

	while (done < bytes) {
		uint64_t now = min_u64(piece, bytes - done);
		void *hva = backing_at(team->b, offset + done, now);
		int ret;

		if (stop_requested() != 0)
			return -EINTR;
		if (atomic_load(&team->stop))
			return 0;
		ret = hva == NULL ? -EFAULT : populate_range(hva, now);
		if (ret != 0 && hva != NULL && page > PAGE_4K && now > page) {
			piece = page;
			continue;
		}
		if (ret != 0)
			return ret;
		done += now;
		atomic_fetch_add(&team->done_bytes, now);
	}
	return 0;
}

static int populate_shares(struct team *team, const struct share *first)
{
	int ret = 0;

	for (const struct share *s = first; ret == 0 && s < team->shares + team->count; s += team->workers) {
		if (s != first)
			memory_policy_run_near(s->nodes);
		ret = populate_bytes(team, s->offset_bytes, s->bytes);
	}
	return ret;
}

static void *worker_main(void *arg)
{
	struct share *own = arg;
	struct team *team = own->team;
	int ret = stop_block_in_thread();

	memory_policy_run_near(own->nodes);
	(void)pthread_mutex_lock(&team->lock);
	while (!team->open)
		(void)pthread_cond_wait(&team->gate, &team->lock);
	(void)pthread_mutex_unlock(&team->lock);

	if (ret == 0)
		ret = populate_shares(team, own);

	(void)pthread_mutex_lock(&team->lock);
	if (ret != 0 && team->err == 0) {
		team->err = ret;
		atomic_store(&team->stop, true);
	}
	if (--team->running == 0)
		team->end_ns = clock_ns();
	(void)pthread_cond_signal(&team->news);
	(void)pthread_mutex_unlock(&team->lock);
	return NULL;
}

/* Wait for all workers, telling the user how far they are. Called and left with the lock held. */
static void wait_all(struct team *team, uint64_t start_ns, prealloc_progress progress)
{
	while (team->running > 0) {
		struct timespec until = { 0, 0 };

		(void)clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += PROGRESS_NS;
		if (until.tv_nsec >= (long)NS_PER_S) {
			until.tv_nsec -= (long)NS_PER_S;
			until.tv_sec++;
		}
		if (pthread_cond_timedwait(&team->news, &team->lock, &until) != ETIMEDOUT || progress == NULL)
			continue;
		(void)pthread_mutex_unlock(&team->lock);
		progress(atomic_load(&team->done_bytes), team->b->spec.bytes, clock_ns() - start_ns);
		(void)pthread_mutex_lock(&team->lock);
	}
}

static void cut_shares(struct team *team)
{
	const uint64_t pages = team->b->spec.bytes / team->b->spec.page_bytes;
	uint64_t offset = 0, nodes = team->b->spec.prealloc_nodes;

	for (uint32_t i = 0; i < team->count; i++) {
		struct share *s = &team->shares[i];

		s->team = team;
		s->offset_bytes = offset;
		/* The first (pages % count) shares have one page more. */
		s->bytes = (pages / team->count + (i < pages % team->count)) * team->b->spec.page_bytes;
		offset += s->bytes;
		/* The lowest of those that are left. */
		s->nodes = nodes != 0 ? nodes & -nodes : team->b->spec.host_nodes;
		nodes &= ~s->nodes;
	}
}

/* No thread could be had: the calling one populates, and afterwards runs where it ran before. */
static void populate_alone(struct team *team)
{
	cpu_set_t before;
	bool known = sched_getaffinity(0, sizeof(before), &before) == 0;

	team->workers = 1;
	if (known)
		memory_policy_run_near(team->shares[0].nodes);
	team->err = populate_shares(team, &team->shares[0]);
	team->end_ns = clock_ns();
	if (known)
		(void)sched_setaffinity(0, sizeof(before), &before);
}

/*
 * Start the workers, open the gate, wait. Where a limit of threads allows fewer than there are shares (ulimit -u,
 * pids.max), these do all of them. Returns the first error.
 */
static int run_team(struct team *team, prealloc_progress progress, struct prealloc_stats *stats)
{
	uint64_t start_ns;

	cut_shares(team);
	while (team->workers < team->count && pthread_create(&team->shares[team->workers].thread, NULL,
							     worker_main, &team->shares[team->workers]) == 0)
		team->workers++;
	(void)pthread_mutex_lock(&team->lock);
	team->running = team->workers;
	team->open = true;
	start_ns = clock_ns();
	(void)pthread_cond_broadcast(&team->gate);
	wait_all(team, start_ns, progress);
	(void)pthread_mutex_unlock(&team->lock);
	for (uint32_t i = 0; i < team->workers; i++)
		(void)pthread_join(team->shares[i].thread, NULL);
	if (team->workers == 0)
		populate_alone(team);
	stats->threads = team->workers;
	stats->ns = team->end_ns > start_ns ? team->end_ns - start_ns : 0;
	return team->err;
}

static int explain(const struct backing *b, uint64_t done_bytes, int ret, struct error *e)
{
	if (ret != -EINTR)
		return loss_explain(b, NULL, UINT64_MAX, -ret, "--prealloc", e);
	return error_set(e, STATUS_FAILED, EINTR, "--prealloc",
			 "stopped by signal %d with %" PRIu64 " of %" PRIu64 " MiB populated",
			 stop_requested(), done_bytes / MIB, b->spec.bytes / MIB);
}

static int init_team(struct team *team, const struct backing *b)
{
	pthread_condattr_t attr;
	int ret;

	memset(team, 0, sizeof(*team));
	team->b = b;
	ret = pthread_condattr_init(&attr);
	if (ret != 0)
		return -ret;
	/* The wall clock may jump. */
	ret = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	if (ret == 0)
		ret = pthread_mutex_init(&team->lock, NULL);
	if (ret == 0)
		ret = pthread_cond_init(&team->gate, NULL);
	if (ret == 0)
		ret = pthread_cond_init(&team->news, &attr);
	(void)pthread_condattr_destroy(&attr);
	return -ret;
}

int prealloc_run(const struct backing *b, uint32_t asked_threads, prealloc_progress progress,
		 struct prealloc_stats *stats, struct error *e)
{
	struct team team;
	uint32_t count;
	int ret;

	memset(stats, 0, sizeof(*stats));
	if (b->hva == NULL)
		return error_set(e, STATUS_FAILED, EINVAL, "--prealloc", "nothing is mapped");
	ret = room_check_populate("", &b->spec, e);
	if (ret != 0)
		return ret;
	if (b->spec.prealloc_nodes != 0)
		count = (uint32_t)__builtin_popcountll(b->spec.prealloc_nodes);
	else
		count = prealloc_threads(allowed_cpu_count(), asked_threads,
					 b->spec.bytes / b->spec.page_bytes, b->spec.bytes);
	ret = init_team(&team, b);
	if (ret != 0)
		return error_set(e, STATUS_FAILED, -ret, "pthread_cond_init", "no lock for --prealloc");
	team.count = count;
	team.shares = calloc(count, sizeof(*team.shares));
	if (team.shares != NULL)
		ret = run_team(&team, progress, stats);
	else
		ret = error_set(e, STATUS_FAILED, ENOMEM, "--prealloc", "no memory for %u threads", count);
	(void)pthread_cond_destroy(&team.news);
	(void)pthread_cond_destroy(&team.gate);
	(void)pthread_mutex_destroy(&team.lock);
	free(team.shares);
	return ret == 0 || e->status != STATUS_OK ? ret : explain(b, atomic_load(&team.done_bytes), ret, e);
}
