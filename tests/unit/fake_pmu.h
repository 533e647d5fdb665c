/*
 * A PMU for tests of vmm/pmu, behind wrapped syscall, ioctl, read and close: counters that can be refused, that take
 * turns, that never run. An event counts its config times the nanoseconds that it ran.
 */
#ifndef MINIVMM_TESTS_FAKE_PMU_H
#define MINIVMM_TESTS_FAKE_PMU_H

#include <errno.h>
#include <linux/perf_event.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>

#define FAKE_FD 5000
#define FAKE_MAX 128

struct fake_event {
	struct perf_event_attr attr;
	int leader; /* own index where it leads */
	bool open, started;
	uint64_t count, enabled_ns, running_ns;
	long pid, cpu, flags;
};

static struct {
	int refuse_errno;       /* of every open; 0: none */
	uint64_t refuse_config; /* of this event alone, where not 0 */
	uint32_t group_limit;   /* more members than this are refused with EINVAL */
	uint32_t run_limit;     /* a group with more members is let in and never runs */
	uint32_t percent;       /* of the time that it is started, that a group runs */
	uint64_t phase_ns;      /* between a start and a stop */
	bool read_fails;
	uint32_t opened, starts;
	struct fake_event events[FAKE_MAX];
} fake;

static inline void fake_reset(void)
{
	memset(&fake, 0, sizeof(fake));
	fake.group_limit = fake.run_limit = FAKE_MAX;
	fake.percent = 100;
	fake.phase_ns = 1000;
}

static inline uint32_t fake_members(int leader)
{
	uint32_t members = 0;

	for (uint32_t i = 0; i < fake.opened; i++)
		members += fake.events[i].open && fake.events[i].leader == leader;
	return members;
}

static inline uint32_t fake_open_count(void)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < fake.opened; i++)
		count += fake.events[i].open;
	return count;
}

static inline void fake_pass(int leader, uint64_t ns)
{
	uint64_t running_ns = fake_members(leader) > fake.run_limit ? 0 : ns * fake.percent / 100;

	for (uint32_t i = 0; i < fake.opened; i++) {
		struct fake_event *e = &fake.events[i];

		/* A member that was opened stopped stays so. */
		if (!e->open || e->leader != leader || ((int)i != leader && e->attr.disabled))
			continue;
		e->enabled_ns += ns;
		e->running_ns += running_ns;
		e->count += e->attr.config * running_ns;
	}
}

static inline long fake_refuse(int err)
{
	errno = err;
	return -1;
}

static inline long fake_open(const struct perf_event_attr *attr, long pid, long cpu, long group, long flags)
{
	struct fake_event *e = &fake.events[fake.opened];
	int leader = group < 0 ? (int)fake.opened : (int)group - FAKE_FD;

	if (fake.refuse_errno != 0 && (fake.refuse_config == 0 || fake.refuse_config == attr->config))
		return fake_refuse(fake.refuse_errno);
	if (fake.opened == FAKE_MAX || (group >= 0 && fake_members(leader) == fake.group_limit))
		return fake_refuse(EINVAL);
	*e = (struct fake_event){
		.attr = *attr, .leader = leader, .open = true, .pid = pid, .cpu = cpu, .flags = flags
	};
	return FAKE_FD + (long)fake.opened++;
}

long __real_syscall(long number, long a, long b, long c, long d, long e, long f);
long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f);
int __wrap_ioctl(int fd, unsigned long request, long argument);
ssize_t __real_read(int fd, void *buf, size_t bytes);
ssize_t __wrap_read(int fd, void *buf, size_t bytes);
int __real_close(int fd);
int __wrap_close(int fd);

long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	if (number != SYS_perf_event_open)
		return __real_syscall(number, a, b, c, d, e, f);
	return fake_open((const struct perf_event_attr *)a, (int)b, (int)c, (int)d, e);
}

/* Anything but starting or stopping a leader alone is a mistake here. */
int __wrap_ioctl(int fd, unsigned long request, long argument)
{
	struct fake_event *e = &fake.events[fd >= FAKE_FD ? fd - FAKE_FD : 0];

	if (fd < FAKE_FD || !e->open || e->leader != fd - FAKE_FD || argument != 0)
		return (int)fake_refuse(EBADF);
	if (request == PERF_EVENT_IOC_ENABLE)
		fake.starts++;
	else if (e->started)
		fake_pass(e->leader, fake.phase_ns);
	e->started = request == PERF_EVENT_IOC_ENABLE;
	return 0;
}

ssize_t __wrap_read(int fd, void *buf, size_t bytes)
{
	const struct fake_event *e = &fake.events[fd >= FAKE_FD ? fd - FAKE_FD : 0];

	if (fd < FAKE_FD)
		return __real_read(fd, buf, bytes);
	if (fake.read_fails || !e->open || bytes < 3 * sizeof(uint64_t))
		return fake_refuse(EIO);
	memcpy(buf, (const uint64_t[]){ e->count, e->enabled_ns, e->running_ns }, 3 * sizeof(uint64_t));
	return 3 * sizeof(uint64_t);
}

int __wrap_close(int fd)
{
	if (fd < FAKE_FD)
		return __real_close(fd);
	if (!fake.events[fd - FAKE_FD].open)
		return (int)fake_refuse(EBADF);
	fake.events[fd - FAKE_FD].open = false;
	return 0;
}

#endif
