/*
 * One guest-virtual address, explained: what was read, where it lies, what was derived. Everything that text, JSON and
 * the picture are made from. Plain values: nothing here points into the guest, which is gone by then.
 */
#ifndef MINIVMM_LAB_EXPLAIN_EXPLANATION_H
#define MINIVMM_LAB_EXPLAIN_EXPLANATION_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/theory/walk/page_walk.h"
#include "vmm/util/names.h"
#include "vmm/theory/walk/walk_list.h"

#define EXPLAIN_SCHEMA "minivmm.explain/1"

/* When the address was walked. Outside the arena no access is made for it, and there is one moment. */
enum explain_moment {
	EXPLAIN_BEFORE,      /* the guest's tables are built, the address is untouched */
	EXPLAIN_AFTER_READ,  /* ring 3 loaded one word there */
	EXPLAIN_AFTER_WRITE, /* and stored one */
	EXPLAIN_MOMENTS
};

/* Where a guest-physical address lands on the host. */
struct explain_place {
	uint64_t gpa;
	bool in_slot;      /* a memory slot has it; else nothing below is known */
	uint32_t slot;     /* its number */
	uint64_t slot_gpa; /* where the slot begins */
	uint64_t hva;
	bool present;         /* the host has a page there now (pagemap bit 63) */
	bool presence_hidden; /* pagemap cannot be read: whether there is a page is not known */
	uint64_t
		page_bytes; /* of the host's page, as smaps and pagemap have it; 0: not known, or not present */
	bool frame_known;   /* pagemap tells frames only with CAP_SYS_ADMIN */
	uint64_t frame;     /* host-physical address of the byte at hva */
	/* Derived, not read: user space cannot see EPT or NPT. Entries that the second dimension's walk of gpa reads. */
	uint64_t
		host_leaf_bytes; /* leaf of the second dimension there; 0: there is no second dimension, or not known */
	uint32_t host_entries; /* 0 where there is no second dimension */
};

/* A walk at one moment. places[i] is where steps[i]'s entry lies; data is where the address itself lies. */
struct explain_walk {
	bool taken;
	struct page_walk walk;
	struct explain_place places[PAGE_WALK_MAX_LEVELS];
	struct explain_place data; /* only with PAGE_FAULT_NONE */
};

/* KVM's own translation, asked last: its walker sets accessed bits itself. */
struct explain_translate {
	bool asked;   /* false: not canonical, so there is nothing to ask; or the ioctl failed, see err */
	int err;      /* errno of KVM_TRANSLATE; 0 */
	bool valid;   /* KVM found a translation */
	uint64_t gpa; /* with valid */
	bool agrees;  /* with our walk */
};

struct explanation {
	uint64_t gva;
	bool touched; /* in the arena: read and written between the moments */
	uint64_t cr3, cr0, cr4, efer;
	struct page_walk_mode mode;
	uint64_t guest_page_bytes, backing_page_bytes; /* as asked */
	char backing[24];                              /* "anon", "thp", "hugetlb", "memfd" or "file" */
	uint64_t memory_bytes;
	enum second_dimension second_dimension;
	uint32_t host_levels; /* of its tables; 0: there is none, or not known */
	char kvm_module[32];
	bool hypervisor; /* this host is itself a guest: a dimension more below */
	struct explain_walk walks[EXPLAIN_MOMENTS];
	struct explain_translate translate;
	/* KVM's count of installed leaves of the whole VM at the last moment; -1: not known. */
	int64_t leaves_4k, leaves_2m, leaves_1g;
	/*
	 * What the CPU really does for a TLB miss here: nested, shadow (one-dimensional, leaf = the smaller page) or native where
	 * there is no second dimension. shadow_leaf_bytes: of the shadow table; 0 for the others or where not known.
	 */
	enum walk_kind kind;
	uint64_t shadow_leaf_bytes;
	uint32_t
		references; /* of one miss at the last moment, without caches; 0: the address has no translation, or not known */
	bool frames_refused; /* pagemap hid all frames: no permission */
	uint32_t note_count;
	char notes[8][200]; /* sentences: what disagrees, what could not be seen and why */
};

/* The last walk that was taken; never NULL. */
static inline const struct explain_walk *explanation_last(const struct explanation *x)
{
	for (int moment = EXPLAIN_MOMENTS - 1; moment > 0; moment--) {
		if (x->walks[moment].taken)
			return &x->walks[moment];
	}
	return &x->walks[0];
}

#endif
