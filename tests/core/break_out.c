/*
 * A VMM that was taken over: boot the ELF named on the minimal VMM, and once it has run, make the system call of that number from
 * the thread of its vCPU or from the main thread, where the sandbox still holds. Linked for tests alone.
 *
 *   break-out GUEST.elf vcpu|main NUMBER [ARGUMENT...]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "units.h"
#include "vmm/core/machine/machine.h"

#define USAGE "usage: break-out GUEST.elf vcpu|main NUMBER [ARGUMENT...]\n"

struct attempt {
	bool by_vcpu;
	long number, arguments[4];
};

static void make(const struct attempt *a)
{
	long ret = syscall(a->number, a->arguments[0], a->arguments[1], a->arguments[2], a->arguments[3]);

	(void)printf("it came back with %ld\n", ret);
}

static void vcpu_ends(void *self, const struct machine_view *view, uint32_t vcpu)
{
	const struct attempt *a = self;

	(void)view;
	(void)vcpu;
	if (a->by_vcpu)
		make(a);
}

static int ended(void *self, const struct machine_view *view, int ret, struct error *e)
{
	const struct attempt *a = self;

	(void)view;
	(void)e;
	if (!a->by_vcpu)
		make(a);
	return ret;
}

static int boot(const char *elf, const struct attempt *a, struct error *e)
{
	static struct machine_report report;
	static struct host_facts host;
	static struct config config;
	struct machine_observer observer = { .self = (void *)(uintptr_t)a,
					     .vcpu_ends = vcpu_ends,
					     .ended = ended };
	const struct machine_spec asked = {
		.memory_bytes = 64 * MIB,
		.backing = BACKING_ANON,
		.vcpus = 1,
		.guest_page_bytes = PAGE_4K,
		.guest_path = elf,
		.timeout_s = 10,
		.sandbox.wanted = CHOICE_ON,
	};
	int ret = config_make(&asked, PAGE_4K, &config, e);

	facts_read("", &host);
	return ret == 0 ? machine_run(&asked, &config, &host, &observer, &report, e) : ret;
}

int main(int argc, char **argv)
{
	struct error e = { .status = STATUS_OK };
	struct attempt a = { .by_vcpu = argc > 2 && strcmp(argv[2], "vcpu") == 0 };

	if (argc < 4 || argc > 8) {
		(void)fprintf(stderr, USAGE);
		return STATUS_USAGE;
	}
	a.number = strtol(argv[3], NULL, 0);
	for (int i = 4; i < argc; i++)
		a.arguments[i - 4] = strtol(argv[i], NULL, 0);
	if (boot(argv[1], &a, &e) == 0)
		return 0;
	(void)fprintf(stderr, "break-out: %s: %s\n", e.where, e.what);
	return (int)e.status;
}
