/* The filters, as they were made when minivmm was built, and this process's number in them. */
#include <asm/termbits.h>
#include <errno.h>
#include <linux/kvm.h>
#include <linux/perf_event.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "units.h"
#include "vmm/core/sandbox/sandbox.h"

extern const struct filter_image filter_image;

const char *filter_request_name(uint32_t request)
{
	static const struct {
		uint32_t request;
		const char *name;
	} requests[] = {
#define CALL(...)
#define REQUEST(request, threads, needs) { (uint32_t)(request), #request },
#include "vmm/core/sandbox/calls.def"
#undef CALL
#undef REQUEST
	};

	for (size_t i = 0; i < COUNT_OF(requests); i++) {
		if (requests[i].request == request)
			return requests[i].name;
	}
	return NULL;
}

int filter_take(uint32_t thread, uint32_t needs, struct sandbox_filter *f, struct error *e)
{
	const struct filter_span *span =
		thread == SANDBOX_MAIN ? &filter_image.main : &filter_image.vcpu[needs & SANDBOX_ALL_NEEDS];
	size_t bytes = span->count * sizeof(struct sock_filter);

	f->instructions = malloc(bytes);
	if (f->instructions == NULL)
		return error_set(e, STATUS_FAILED, ENOMEM, "malloc", "no memory for a filter");
	f->count = (unsigned short)span->count;
	memcpy(f->instructions, (const char *)&filter_image + span->start_bytes, bytes);
	for (uint32_t i = 0; i < span->count; i++) {
		if (f->instructions[i].k == FILTER_THIS_PROCESS)
			f->instructions[i].k = (uint32_t)getpid();
	}
	return 0;
}
