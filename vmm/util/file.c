#include "vmm/util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "units.h"

/* The buffer for a file that does not tell its size; it is doubled as needed. smaps of a small process fits. */
#define FIRST_BYTES (64 * KIB)

#define TEXT_OF(number) #number
#define WORD_OF(number) TEXT_OF(number)

int file_open(const char *path, bool wait)
{
	/* Without waiting, or the opening of a FIFO could last for ever. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), ret;

	if (fd < 0)
		return -errno;
	if (!wait || fcntl(fd, F_SETFL, 0) == 0)
		return fd;
	ret = -errno;
	(void)close(fd);
	return ret;
}

/* Wait until fd has something to read, or its end; whoever types at a terminal may take time. 0 or -errno. */
static int await(int fd)
{
	struct pollfd one = { .fd = fd, .events = POLLIN };
	int flags = fcntl(fd, F_GETFL), ready;

	if (flags < 0 || (flags & O_NONBLOCK) != 0)
		return flags < 0 ? -errno : 0;
	ready = poll(&one, 1, isatty(fd) == 1 ? -1 : FILE_WAIT_S * 1000);
	return ready > 0 ? 0 : ready == 0 ? -ETIMEDOUT : -errno;
}

const char *file_why(int err)
{
	return err == -ETIMEDOUT ? ": nobody wrote into it for " WORD_OF(FILE_WAIT_S) " s" : "";
}

ssize_t file_fill(int fd, char *buf, size_t size)
{
	size_t done = 0;

	while (done < size) {
		int ret = await(fd);
		ssize_t n = ret == 0 ? read(fd, buf + done, size - done) : ret;

		if (ret != 0)
			return ret;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

/* Is fd of that kind, and not known to be too large? Its size into *bytes. */
static int check_kind(int fd, enum file_kind kind, size_t max_bytes, size_t *bytes)
{
	struct stat st;

	*bytes = 0;
	if (kind == FILE_ANY)
		return 0;
	if (fstat(fd, &st) != 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EOPNOTSUPP;
	*bytes = (size_t)st.st_size;
	return *bytes > max_bytes ? -EFBIG : 0;
}

int file_read(int fd, enum file_kind kind, size_t max_bytes, char **text, size_t *bytes)
{
	size_t capacity, used = 0;
	char *buf = NULL;
	int ret = check_kind(fd, kind, max_bytes, bytes);
	bool ended = kind == FILE_REGULAR && *bytes == 0;

	*text = NULL;
	if (ret != 0)
		return ret;
	/* One byte more than expected shows the end without another round. */
	for (capacity = kind == FILE_REGULAR ? *bytes + 1 : FIRST_BYTES;; capacity *= 2) {
		char *bigger = realloc(buf, capacity + 1);
		ssize_t n;

		ret = -ENOMEM;
		if (bigger == NULL)
			break;
		buf = bigger;
		n = ended ? 0 : file_fill(fd, buf + used, capacity - used);
		ret = n < 0 ? (int)n : 0;
		if (ret != 0)
			break;
		used += (size_t)n;
		*bytes = used;
		ret = used > max_bytes ? -EFBIG : 0;
		if (ret != 0 || used < capacity)
			break;
	}
	if (ret != 0) {
		free(buf);
		return ret;
	}
	buf[used] = '\0';
	*text = buf;
	return 0;
}

int file_write(int fd, const void *data, size_t bytes)
{
	const char *from = data;

	while (bytes != 0) {
		ssize_t done = write(fd, from, bytes);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		from += done;
		bytes -= (size_t)done;
	}
	return 0;
}
