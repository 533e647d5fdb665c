#include "vmm/util/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

int streams_init(struct error *e)
{
	static const int signals[] = { SIGPIPE, SIGXFSZ };

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		/* The lowest free number is taken, so this is fd itself. O_PATH: neither readable nor writable. */
		if (fcntl(fd, F_GETFD) < 0 && open("/", O_PATH) < 0)
			return error_set(e, STATUS_FAILED, errno, "open /",
					 "cannot fill the closed stream %d", fd);
	}
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		if (signal(signals[i], SIG_IGN) == SIG_ERR)
			return error_set(e, STATUS_FAILED, errno, "signal", "cannot ignore signal %d",
					 signals[i]);
	}
	return 0;
}
