/*
 * What a workload gets and gives. Each workload is one freestanding object file (guest/workloads/) that is
 * linked, unchanged, into the guest and into the native runner: only so are the two figures comparable.
 */
#ifndef MINIVMM_WORKLOAD_H
#define MINIVMM_WORKLOAD_H

#include <stdint.h>

enum workload_unit {
	UNIT_CYCLES_PER_ACCESS,
	UNIT_BYTES_PER_SECOND,
	UNIT_UPDATES_PER_SECOND,
};

enum default_set {
	SET_ARENA,  /* all of the vCPU's slice of the arena, once */
	SET_SERIES, /* 64, 128, 1024, 4096, 65536 pages, as far as they fit the slice */
	SET_LARGE,  /* 256 MiB, or the slice where that is smaller */
};

enum workload_id {
#define WORKLOAD(id, name, unit, set, isolates) WORKLOAD_##id,
#include "workloads.def"
#undef WORKLOAD
	WORKLOAD_COUNT
};

/* Parts of a workload that are measured and reported apart. */
enum workload_variant {
	VARIANT_ONLY,   /* "" */
	VARIANT_FIRST,  /* "first": the first pass, where faults are the subject */
	VARIANT_SECOND, /* "second" */
	VARIANT_READ,   /* "read" */
	VARIANT_WRITE,  /* "write" */
	VARIANT_COUNT
};

/*
 * Everything one step on one vCPU works with. The driver fills the inputs; the workload owns the state and
 * may keep anything it wants in the slice.
 */
struct workload_ctx {
	/* inputs */
	unsigned char *slice; /* this vCPU's part of the arena, aligned to leaf_bytes */
	uint64_t slice_bytes;
	uint64_t leaf_bytes; /* of the mapping under the slice: guest page, or the backing's page natively */
	uint64_t working_set_bytes; /* <= slice_bytes, a multiple of 4 KiB */
	uint64_t accesses; /* asked; 0: the workload chooses and writes its choice here in prepare() */
	uint64_t seed;
	uint32_t vcpu, vcpus;
	uint32_t repeat; /* samples asked */
	/* outputs */
	uint64_t pages;         /* the n that is reported */
	uint64_t pass_accesses; /* accesses that visit the whole working set once */
	uint64_t checksum;      /* depends on seed, working set and accesses alone */
	const char *failure;    /* why prepare() or verify() refused; a string constant */
	/* state between prepare() and the last sample() */
	uint64_t lines;
	uint64_t cursor;
	uint64_t rng;
};

struct workload_part {
	enum workload_variant variant;
	uint32_t max_samples; /* 1 where only the first time counts (touch); 0: as many as asked */
	uint32_t may_exit; /* 1: faults are what it measures, so exits in the timed part do not disturb it */
	/* Untimed passes inside the phase before the first timed sample: so many times ctx->pass_accesses. */
	uint32_t warm_passes;
	/* One timed sample: returns TSC cycles of ctx->accesses operations. No port, no exit, no call out. */
	uint64_t (*sample)(struct workload_ctx *ctx);
};

struct workload_ops {
	/* Build the pattern (untimed), verify it (untimed). 0, or -1 with ctx->failure set. */
	int (*prepare)(struct workload_ctx *ctx);
	int (*verify)(struct workload_ctx *ctx);
	/* After each part, untimed and outside the phase: did the timed operations do what they claim? Likewise. */
	int (*check)(struct workload_ctx *ctx);
	uint32_t parts; /* 1 or 2 */
	struct workload_part part[2];
};

#define WORKLOAD(id, name, unit, set, isolates) extern const struct workload_ops workload_##id;
#include "workloads.def"
#undef WORKLOAD

/* The descriptive half of the table, by enum workload_id; no code behind it, so the VMM may link it alone. */
struct workload_info {
	const char *name;
	enum workload_unit unit;
	enum default_set default_set;
	const char *isolates;
};

#endif
