/*
 * Facts first, then what follows from them.
 */
#include "vmm/lab/check/report.h"

#include "vmm/lab/check/disturb.h"
#include "vmm/lab/check/rows.h"
#include "vmm/lab/check/verdict.h"
#include "vmm/host/cpuinfo.h"

void check_build(const char *root, struct check_report *report)
{
	struct cpuinfo cpu;

	facts_read(root, &report->facts);
	cpuinfo_read(root, &cpu);
	rows_build(&cpu, report);
	verdict_build(root, &cpu, report);
	disturb_build(root, report);
}
