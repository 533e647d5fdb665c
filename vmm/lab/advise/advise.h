/*
 * Are huge pages worth it on this host, how many on which node, what do they cost: from a short sweep, VMs observed and the
 * pools. It runs what is there already, and changes nothing.
 */
#ifndef MINIVMM_LAB_ADVISE_ADVISE_H
#define MINIVMM_LAB_ADVISE_ADVISE_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "vmm/host/pool/lines.h"
#include "vmm/lab/observe/observation.h"
#include "vmm/util/error.h"

/* A gain is sure where its interval, of 95 %, lies on one side of this. */
#define ADVISE_LEAST_GAIN 1.05

#define ADVISE_SCHEMA "minivmm.advise/1"

enum advise_answer { ADVISE_NOT_SURE, ADVISE_NO, ADVISE_YES };
extern const struct names advise_answer_names;

struct advise_gain {
	char guest_page[16], backing[40]; /* words of the sweep's axes */
	double faster, from, to;
	enum advise_answer answer;
};

#define ADVISE_MAX_GAINS 8

struct advise_need {
	int node; /* -1: any */
	uint64_t bytes;
	struct pool_plan plan;
	bool has_pool; /* else `plan` says nothing */
};

/* What translation alone costs with 4K in both dimensions, more than with the largest pages that this host has: by twin. */
struct advise_translation {
	bool known;
	double cycles, from, to; /* core cycles an access; the interval is of all costs at once */
	char instead[160];       /* why it is not known */
};

struct advice {
	struct host_facts host;
	struct advise_translation translation;
	struct observation running; /* count 0: none was looked at */
	uint32_t gain_count;
	struct advise_gain gains[ADVISE_MAX_GAINS];
	enum advise_answer answer; /* to larger pages of the host under a guest that stays as it is */
	uint32_t need_count;
	struct advise_need needs[HOST_MAX_NODES];
	uint64_t memory_available_bytes; /* 0: not known */
	const struct pool_report *pools; /* borrowed; with needs */
};

/* The sweep that answers, as a command: 4K and 2M in both dimensions, by chase. A new reference, or NULL. */
json_t *advise_sweep(void);

/* The run of twin, likewise. */
json_t *advise_twin(void);

/* Pure: what translation costs in that run's record. */
void advise_translation(const json_t *record, struct advice *a);

/* Pure: the gains in that sweep's record, all over 4K in both dimensions, and the answer. 0, or -EINVAL: it is no such record. */
int advise_gains(const json_t *record, struct advice *a);

/* Pure but for the pools below root: pages for what is running on other ones, by node, or where nothing is, for `bytes`. */
void advise_needs(const char *root, uint64_t bytes, struct advice *a);

/* Is it one for which huge pages of the host are to be had? Not known where its memory is not seen, or it has none yet. */
enum known advise_wants_pages(const struct observed_vm *vm);

/* The lines that provide what is missing of it, and the one that tells more, appended to *lines. */
void advise_lines(const struct advice *a, const struct advise_need *need, struct pool_lines *lines);

/* 0 or -errno. */
int advise_text(const struct advice *a, FILE *out);
int advise_json(const struct advice *a, FILE *out);

#endif
