#include "vmm/lab/sweep/turn.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "vmm/util/clock.h"
#include "vmm/util/stop.h"

/* Long enough for one that waits to wake up and take it: who leaves would otherwise always be the first to take it again. */
#define COURTESY_NS 500000

void turn_open(struct turn *t)
{
	t->fd = open("/sys/kernel/mm", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int64_t turn_take(struct turn *t)
{
	uint64_t start_ns = clock_ns();

	if (t->fd < 0 || flock(t->fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	while (flock(t->fd, LOCK_EX) != 0) {
		if (errno != EINTR)
			return 0; /* a file system without locks */
		if (stop_requested() != 0)
			return -EINTR;
	}
	return (int64_t)(clock_ns() - start_ns);
}

void turn_leave(struct turn *t)
{
	struct timespec pause = { .tv_nsec = COURTESY_NS };

	if (t->fd < 0 || flock(t->fd, LOCK_UN) != 0)
		return;
	(void)nanosleep(&pause, NULL);
}

void turn_close(struct turn *t)
{
	if (t->fd >= 0)
		(void)close(t->fd);
	t->fd = -1;
}
