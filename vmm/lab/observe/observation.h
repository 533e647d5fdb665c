/*
 * Somebody else's VMs, looked at from outside: the pages that the host gave each, and the leaves that KVM made of them.
 * It only reads. What cannot be seen stays unknown, and is said with the permission that it takes.
 */
#ifndef MINIVMM_LAB_OBSERVE_OBSERVATION_H
#define MINIVMM_LAB_OBSERVE_OBSERVATION_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "vmm/core/kvm/stats.h"
#include "vmm/core/memory/backing.h"
#include "vmm/host/facts.h"
#include "vmm/lab/check/requirement.h"
#include "vmm/util/error.h"

#define OBSERVE_SCHEMA "minivmm.observe/1"

/* What to look at: one process, those whose name matches, or all that have a VM. */
struct observe_spec {
	uint32_t pid;        /* 0: not one alone */
	const char *pattern; /* fnmatch(3) of a part of the name; NULL: any */
	bool all;
	const char *qmp;       /* QEMU's monitor of `pid`; NULL: none */
	uint64_t expect_bytes; /* the leaf that VMs have to have; 0: any */
	uint32_t watch_s;      /* from one reading to the next; 0: one reading */
};

/* A VMM, by how its processes look (kinds.def). */
struct vmm_kind {
	const char *name;
	const char *program;       /* fnmatch(3) of the base name of argv[0] */
	const char *word;          /* part of one of its arguments; NULL: not needed */
	const char *name_option;   /* whose value is the VM's name; NULL: none */
	const char *memory_option; /* QEMU's, whose options are lists of parameters; NULL: not known */
	const char *vcpu_thread;   /* fnmatch(3) of what its vCPU threads are called; NULL: nothing */
	const char *otherwise;     /* how leaves are told without debugfs; NULL: not at all */
};

/* What counted the leaves. */
enum proof { PROOF_NONE, PROOF_DEBUGFS, PROOF_STATS_FILE, PROOF_QMP };
extern const struct names proof_names;

/* What guest RAM is to the host. */
enum ram_kind { RAM_UNKNOWN, RAM_ANON, RAM_SHMEM, RAM_HUGETLB, RAM_FILE, RAM_MIXED };
extern const struct names ram_kind_names;

/* What its leaves are, by LEAVES_MOST of the bytes that they map. */
enum leaves_verdict {
	LEAVES_UNSEEN,  /* nothing counts them here */
	LEAVES_IDLE,    /* there are none */
	LEAVES_COUNTED, /* not of two dimensions, where a page may count several times: no verdict */
	LEAVES_SMALL,   /* 4K */
	LEAVES_PART,    /* neither */
	LEAVES_HUGE,    /* 2M and larger */
};
extern const struct names leaves_verdict_names;

/* A few 4K leaves are in any VM: below 1M, and where memory slots cut a region of 2M. */
#define LEAVES_MOST 0.9

#define OBSERVE_MAX_CAUSES 6

struct cause {
	char id[24];
	char text[400]; /* a sentence, with what changes it */
};

struct observed_vm {
	uint32_t pid;
	const struct vmm_kind *kind;
	char name[48];    /* the VM's own, or the program's; printable */
	char program[32]; /* base name of argv[0]; printable */
	bool migrating;   /* a thread is called after migration */
	uint32_t vms;     /* that the process has open; 0: cannot be seen */
	uint32_t vcpus;   /* 0: cannot be seen */

	/*
	 * Guest RAM: writable mappings of at least an eighth of the largest one, and of 16M; the largest alone where they make
	 * what the command line says, since a display's memory is mapped in the same way.
	 */
	uint64_t said_bytes; /* 0: it does not say */
	enum ram_kind ram;
	uint64_t ram_bytes; /* 0: cannot be seen */
	struct observed_memory memory;
	uint64_t node_bytes[HOST_MAX_NODES];
	int64_t hva_offset_bytes;   /* where the largest mapping begins, modulo 2M; -1: cannot be seen */
	bool asks_thp, refuses_thp; /* MADV_HUGEPAGE, MADV_NOHUGEPAGE */
	uint64_t vcpu_nodes;        /* mask: where vCPU threads ran last; 0: not known */
	double smaps_ms; /* how long the reading of smaps held up the VMM's own mmap calls, at most */

	enum proof proof;
	int64_t leaves[VM_STAT_COUNT]; /* by enum vm_stat; -1: not known */
	int64_t nx_splits;             /* leaves split because the guest executes from them; -1: not known */
	char unseen[600];              /* what could not be seen, and what it takes */

	/* What follows from it (judge.c). NAN: not known. */
	double huge_share;    /* of mapped bytes: on leaves of 2M and larger */
	double backing_share; /* of resident bytes: on huge pages of the host */
	double local_share; /* of resident bytes: on nodes where a vCPU ran; with vCPUs on several nodes at most */
	enum leaves_verdict verdict;
	uint32_t cause_count;
	struct cause causes[OBSERVE_MAX_CAUSES];
};

struct observation {
	struct host_facts host;
	uint32_t count;
	struct observed_vm *vms; /* by pid */
	uint32_t
		hidden; /* processes that this user may not look at (hidepid=1 of proc(5)); a VM may be among them */
	uint32_t readings;
	double seconds; /* from the first to the last */
	uint32_t requirement_count;
	struct requirement *requirements;
};

/* What `observe --require` takes, of a struct observed_vm. */
extern const struct requirement_rules observe_rules;

/*
 * Look once at what `spec` asks for, below `root` ("" is this host; a recorded one has no statistics files and no QMP).
 * 0; -ESRCH with STATUS_CANNOT: there is no such process or no VM; -errno. *o is the caller's to free (observation_free),
 * also then.
 */
int observe_read(const char *root, const struct observe_spec *spec, struct observation *o, struct error *e);
void observation_free(struct observation *o);

/* Evaluate `list` of each VM. 0, or -errno with *e set: STATUS_USAGE. */
int observe_require(const char *list, struct observation *o, struct error *e);

/*
 * 0, or -errno with *e set: STATUS_MISMATCH, leaves of a VM are not those of expect_bytes; STATUS_CANNOT, they cannot be
 * seen, of one that was expected, or of all.
 */
int observe_judge(const struct observe_spec *spec, const struct observation *o, struct error *e);

/* 0 or -errno. `observe_line` is one reading of a VM in one line. */
int observe_text(const struct observation *o, FILE *out);
int observe_json(const struct observation *o, FILE *out);
int observe_tap(const struct observation *o, FILE *out);
void observe_line(const struct observed_vm *vm, double seconds, FILE *out);

/* The verdict of its leaves in words. */
const char *observe_verdict_words(const struct observed_vm *vm);

/* "365 of 4K, 99 of 2M, 0 of 1G" into buf[0..size). Returns buf. */
const char *observe_leaves(const struct observed_vm *vm, char *buf, size_t size);

#endif
