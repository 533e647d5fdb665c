/*
 * The smallest program around the minimal VMM: boot the ELF named, print its serial port and its exit byte. It links core/,
 * host/, output/ and util/ alone, so it does not link once core needs the laboratory.
 */
#include <stdio.h>

#include "units.h"
#include "vmm/core/machine/machine.h"

/* What is asked: 64 MiB of ordinary memory, one vCPU, ten seconds. */
static struct machine_spec ask(const char *elf)
{
	return (struct machine_spec){
		.memory_bytes = 64 * MIB,
		.backing = BACKING_ANON,
		.vcpus = 1,
		.guest_page_bytes = PAGE_4K,
		.guest_path = elf,
		.timeout_s = 10,
	};
}

static int boot(const char *elf, struct machine_report *report, struct error *e)
{
	static struct host_facts host;
	static struct config config;
	const struct machine_observer nobody = { .self = NULL };
	struct machine_spec asked = ask(elf);
	int ret = config_make(&asked, PAGE_4K, &config, e);

	facts_read("", &host);
	return ret == 0 ? machine_run(&asked, &config, &host, &nobody, report, e) : ret;
}

int main(int argc, char **argv)
{
	static struct machine_report report;
	struct error e = { .status = STATUS_OK };
	int ret;

	if (argc != 2) {
		(void)fprintf(stderr, "usage: core-test GUEST.elf\n");
		return STATUS_USAGE;
	}
	ret = boot(argv[1], &report, &e);
	(void)printf("%s", report.console.text);
	if (report.exit_code >= 0)
		(void)printf("exit byte 0x%x\n", (unsigned int)report.exit_code);
	if (ret != 0)
		(void)fprintf(stderr, "core-test: %s: %s\n", e.where, e.what);
	return ret == 0 ? 0 : (int)e.status;
}
