/*
 * How the value of each column is taken from record and row, for columns.c alone.
 */
#ifndef MINIVMM_LAB_RECORD_CELLS_H
#define MINIVMM_LAB_RECORD_CELLS_H

#include "vmm/lab/record/columns.h"

/* One getter; *out comes as CELL_NONE, which stays where the value is not known. */
#define CELL(id) void cell_##id(const struct record *rec, const struct result *r, struct cell *out)

/* The run, repeated in each CSV row so that files of several runs can simply be joined. */
CELL(kind);
CELL(backing);
CELL(memory);
CELL(alias);
CELL(accessed_dirty);
CELL(page);
CELL(second_dimension);
CELL(vcpus);
CELL(verdict);

/* What was run. */
CELL(step);
CELL(workload);
CELL(variant);
CELL(label);
CELL(vcpu);
CELL(text_vcpu);
CELL(working_set);
CELL(text_working_set);
CELL(stride);
CELL(pages);
CELL(text_pages);
CELL(guest_page);
CELL(accesses);
CELL(operations);

/* The figure. */
CELL(unit);
CELL(text_unit);
CELL(sample_count);
CELL(samples);
CELL(min);
CELL(median);
CELL(mad);
CELL(text_min);
CELL(text_median);
CELL(text_mad);
CELL(ci95);
CELL(ci95_low);
CELL(ci95_high);
CELL(ns);

/* The counts, and what proves them. */
CELL(exits);
CELL(exits_per_operation);
CELL(page_faults);
CELL(faults_per_operation);
CELL(interrupts);
CELL(switches);
CELL(leaves_4k);
CELL(leaves_2m);
CELL(leaves_1g);
CELL(dirty_pages);
CELL(refs);
CELL(may_exit);
CELL(checksum);
CELL(note);

#endif
