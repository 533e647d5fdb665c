/*
 * What a workload gets and gives. Each workload is one freestanding object file (guest/workloads/) that is
 * linked, unchanged, into the guest and into the native runner: only so are the two figures comparable.
 */
#ifndef MINIVMM_WORKLOAD_H
#define MINIVMM_WORKLOAD_H

#include <stdint.h>

#include "load_histogram.h"

enum workload_unit {
	UNIT_CYCLES_PER_ACCESS, /* core cycles */
	UNIT_BYTES_PER_SECOND,
	UNIT_UPDATES_PER_SECOND,
	UNIT_TSC_CYCLES_PER_ACCESS, /* of a row whose core clock is not known; no workload's own */
	UNIT_COUNT
};

enum default_set {
	SET_ARENA,  /* all of the vCPU's slice of the arena, once */
	SET_SERIES, /* 64, 128, 1024, 4096, 65536 pages, as far as they fit the slice */
	SET_LARGE,  /* 256 MiB, or the slice where that is smaller */
	SET_HOT,    /* 16, 64, 256, 1024 pages, as far as they fit the slice */
	SET_NONE, /* one step without a working set, whatever the user names: it touches no memory to speak of */
	SET_LEVELS, /* SET_SERIES, each at strides of a line, 4K, 2M, 1G and 512G: one for each level of the walk */
	SET_PROBE, /* pages from 4 to 4096 at strides of a line and of 1 to 256 leaves: the sets and ways of a TLB */
	SET_TWIN, /* 1024, 4096, 32768, 131072 pages, as far as they fit the slice */
	SET_COUNT
};

/* What a workload needs beyond memory and a clock, does and allows: bits of struct workload_info.needs. */
#define NEEDS_GUEST 1U      /* page tables, ports or ring 0 of its own: not natively */
#define NEEDS_APIC 2U       /* an APIC inside KVM */
#define NEEDS_PEERS 4U      /* two vCPUs or more */
#define NEEDS_TWO_LEAVES 8U /* a working set of two guest pages or more */
#define LEAVES_BY_PORT 32U  /* writes PORT_KERNEL, itself or by platform.leave: KVM has to serve it */
#define WORKS_ALIASED 16U   /* right where several guest-physical pages are one page of the host */
#define IS_SIMULATED 64U    /* its loads are known beforehand: theory/simulate makes the same ones */
#define COSTS_BY_PAGES 128U /* what it costs goes with the number of its pages: curves are drawn over pages */
#define PROVES_LEAVES 256U  /* is about touching all of its set: KVM's leaves are held against that */
#define FILLS_SET 8192U     /* touches each page of its set: what it certainly takes of the host's memory */
#define NEEDS_VIEWS 512U    /* the arena once more through slots of other leaves */
#define NEEDS_ONE_VCPU 4096U /* what it is about is the VM's, not a vCPU's */
#define WALKS_CYCLE \
	1024U /* one cycle of loads: 1 to CHAINS_MAX cursors on it at once, or each load timed by itself */
/* Many short samples, in turns with other such workloads over the same set: A B A B. */
#define TAKES_TURNS 2048U

/* As many cursors as the general registers hold beside a counter and the stack pointer. */
#define CHAINS_MAX 12

enum workload_id {
#define WORKLOAD(id, ...) WORKLOAD_##id,
#include "workloads.def"
#undef WORKLOAD
	WORKLOAD_COUNT
};

/* Parts of a workload that are measured and reported apart. */
enum workload_variant {
#define VARIANT(id, ...) VARIANT_##id,
#include "variants.def"
#undef VARIANT
	VARIANT_COUNT
};

/* Why a part gives no figure on this machine. A value of the record, not an error. */
enum unavailable {
	AVAILABLE,
	UNAVAILABLE_X2APIC,      /* the CPU offers no x2APIC */
	UNAVAILABLE_KERNEL_PORT, /* this KVM serves no port itself */
	UNAVAILABLE_1G_PAGES,    /* the CPU offers the guest no pages of 1G */
	UNAVAILABLE_VIEW,  /* the backing has no pages that large, so the second dimension no such leaf */
	UNAVAILABLE_RING0, /* ring 0 is interpreted: cycles would mislead. Set by the VMM alone. */
	UNAVAILABLE_COUNT
};

/*
 * The arena once more, through a memory slot of its own in which KVM can install no larger leaf than that: the same
 * memory, and other translations. Never part of the RAM that the guest is told of.
 */
struct memory_view {
	uint64_t leaf_bytes; /* 4K, 2M or 1G */
	uint64_t gpa;        /* at which arena[0] is seen */
};

#define VIEWS_MAX 3

/* What the host does to the memory of a working set at the begin of a part (lab/measure/act.c). */
enum host_act {
	ACT_NONE,
	ACT_BALLOON_LEAF, /* every page of the backing given back */
	ACT_BALLOON_4K,   /* the first 4 KiB of every 2 MiB given back, as a balloon does */
	ACT_SPLIT,        /* the host's mappings of 2M split to 4K, nothing given back */
	ACT_COLLAPSE,     /* pages of 4K collected into pages of 2M */
	ACT_PAGE_OUT,     /* written to swap */
	ACT_MERGE,        /* equal pages merged by KSM */
	ACT_COUNT
};

/*
 * What a workload may ask of where it runs. In a guest ring 0 and page tables; natively neither. What is timed lies
 * between such calls, or inside of one; around one only where the way there and back is lost in it.
 */
