/*
 * The driver runs a plan of steps on one vCPU (or native thread). It knows workloads and order; what a phase
 * boundary means is the platform's: a doorbell in the guest, a getrusage in the native runner.
 */
#ifndef MINIVMM_DRIVER_H
#define MINIVMM_DRIVER_H

#include <stdint.h>

#include "abi.h"
#include "workload.h"

struct plan_step {
	enum workload_id workload;
	uint64_t working_set_bytes; /* of each vCPU */
	uint64_t stride_bytes;      /* 0: the workload has none */
	uint32_t chains;            /* 1 to CHAINS_MAX; 0: the workload has none */
	uint32_t histogram; /* 1: the part of single loads runs as well, of a workload with WALKS_CYCLE */
	uint64_t accesses;  /* 0: the workload's own choice */
	uint32_t repeat;
};

/* Sense-reversing barrier shared by all participants; zeroed memory is a valid initial state. */
struct gate {
	uint32_t arrived;
	uint32_t generation;
};

struct driver_env {
	const struct plan_step *steps;
	uint32_t step_count;
	unsigned char *arena; /* the whole arena; the driver cuts it into equal slices */
	uint64_t arena_bytes;
	uint64_t leaf_bytes;
	uint64_t alias_bytes; /* see struct workload_ctx */
	uint64_t seed;
	uint32_t vcpu, vcpus;
	struct gate *gate;               /* one for all vCPUs */
	struct guest_result *result;     /* filled by the driver, complete when end() is called */
	const struct platform *platform; /* for the workloads */
	/* platform of the driver itself; self is handed back unchanged */
	void *self;
	void (*begin)(void *self); /* result's step, variant, workload, working set are valid */
	void (*end)(void *self);   /* result is complete */
	int (*stopped)(
		void *self); /* non-zero: give up before the next sample; never called in a timed part */
};

/*
 * Bytes of the arena that each of `vcpus` gets: a multiple of max(leaf_bytes, 4 KiB) where that leaves
 * anything, so that no two vCPUs share a leaf. Pure; the VMM plans with the same function. In an aliased arena
 * leaf_bytes is the larger of leaf and alias (no power of two then), so that all slices begin at the same place of the
 * memory they share.
 */
uint64_t driver_slice_bytes(uint64_t arena_bytes, uint64_t leaf_bytes, uint32_t vcpus);

/* Whether any step has a part whose timed loop runs in ring 0. */
int driver_uses_ring0(const struct plan_step *steps, uint32_t step_count);

/*
 * Wait until all `vcpus` arrived, spinning with PAUSE. Returns 0, or -1 when env->stopped said so while waiting.
 */
int gate_wait(const struct driver_env *env);

/*
 * Run every step in order, all vCPUs behind one gate before each part. Returns 0 when all steps ran,
 * 1 when stopped, -1 with *failure set (a string constant) when a workload refused or failed its check.
 */
int driver_run(const struct driver_env *env, const char **failure);

/* The part of a workload that a result names; NULL where there is none. Any numbers may be given. */
const struct workload_part *driver_part(uint32_t workload, uint32_t variant);

#endif
