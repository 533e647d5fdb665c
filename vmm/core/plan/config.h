/*
 * The machine that will be built, decided before anything is touched. Pure.
 */
#ifndef MINIVMM_CORE_PLAN_CONFIG_H
#define MINIVMM_CORE_PLAN_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "bootparams.h"
#include "driver.h"
#include "vmm/core/spec.h"
#include "vmm/util/workloads.h"
#include "vmm/core/plan/memmap.h"
#include "vmm/util/error.h"
#include "vmm/util/text.h"

struct config {
	/*
	 * Of the guest, rounded up to page_bytes; with an alias the arena alone, without what the guest itself takes.
	 * Host memory: memmap_host_bytes().
	 */
	uint64_t ram_bytes;
	uint64_t page_bytes; /* the backing's page, resolved */
	struct memmap map;
	bool guest_ad;    /* the arena's page-table entries start with A = D = 1 */
	bool apic;        /* an APIC inside KVM */
	bool kernel_port; /* PORT_KERNEL is served by KVM; known once /dev/kvm is open, false before */
	uint32_t vcpus;
	uint64_t guest_page_bytes;
	uint64_t seed;
	uint32_t step_count;
	struct plan_step steps[PLAN_MAX_STEPS];
	/* Some steps are rounds of one result: `result` of each step is its number among those asked for. Else it is the step's. */
	bool has_rounds;
	uint16_t result[PLAN_MAX_STEPS];
	char note[768]; /* what was rounded or clipped, for the user; may be empty */
};

/* The result that a step's samples belong to. */
static inline uint32_t config_result(const struct config *c, uint32_t step)
{
	return c->has_rounds ? c->result[step] : step;
}

/* Append to its note what was rounded, clipped or left out. */
#define note_add(config, ...) append_remark((config)->note, sizeof((config)->note), __VA_ARGS__)

/*
 * Decide all but seed and steps, which are the work's. `page_bytes` is the backing's resolved page size (backing_resolve).
 * 0, or -errno with the status set: RAM too small, too many vCPUs, ...
 */
int config_make(const struct machine_spec *asked, uint64_t page_bytes, struct config *c, struct error *e);

/*
 * The same for the native runner: no low structures, no hole; the arena is all of the memory, and its leaf is page_bytes.
 */
int config_make_native(const struct machine_spec *asked, uint64_t page_bytes, struct config *c,
		       struct error *e);

#endif
