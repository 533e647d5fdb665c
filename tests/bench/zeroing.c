/*
 * The machine's own limit for preallocation: how fast the kernel fills a hugetlbfs file by the two calls that do
 * nothing else, each split evenly over N threads that start together.
 *
 *   zeroing fallocate|populate DIRECTORY BYTES THREADS      prints nanoseconds
 *
 * `populate` maps each share with MAP_POPULATE. The file is unlinked at once.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmm/util/clock.h"

#define MAX_THREADS 64

struct share {
	int fd;
	bool by_fallocate;
	off_t offset;
	size_t bytes;
	pthread_barrier_t *start;
	bool failed;
};

static void *fill(void *argument)
{
	struct share *s = argument;

	(void)pthread_barrier_wait(s->start);
	if (s->by_fallocate)
		s->failed = fallocate(s->fd, 0, s->offset, (off_t)s->bytes) != 0;
	else
		s->failed = mmap(NULL, s->bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, s->fd,
				 s->offset) == MAP_FAILED;
	return NULL;
}

static int open_unlinked(const char *directory)
{
	char path[512];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/zeroing-XXXXXX", directory);
	fd = mkstemp(path);
	if (fd >= 0)
		(void)unlink(path);
	return fd;
}

static uint64_t fill_all(int fd, bool by_fallocate, size_t bytes, unsigned int threads)
{
	struct share shares[MAX_THREADS];
	pthread_t ids[MAX_THREADS];
	pthread_barrier_t start;
	uint64_t from_ns;

	if (pthread_barrier_init(&start, NULL, threads + 1) != 0)
		exit(1);
	for (unsigned int i = 0; i < threads; i++) {
		shares[i] = (struct share){ .fd = fd,
					    .by_fallocate = by_fallocate,
					    .offset = (off_t)(bytes / threads * i),
					    .bytes = bytes / threads,
					    .start = &start };
		if (pthread_create(&ids[i], NULL, fill, &shares[i]) != 0)
			exit(1);
	}
	(void)pthread_barrier_wait(&start);
	from_ns = clock_ns();
	for (unsigned int i = 0; i < threads; i++) {
		(void)pthread_join(ids[i], NULL);
		if (shares[i].failed) {
			(void)fputs("zeroing: the pool is too small\n", stderr);
			exit(1);
		}
	}
	return clock_ns() - from_ns;
}

int main(int argc, char **argv)
{
	unsigned long bytes = argc == 5 ? strtoul(argv[3], NULL, 10) : 0;
	unsigned long threads = argc == 5 ? strtoul(argv[4], NULL, 10) : 0;
	int fd;

	if (bytes == 0 || threads == 0 || threads > MAX_THREADS) {
		(void)fputs("usage: zeroing fallocate|populate DIRECTORY BYTES THREADS\n", stderr);
		return 2;
	}
	fd = open_unlinked(argv[2]);
	if (fd < 0 || ftruncate(fd, (off_t)bytes) != 0) {
		perror(argv[2]);
		return 1;
	}
	(void)printf("%llu\n", (unsigned long long)fill_all(fd, strcmp(argv[1], "fallocate") == 0, bytes,
							    (unsigned int)threads));
	return 0;
}
