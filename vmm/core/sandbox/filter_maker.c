/*
 * A program of its own, which the Makefile runs: from the table of calls, by libseccomp, to the filters as the kernel takes
 * them. To make them when minivmm is built saves each run 0.15 ms.
 *
 * Writes struct filter_image, one filter for each combination of needs of a vCPU's thread, then one of the main thread, and
 * behind it the instructions.
 */
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <linux/perf_event.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "units.h"
#include "vmm/core/sandbox/sandbox.h"

#define ALWAYS 0U
#define VCPU SANDBOX_VCPU
#define MAIN SANDBOX_MAIN
#define BOTH (SANDBOX_VCPU | SANDBOX_MAIN)
/* What kernel functions take as an int: the upper half of a register does not count. */
#define ALL_BITS UINT32_MAX
#define ANY 0, 0, 0
#define THIS_PROCESS FILTER_THIS_PROCESS

static const struct call {
	int number;
	uint32_t threads, needs;
	uint32_t argument, mask, value;
} calls[] = {
#define CALL(name, threads, needs, ...) { SYS_##name, threads, needs, __VA_ARGS__ },
#define REQUEST(request, threads, needs) { SYS_ioctl, threads, needs, 1, ALL_BITS, (uint32_t)(request) },
#include "vmm/core/sandbox/calls.def"
#undef CALL
#undef REQUEST
};

/* As a binary tree: half of the kernel's work when a filter is installed, and as good for KVM_RUN as a list that it leads. */
static int add_calls(scmp_filter_ctx filter, uint32_t thread, uint32_t needs)
{
	int ret = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);

	for (size_t i = 0; i < COUNT_OF(calls) && ret == 0; i++) {
		const struct call *c = &calls[i];
		const struct scmp_arg_cmp cmp = { c->argument, SCMP_CMP_MASKED_EQ, c->mask, c->value };

		if ((c->threads & thread) != 0 && (c->needs & ~needs) == 0)
			ret = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, c->number, c->mask != 0 ? 1 : 0,
						     &cmp);
	}
	return ret;
}

/* Append the filter's instructions to `out`, and tell where they are. 0 or -errno. */
static int add_filter(uint32_t thread, uint32_t needs, FILE *out, struct filter_span *span)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_TRAP);
	long start = ftell(out), end;
	int ret = filter != NULL ? add_calls(filter, thread, needs) : -ENOMEM;

	if (ret == 0)
		ret = seccomp_export_bpf(filter, fileno(out));
	seccomp_release(filter);
	if (ret != 0)
		return ret;
	end = fseek(out, 0, SEEK_END) == 0 ? ftell(out) : -1;
	if (start < 0 || end < start)
		return -EIO;
	*span = (struct filter_span){ (uint32_t)start,
				      (uint32_t)((size_t)(end - start) / sizeof(struct sock_filter)) };
	return 0;
}

int main(int argc, char **argv)
{
	struct filter_image image = { 0 };
	FILE *out = argc == 2 ? fopen(argv[1], "w") : NULL;
	int ret = out != NULL && fwrite(&image, sizeof(image), 1, out) == 1 && fflush(out) == 0 ? 0 : -EIO;

	for (uint32_t needs = 0; needs <= SANDBOX_ALL_NEEDS && ret == 0; needs++)
		ret = add_filter(SANDBOX_VCPU, needs, out, &image.vcpu[needs]);
	if (ret == 0)
		ret = add_filter(SANDBOX_MAIN, 0, out, &image.main);
	if (ret == 0 &&
	    (fseek(out, 0, SEEK_SET) != 0 || fwrite(&image, sizeof(image), 1, out) != 1 || fclose(out) != 0))
		ret = -EIO;
	return ret == 0 ? 0 : 1;
}
