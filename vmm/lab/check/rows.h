/*
 * The table of the host check: what each switch and CPU feature is, where to read it, and what each of its states
 * means for a measurement. Data in rows_table.c, reading in rows.c.
 */
#ifndef MINIVMM_LAB_CHECK_ROWS_H
#define MINIVMM_LAB_CHECK_ROWS_H

#include <stddef.h>

#include "vmm/lab/check/report.h"
#include "vmm/host/cpuinfo.h"

/* Whose hosts a row is about. */
enum row_vendor { VENDOR_ANY, VENDOR_INTEL, VENDOR_AMD };

struct row_rule {
	enum row_group group;
	enum row_vendor vendor;
	const char *name;
	const char *flag;     /* word of cpuinfo's "flags"; NULL: that line does not tell */
	const char *vmx_flag; /* word of cpuinfo's "vmx flags"; NULL likewise */
	const char *param;    /* "kvm_intel.ept"; NULL: KVM has no switch, the hardware is the state */
	const char *on, *off; /* the effect in either state */
	const char *shadow;   /* instead of both where paging is shadowed; NULL: no difference */
};

extern const struct row_rule row_rules[];
extern const size_t row_rule_count;

/* Y, 1, N, 0 as the kernel prints booleans ("never": nx_huge_pages, off for good); anything else is unknown. Pure. */
enum known row_param_state(const char *value);

/* The value of a module's parameter, or NULL where this host has none of that name. Borrowed from *f. */
const char *row_param(const struct host_facts *f, const char *name);

/* Fill report->rows from report->facts, report->kvm and *cpu. Pure. */
void rows_build(const struct cpuinfo *cpu, struct check_report *report);

#endif