struct platform {
	/*
	 * Call body(argument) in ring 0 of this vCPU, interrupts off, on a stack of 1 KiB; NULL natively. body is
	 * ordinary code of the workload that makes the privileged acts: a loop of them, so that the way there and
	 * back is lost in it.
	 */
	void (*privileged)(void (*body)(void *), void *argument);
	/* Leave and come straight back: an exit that KVM serves, where it can, itself; natively a system call. */
	void (*leave)(void);
	/* The PML4 in use, at GVA = GPA as all page tables of the guest but those a workload makes; NULL natively. */
	uint64_t *pml4;
	uint64_t arena_gpa;   /* of arena[0]; the arena is contiguous there */
	uint32_t kernel_port; /* 1: PORT_KERNEL is served inside KVM */
	uint32_t view_count;
	struct memory_view views[VIEWS_MAX]; /* from larger leaves to smaller ones */
};

/*
 * Everything one step on one vCPU works with. The driver fills the inputs; the workload owns the state and
 * may keep anything it wants in the slice.
 */
struct workload_ctx {
	/* inputs */
	unsigned char *slice; /* this vCPU's part of the arena, aligned to leaf_bytes */
	unsigned char *arena; /* of all vCPUs; equal on all of them */
	uint64_t slice_bytes;
	uint64_t leaf_bytes; /* of the mapping under the slice: guest page, or the backing's page natively */
	uint64_t working_set_bytes; /* <= slice_bytes, a multiple of 4 KiB */
	uint64_t stride_bytes;      /* of a kind of set that has strides; else 0 */
	uint32_t chains;            /* cursors at once, of a workload with WALKS_CYCLE; 0 and 1: one */
	uint64_t
		alias_bytes; /* the arena repeats the same memory every so many bytes; 0: all of it is distinct */
	const struct platform *platform;
	uint64_t accesses; /* asked; 0: the workload chooses and writes its choice here in prepare() */
	uint64_t seed;
	struct guest_histogram *histogram; /* for a part with single_loads; NULL: not asked */
	uint32_t vcpu, vcpus;
	uint32_t
		repeat; /* samples asked; prepare() of a workload that takes several for each writes how many */
	enum workload_variant variant; /* of the part at hand */
	/* outputs */
	uint64_t pages;            /* the n that is reported */
	uint64_t pass_accesses;    /* accesses that visit the whole working set once */
	uint64_t untimed_accesses; /* that each sample makes beside the timed ones */
	uint64_t checksum;         /* depends on seed, working set and accesses alone */
	/*
	 * Of a workload about first touches: 4 KiB pages of the set that prepare() touched; those and what a part touched,
	 * from the set's start on (0: all of it).
	 */
	uint64_t untimed_pages, touched_pages;
	uint64_t zero_pages; /* of the last sample, of a part with host_act: pages that it found zeroed */
	const char *failure; /* why prepare() or verify() refused; a string constant */
	enum unavailable
		unavailable; /* set by prepare(): no part, by setup(): not this part, has a figure here */
	/* state between prepare() and the last sample() */
	uint64_t lines;
	uint64_t cursor;
	uint64_t chain_cursors[CHAINS_MAX]; /* in place of cursor where there are several */
	uint64_t rng;
	uint64_t own[8]; /* the workload's, zero at first */
};

#define WORKLOAD_MAX_PARTS 10

struct workload_part {
	enum workload_variant variant;
	uint32_t max_samples;      /* 1 where only the first time counts (touch); 0: as many as asked */
	uint32_t samples_a_repeat; /* at most, for each one asked; 0: 1 */
	uint32_t may_exit; /* 1: faults are what it measures, so exits in the timed part do not disturb it */
	uint32_t
		ring0; /* 1: the timed loop runs in ring 0, so its cycles are KVM's where that is interpreted */
	uint32_t
		dirty_log; /* 1: the VMM has KVM log dirty pages from begin to end and counts those of the arena */
	enum host_act host_act; /* what the VMM does at the begin, when setup() is through */
	/*
	 * 1: counts each load's latency in ctx->histogram, and a sample is the sum of them; runs only where the plan asks
	 * for it.
	 */
	uint32_t single_loads;
	/* Untimed passes inside the phase before the first timed sample: so many times ctx->pass_accesses. */
	uint32_t warm_passes;
	/* Untimed, before the phase begins, so that its exits are not the part's; NULL: none. 0 or -1 with failure. */
	int (*setup)(struct workload_ctx *ctx);
	/* One timed sample: returns TSC cycles of ctx->accesses operations. No port, no exit, no call out. */
	uint64_t (*sample)(struct workload_ctx *ctx);
};

struct workload_ops {
	/* Build the pattern (untimed), verify it (untimed). 0, or -1 with ctx->failure set. */
	int (*prepare)(struct workload_ctx *ctx);
	int (*verify)(struct workload_ctx *ctx);
	/* After each part, untimed and outside the phase: did the timed operations do what they claim? Likewise. */
	int (*check)(struct workload_ctx *ctx);
	/* Put back what prepare() changed beyond the slice (address space, APIC); also after a failure. May be NULL. */
	void (*finish)(struct workload_ctx *ctx);
	uint32_t parts; /* 1 to WORKLOAD_MAX_PARTS */
	struct workload_part part[WORKLOAD_MAX_PARTS];
};

#define WORKLOAD(id, ...) extern const struct workload_ops workload_##id;
#include "workloads.def"
#undef WORKLOAD

/* The descriptive half of the table, by enum workload_id; no code behind it, so the VMM may link it alone. */
struct workload_info {
	const char *name;
	enum workload_unit unit;
	enum default_set default_set;
	uint32_t needs;        /* NEEDS_* and the other bits above */
	const char *operation; /* "an access" */
	const char *isolates;
	const char *expect;
};

#endif
