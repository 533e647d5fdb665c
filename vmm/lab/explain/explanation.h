/*
 * One guest-virtual address, explained: what was read, where it lies, what follows from that. Text, JSON and
 * the picture are made from this alone. It holds plain values: no pointer leads into the guest, which has
 * ended when they are written.
 */
#ifndef MINIVMM_LAB_EXPLAIN_EXPLANATION_H
#define MINIVMM_LAB_EXPLAIN_EXPLANATION_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "vmm/core/plan/memmap.h"
#include "vmm/theory/walk/page_walk.h"
#include "vmm/theory/walk/walk_list.h"
#include "vmm/util/names.h"

struct error;
struct explain_spec;
struct record;

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
	uint64_t page_bytes;  /* of the host's page (smaps, pagemap); 0: not present, or not known */
	bool frame_known;     /* pagemap tells frames only with CAP_SYS_ADMIN */
	uint64_t frame;       /* host-physical address of the byte at hva */
	/*
	 * Derived, not read: user space cannot see EPT or NPT. The leaf of the second dimension there, and
	 * how many entries its walk of gpa reads. 0: there is no second dimension, or it is not known.
	 */
	uint64_t host_leaf_bytes;
	uint32_t host_entries;
};

/* A walk at one moment. places[i] is where steps[i]'s entry lies; data is where the address itself lies. */
struct explain_walk {
	bool taken;
	struct page_walk walk;
	struct explain_place places[PAGE_WALK_MAX_LEVELS];
	struct explain_place data; /* only with PAGE_FAULT_NONE */
};

/* hva - gpa modulo the host's page: 0 where a leaf of the second dimension can be as large as that page, or it is not known. */
static inline uint64_t explain_place_shift(const struct explain_place *place)
{
	return place->page_bytes != 0 ? (place->hva - place->gpa) % place->page_bytes : 0;
}

/* KVM's own translation, asked last: its walker sets accessed bits itself. */
struct explain_translate {
	bool asked;   /* false: not canonical, so there is nothing to ask; or the ioctl failed, see err */
	int err;      /* errno of KVM_TRANSLATE; 0 */
	bool valid;   /* KVM found a translation */
	uint64_t gpa; /* with valid */
	bool agrees;  /* with our walk */
};

/* One memory reference of a TLB miss, and what this walk found there. */
struct explain_reference {
	struct walk_reference walk; /* its place in the grid of both dimensions */
	uint32_t number;            /* from 1, in the order in which a CPU makes them */
	uint64_t address;           /* translated: a GPA in the host's tables, the GVA in the others */
	uint32_t index;             /* of the entry in its table */
};

struct explain_references {
	/*
	 * Set where the walk reaches the data and all numbers are known. Otherwise the list ends before the first place
	 * whose leaf in the second dimension is not known, or with the entry that faults.
	 */
	bool complete;
	uint32_t count;
	struct explain_reference list[WALK_MAX_REFERENCES];
};

struct explanation {
	uint64_t gva;
	bool touched;   /* in the arena: read and written between the moments, in a window read */
	bool in_window; /* of twin (include/twin.h): mapped through a view, whose gpa and hva may differ */
	uint32_t window;
	uint64_t cr3, cr0, cr4, efer;
	struct page_walk_mode mode;
	uint64_t guest_page_bytes, backing_page_bytes; /* as asked */
	char backing[24];                              /* "anon", "thp", "hugetlb", "memfd" or "file" */
	uint64_t memory_bytes;
	enum second_dimension second_dimension;
	uint32_t host_levels; /* of its tables; 0: there is none, or not known */
	char kvm_module[32];
	bool hypervisor; /* this host is itself a guest, with one more dimension below */
	struct explain_walk walks[EXPLAIN_MOMENTS];
	struct explain_translate translate;
	/* KVM's count of installed leaves of the whole VM at the last moment; -1: not known. */
	int64_t leaves_4k, leaves_2m, leaves_1g;
	bool frames_refused; /* pagemap hid all frames: no permission */
	/*
	 * Derived. What the CPU really does for a TLB miss here: nested, shadow (one-dimensional, leaf = the
	 * smaller page) or native where there is no second dimension. shadow_leaf_bytes: of the shadow table;
	 * 0 for the others or where not known.
	 */
	enum walk_kind kind;
	uint64_t shadow_leaf_bytes;
	struct explain_references references; /* of one miss at the last moment, without caches */
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

/*
 * Run the guest and fill in *x. In rec spec, config (by explain_plan) and host are filled in after
 * record_init; the rest is filled as by measure_guest. 0, or -errno with *e set as by measure_guest.
 */
int explain_capture(const struct explain_spec *spec, struct record *rec, struct explanation *x,
		    struct error *e);

/*
 * Fill in what is marked as derived from all the rest. `map` says where slots end: no leaf reaches beyond
 * one. nx_huge_pages as in host_facts: KVM splits pages that hold code where it begins with Y.
 */
void explain_derive(const struct memmap *map, const char *nx_huge_pages, struct explanation *x);

/* Fill in x->references alone, from walks, kind and leaves. */
void explain_list_references(struct explanation *x);

/* The reference at that place of the grid (rows as in walk_reference), or NULL. */
const struct explain_reference *explain_reference_at(const struct explanation *x,
						     enum walk_dimension dimension, uint32_t row,
						     uint32_t level);

/* Numbers of the first and last host entry of that row; false: the list has none. */
bool explain_host_numbers(const struct explanation *x, uint32_t row, uint32_t *first, uint32_t *last);

/* Add a sentence to x->notes. It is dropped where it is there already, and where there is no room. */
void explain_note(struct explanation *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Add a sentence for each thing that disagrees or could not be seen. All else of *x is complete. */
void explain_add_notes(const char *nx_huge_pages, struct explanation *x);

/*
 * Write xs[0], or with count 2 before and after, with what disappeared. Text is at most 100 columns wide, the
 * picture a whole SVG document that needs nothing from outside. 0 or -errno.
 */
int explain_text(const struct explanation *const xs[], uint32_t count, FILE *out);
int explain_json(const struct explanation *const xs[], uint32_t count, FILE *out);
int explain_svg(const struct explanation *const xs[], uint32_t count, FILE *out);

#endif
