/*
 * Property: results of the workloads that isolate one thing come out whole: a row without a figure says why and keeps
 * its counts, aliased memory is called so, many strides become a matrix with every figure in its place, and the
 * differences below the table are those of the rows that belong together. A pair taken wrongly gives a plausible
 * number.
 */
#include "render.h"
#include "vmm/util/workloads.h"

/* A guest of 1 TiB on one gigabyte, with tables that start used and an APIC inside KVM, on a host with EPT. */
static void aliased_machine(struct record *rec)
{
	sample_machine(rec);
	rec->spec.machine.memory_bytes = rec->config.ram_bytes = TIB;
	rec->spec.machine.alias_bytes = rec->config.map.alias_bytes = GIB;
	rec->config.map.arena_gpa = 4 * GIB;
	rec->config.map.arena_bytes = TIB;
	rec->config.guest_ad = rec->config.apic = true;
	rec->config.guest_page_bytes = PAGE_2M;
	(void)snprintf(rec->host.kvm_module, sizeof(rec->host.kvm_module), "kvm_intel");
	rec->host.second_dimension = SECOND_EPT;
	rec->host.second_dimension_levels = 4;
	rec->machine.memory_slots = 1025;
	rec->kvm_pages_4k = 600;
	rec->kvm_pages_2m = 524289;
	rec->kvm_tables_bytes = 5 * MIB;
	rec->ring0_slowdown = 3180.4;
}

/* Parts that exit, with a figure or without. */
static void exit_rows(struct record *rec)
{
	const uint64_t cycles[] = { 2000000, 2100000, 2400000 };
	struct result r = { .step = 1,
			    .workload = WORKLOAD_exit,
			    .variant = VARIANT_CPUID,
			    .working_set_bytes = PAGE_4K,
			    .pages = 1,
			    .accesses = 1000,
			    .operations = 3000,
			    .may_exit = true };

	r.counts.exits = 3000;
	sample_row(rec, &r, cycles, 3);
	r.variant = VARIANT_PORT_KERNEL;
	r.operations = r.counts.exits = 0;
	(void)snprintf(r.note, sizeof(r.note), "%s", unavailable_text(UNAVAILABLE_KERNEL_PORT));
	sample_row(rec, &r, NULL, 0);
	r.step = 2;
	r.workload = WORKLOAD_tpr;
	r.variant = VARIANT_X2APIC_WRITE;
	r.operations = 2000;
	r.counts.exits = 2000;
	(void)snprintf(r.note, sizeof(r.note), "%s", unavailable_text(UNAVAILABLE_RING0));
	sample_row(rec, &r, NULL, 0);
	r.variant = VARIANT_CR8_WRITE;
	r.counts.exits = 0;
	sample_row(rec, &r, NULL, 0);
}

static void vpid_rows(struct record *rec, uint32_t step, int32_t vcpu, uint64_t pages, uint64_t warm,
		      uint64_t after)
{
	const uint64_t cycles[] = { warm * pages, (warm + 9) * pages, (warm + 1) * pages };
	const uint64_t more[] = { (after + 7) * pages, after * pages, (after + 2) * pages };
	struct result r = { .step = step,
			    .workload = WORKLOAD_vpid,
			    .variant = VARIANT_WARM,
			    .vcpu = vcpu,
			    .working_set_bytes = pages * PAGE_4K,
			    .pages = pages,
			    .accesses = pages };

	sample_row(rec, &r, cycles, 3);
	r.variant = VARIANT_AFTER_EXIT;
	r.may_exit = true;
	r.operations = 3 * pages;
	r.counts.exits = 300;
	sample_row(rec, &r, more, 3);
}

static void dirty_row(struct record *rec)
{
	const uint64_t cycles[] = { 16000000 };
	struct result r = { .step = 5,
			    .workload = WORKLOAD_dirty,
			    .variant = VARIANT_WRITE_LOGGED,
			    .working_set_bytes = 16 * MIB,
			    .pages = 4096,
			    .accesses = 4096,
			    .operations = 4096,
			    .may_exit = true };
	struct result *kept;

	r.counts.exits = r.counts.page_faults = 4096;
	sample_row(rec, &r, cycles, 1);
	kept = &rec->results[rec->result_count - 1];
	kept->leaves_4k = 4700;
	kept->leaves_2m = 524281;
	kept->dirty_pages = 4096;
}

/* One strided result of `cycles` an access. */
static void strided_row(struct record *rec, uint32_t step, uint64_t pages, uint64_t stride_bytes,
			uint64_t cycles)
{
	const uint64_t samples[] = { cycles * 1000, cycles * 1000 + 500 };
	struct result r = { .step = step,
			    .workload = WORKLOAD_alias,
			    .working_set_bytes = pages * PAGE_4K,
			    .stride_bytes = stride_bytes,
			    .pages = pages,
			    .accesses = 1000 };

	sample_row(rec, &r, samples, 2);
}

