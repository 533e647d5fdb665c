#include "vmm/lab/spec.h"

#include "units.h"

void run_spec_init(struct run_spec *spec)
{
	*spec = (struct run_spec){
		.machine = { .memory_bytes = GIB,
			     .backing = BACKING_ANON,
			     .vcpus = 1,
			     .guest_page_bytes = PAGE_4K,
			     .timeout_s = 600 },
		.work = { .workload_count = 3,
			  .workloads = { WORKLOAD_touch, WORKLOAD_packed, WORKLOAD_chase },
			  .seed = 1 },
	};
}
