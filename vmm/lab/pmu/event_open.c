#include "vmm/lab/pmu/counters.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vmm/host/sysfile.h"

#define PARANOID "proc/sys/kernel/perf_event_paranoid"

int event_open(const struct pmu_code *code, enum pmu_share share, int leader_fd)
{
	struct perf_event_attr attr;
	long fd;

	memset(&attr, 0, sizeof(attr));
	attr.size = sizeof(attr);
	attr.type = code->type;
	attr.config = code->config;
	attr.config1 = code->config1;
	attr.config2 = code->config2;
	/* A member runs whenever its leader does. */
	attr.disabled = leader_fd < 0;
	attr.exclude_user = code->exclude_user;
	attr.exclude_kernel = code->exclude_kernel;
	attr.exclude_hv = code->exclude_hv;
	attr.exclude_host = share == PMU_GUEST;
	attr.exclude_guest = share == PMU_HOST;
	attr.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
	fd = syscall(SYS_perf_event_open, &attr, 0, -1, leader_fd, PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : (int)fd;
}

int event_read(int fd, struct event_reading *reading)
{
	uint64_t raw[3];
	ssize_t bytes = read(fd, raw, sizeof(raw));

	if (bytes != (ssize_t)sizeof(raw))
		return bytes < 0 ? -errno : -EIO;
	*reading = (struct event_reading){ .count = raw[0], .enabled_ns = raw[1], .running_ns = raw[2] };
	return 0;
}

void event_start(int leader_fd)
{
	(void)ioctl(leader_fd, PERF_EVENT_IOC_ENABLE, 0);
}

void event_stop(int leader_fd)
{
	(void)ioctl(leader_fd, PERF_EVENT_IOC_DISABLE, 0);
}

bool event_can_split(const struct pmu_code *code)
{
	return code->type != PERF_TYPE_SOFTWARE && code->type != PERF_TYPE_TRACEPOINT &&
	       code->type != PERF_TYPE_BREAKPOINT;
}

const char *event_refusal(int err, char *buf, size_t size)
{
	char paranoid[16];

	switch (err) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
	case EOPNOTSUPP:
		(void)snprintf(buf, size, "this host shows no PMU that counts it (%s)", strerror(err));
		break;
	case EACCES:
	case EPERM:
		if (sysfile_value("", PARANOID, paranoid, sizeof(paranoid)) <= 0)
			(void)snprintf(paranoid, sizeof(paranoid), "unknown");
		(void)snprintf(
			buf, size,
			"not permitted: perf_event_paranoid is %s; `sysctl kernel.perf_event_paranoid=1`, "
			"CAP_PERFMON, or the name with :u for user mode alone helps",
			paranoid);
		break;
	case EINVAL:
		(void)snprintf(buf, size, "the kernel's PMU refuses this event or a modifier of it (%s)",
			       strerror(err));
		break;
	case EMFILE:
		(void)snprintf(buf, size,
			       "no file descriptor left for its counter; ulimit -n 4096 allows more");
		break;
	default:
		(void)snprintf(buf, size, "the kernel cannot open it: %s", strerror(err));
		break;
	}
	return buf;
}