TEST(golden_files)
{
	struct record rec;

	aliased_machine(&rec);
	exit_rows(&rec);
	vpid_rows(&rec, 3, 0, 16, 4, 5);
	vpid_rows(&rec, 4, 0, 256, 6, 31);
	dirty_row(&rec);
	rec.have_tlb = true;
	rec.tlb = (struct tlb_findings){ .leaf_bytes = PAGE_2M,
					 .base_cycles = 4,
					 .miss_cycles = 11,
					 .dtlb = { .reach = { true, PAGE_2M, 64, 96, 4, 11 },
						   .sets = TLB_SETS_LINEAR,
						   .ways = { true, 32 * MIB, 4, 6, 4, 11 } },
					 .fracture = TLB_FRACTURE_WHOLE,
					 .inside_pages = 512 };
	LOOP (uint32_t, i, 0, i < 2, i++) {
		strided_row(&rec, 10 + 3 * i, 64 << i, CACHE_LINE_BYTES, 4);
		strided_row(&rec, 11 + 3 * i, 64 << i, PAGE_4K, 5 + i);
		strided_row(&rec, 12 + 3 * i, 64 << i, PAGE_2M, 9 + 4 * i);
	}
	assert_int_equal(record_settle_clock(&rec), 0);
	assert_int_equal(record_combine(&rec), 0);
	record_judge(&rec);
	compare_golden(&rec, text_plain, TESTS_DIR "/golden/isolate.txt");
	compare_golden(&rec, record_json, TESTS_DIR "/golden/isolate.json");
	assert_narrow(&rec);
	record_free(&rec);
}

/* Neighbouring strides of the same n, relative to the control of that n; and never across workloads' own n. */
TEST(levels)
{
	struct record rec;

	sample_machine(&rec);
	strided_row(&rec, 1, 64, PAGE_1G, 20);
	strided_row(&rec, 2, 64, PAGE_4K, 5);
	strided_row(&rec, 3, 64, CACHE_LINE_BYTES, 4);
	strided_row(&rec, 4, 128, PAGE_4K, 7);
	text_says(&rec, ": 64 pages: 4K 1.00 (1.00 to 1.00), 1G 15.00 (15.00 to 15.00) (the first");
	text_says(&rec, " alias 256K 1G 64 20.25");
	/* Without a control there is nothing to compare with. */
	rec.results[2].sample_count = 0;
	text_lacks(&rec, "levels ");
	rec.results[2].sample_count = 2;
	record_free(&rec);
}

TEST(refill_is_of_one_step)
{
	struct record rec;

	sample_machine(&rec);
	rec.spec.native = true;
	vpid_rows(&rec, 1, 0, 16, 4, 5);
	vpid_rows(&rec, 2, 0, 64, 40, 39);
	text_says(
		&rec,
		"of a page after a system call = after-exit - warm, in TSC cycles: 16 pages 2.00 (-8.00 to 8.00), "
		"64 pages 0.00 (-10.00 to 6.00) ");
	record_free(&rec);
}

/* 17 results of one workload are a matrix; what was not measured stays empty, what has no figure is a dash. */
TEST(many_strides_are_a_matrix)
{
	struct record rec;

	sample_machine(&rec);
	LOOP (uint32_t, i, 0, i < 16, i++)
		strided_row(&rec, i, 4U << (i / 4), PAGE_2M << (i % 4), 10 + i);
	text_has(&rec, "\nworkload ");
	text_lacks(&rec, "strides across");
	strided_row(&rec, 16, 4096, PAGE_1G, 99);
	rec.results[5].counts.exits = 3;
	rec.results[6].sample_count = 0;
	text_lacks(&rec, "\nworkload ");
	text_has(&rec, "alias: least TSC cycles an access; pages down, strides across (17 parts, +- up to ");
	text_has(&rec, ", exits: 3)\n");
	text_has(&rec, "   pages      2M      4M      8M     16M      1G\n");
	text_has(&rec, "       8   14.00   15.00       -   17.00\n");
	text_has(&rec, "    4096                                   99.00\n");
	rec.results[6].sample_count = 2;
	record_free(&rec);
}

TEST(a_matrix_stays_narrow)
{
	struct record rec;

	sample_machine(&rec);
	LOOP (uint32_t, i, 0, i < 200, i++)
		strided_row(&rec, i, 1000 + i, PAGE_4K * (i + 1), 1000 * i + 1);
	assert_narrow(&rec);
	/* The 64th page count and stride, in the last of the blocks. */
	text_has(&rec, "   63001");
	record_free(&rec);
}

/* The row of all stands for its vCPUs where these are many; what an interrupted run has of one alone is shown. */
TEST(many_vcpus_are_one_row)
{
	struct record rec;

	sample_machine(&rec);
	rec.config.vcpus = 16;
	LOOP (int32_t, vcpu, 0, vcpu < 16, vcpu++)
		vpid_rows(&rec, 1, vcpu, 64, 4, 6);
	assert_int_equal(record_settle_clock(&rec), 0);
	assert_int_equal(record_combine(&rec), 0);
	text_says(&rec, " vpid warm all 256K");
	text_lacks(&rec, " 15 ");
	text_says(&rec, "in core cycles: 64 pages 6.00 (-14.00 to 18.00) ");
	vpid_rows(&rec, 2, 15, 256, 4, 6);
	text_says(&rec, " vpid warm 15 1M");
	record_free(&rec);
}

TEST_WRITES()
