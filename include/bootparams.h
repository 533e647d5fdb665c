/*
 * The FDT that minivmm writes and the guest reads: names, types, what is required.
 *
 * Standard bindings first (Devicetree Specification 0.4, chapter 3): /memory, /cpus, /reserved-memory,
 * /chosen, and a 16550 serial node. What has no standard binding is under the vendor prefix "minivmm,".
 *
 *   /                    #address-cells 2, #size-cells 2, compatible "minivmm,guest"       required
 *   /memory@0            device_type "memory", reg: one or two (gpa, bytes) pairs          required
 *   /cpus/cpu@N          device_type "cpu", reg = APIC id N, N from 0 without gaps         required
 *   /reserved-memory     ranges, and the two nodes below                                   required
 *     page-tables@GPA    compatible FDT_COMPAT_TABLES, reg                                 required
 *     arena@GPA          compatible FDT_COMPAT_ARENA, reg                                  required
 *   /serial@3f8          compatible "ns16550a"                                             optional
 *   /chosen              stdout-path, and the u32/u64 properties FDT_PROP_*                required
 *   /minivmm,plan/step@I one node a step, I from 0: properties FDT_STEP_*                  zero or more
 *
 * All numbers are big-endian cells, as everywhere in an FDT.
 */
#ifndef MINIVMM_BOOTPARAMS_H
#define MINIVMM_BOOTPARAMS_H

#define FDT_COMPAT_GUEST "minivmm,guest"
#define FDT_COMPAT_TABLES "minivmm,page-tables"
#define FDT_COMPAT_ARENA "minivmm,arena"

/* In /chosen. */
#define FDT_PROP_ABI "minivmm,abi"                           /* u32, MINIVMM_ABI_VERSION; required */
#define FDT_PROP_GUEST_PAGE_BYTES "minivmm,guest-page-bytes" /* u64, leaf of the arena's mapping; required */
#define FDT_PROP_SEED "minivmm,seed"                         /* u64; required */
#define FDT_PROP_ALIAS_BYTES "minivmm,alias-bytes" /* u64: the arena repeats itself; absent: it does not */
/*
 * Up to VIEWS_MAX pairs of u64: the largest leaf that the second dimension can have there, and the GPA at which the
 * arena's first byte is seen once more; from larger leaves to smaller ones. Absent: there are no views.
 */
#define FDT_PROP_VIEWS "minivmm,views"
#define FDT_PROP_GUEST_AD "minivmm,accessed-dirty"     /* empty: the arena's entries start with A = D = 1 */
#define FDT_PROP_KERNEL_PORT "minivmm,kernel-port"     /* empty: PORT_KERNEL is served inside KVM */
#define FDT_PROP_SERIAL_REPORT "minivmm,serial-report" /* empty: print results on the serial port */

#define FDT_PATH_PLAN "/minivmm,plan"
/* In /minivmm,plan/step@I; all required. */
#define FDT_STEP_WORKLOAD "minivmm,workload"                   /* string, a name of workloads.def */
#define FDT_STEP_WORKING_SET_BYTES "minivmm,working-set-bytes" /* u64, of each vCPU */
#define FDT_STEP_STRIDE_BYTES "minivmm,stride-bytes"           /* u64, 0: the workload has none */
#define FDT_STEP_CHAINS "minivmm,chains"       /* u32, 1..CHAINS_MAX; 0: the workload has none */
#define FDT_STEP_HISTOGRAM "minivmm,histogram" /* u32, 1: time single loads as well; else 0 */
#define FDT_STEP_ACCESSES "minivmm,accesses"   /* u64, timed operations a sample; 0: workload's own */
#define FDT_STEP_REPEAT "minivmm,repeat"       /* u32, samples, 1..RESULT_MAX_SAMPLES */

#define PLAN_MAX_STEPS 1024

#endif
