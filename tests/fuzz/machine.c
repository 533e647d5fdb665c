/*
 * What a guest's file and a running guest can say: ELF, notes, result blocks, panics, the console, page tables; and KVM's own
 * statistics. Each could be read past its end, written outside the guest, or believed.
 */
#include "tests/fuzz/fuzz.h"

#include "abi.h"
#include "layout.h"
#include "tests/unit/random_walk.h"
#include "units.h"
#include "vmm/core/boot/boot.h"
#include "vmm/core/kvm/stats.h"
#include "vmm/core/machine/internal.h"
#include "vmm/lab/measure/phases.h"

/* A guest's memory is as large as the image may be; the sanitizer guards its ends. */
static unsigned char *guest_memory;

static void *guest_at(void *self, uint64_t gpa, uint64_t bytes)
{
	(void)self;
	FUZZ_CHECK(gpa >= IMAGE_GPA && bytes <= IMAGE_END_GPA && gpa <= IMAGE_END_GPA - bytes);
	return guest_memory + (gpa - IMAGE_GPA);
}

FUZZ(elf)
{
	const struct elf_target target = { IMAGE_GPA, IMAGE_END_GPA, guest_at, NULL };
	struct error e = { .status = STATUS_OK };
	unsigned char *image = fuzz_copy(data, size);
	uint32_t entry = 0;
	int ret;

	if (guest_memory == NULL)
		guest_memory = calloc(1, IMAGE_END_GPA - IMAGE_GPA);
	if (guest_memory == NULL)
		abort();
	ret = elf_load(image, size, "input", &target, &entry, &e);
	FUZZ_CHECK(ret == 0 ? entry >= IMAGE_GPA && entry < IMAGE_END_GPA : e.what[0] != '\0');
	free(image);
}

FUZZ(note)
{
	unsigned char *notes = fuzz_copy(data, size);
	uint64_t entry = 0;

	for (uint64_t align = 0; align <= 8; align++)
		(void)elf_note_pvh_entry(notes, size, align, &entry);
	free(notes);
}

FUZZ(stats)
{
	static const char *const names[] = { "pages_4k", "exits", "pf_fixed" };
	uint32_t offsets[3];
	unsigned char *blob = fuzz_copy(data, size);

	(void)stats_find(blob, size, names, 3, offsets);
	free(blob);
}

/* What result_check lets pass is within the plan, and a panic and a console are text. */
FUZZ(block)
{
	static struct config c;
	static struct vcpu_block block;
	static struct console console;
	const struct guest_result *r = &block.result;
	struct feed feed = FEED(data, size);
	char why[160], text[480];

	c.vcpus = 2;
	c.step_count = WORKLOAD_COUNT;
	for (uint32_t i = 0; i < WORKLOAD_COUNT; i++)
		c.steps[i] = (struct plan_step){ .workload = (enum workload_id)i,
						 .working_set_bytes = MIB,
						 .histogram = i % 2,
						 .repeat = 10 };
	memset(&block, 0, sizeof(block));
	memcpy(&block, data, min_u64(size, sizeof(block)));
	if (feed_byte(&feed) % 8 != 0) {
		block.magic = VCPU_BLOCK_MAGIC;
		block.abi_version = MINIVMM_ABI_VERSION;
		block.vcpu = 1;
	}
	if (result_check(&block, 1, &c, UINT64_MAX / 2, why, sizeof(why)) == 0) {
		FUZZ_CHECK(r->step < c.step_count && driver_part(r->workload, r->variant) != NULL);
		FUZZ_CHECK(r->samples <= RESULT_MAX_SAMPLES && r->pages <= MIB);
	} else {
		FUZZ_CHECK(fuzz_is_text(why, strlen(why)));
	}
	panic_format(&block.panic, text, sizeof(text));
	FUZZ_CHECK(fuzz_is_text(text, strlen(text)));
	console.used = 0;
	console.text[0] = '\0';
	for (size_t i = 0; i < size; i++)
		console_put(&console, data[i]);
	FUZZ_CHECK(fuzz_is_text(console.text, strlen(console.text)));
}

/*
 * Against a second walk that shares nothing with the first, over random tables in which the input changes entries: frames
 * are few, so that a chain of the changed ones is found soon.
 */
FUZZ(walk)
{
	static struct random_memory *memory;
	struct feed feed = FEED(data, size);
	struct page_walk walk;
	struct outcome expected;
	uint64_t rng = 1, va, number[16] = { 0 }, before[16] = { 0 };
	uint32_t changes;

	if (memory == NULL)
		memory = random_memory_make(&rng);
	memory->mode = (struct page_walk_mode){ .root_pa = feed_below(&feed, RANDOM_FRAMES) * PAGE_4K,
						.levels = 4 + (feed_byte(&feed) & 1),
						.physical_bits = 36 + (uint32_t)feed_below(&feed, 17),
						.nx = feed_byte(&feed) & 1,
						.pages_1g = feed_byte(&feed) & 1 };
	va = feed_u64(&feed);
	for (changes = 0; changes < COUNT_OF(number) && feed.at < feed.end; changes++) {
		number[changes] = feed_below(&feed, RANDOM_FRAMES * 512);
		before[changes] = memory->entries[number[changes]];
		memory->entries[number[changes]] = feed_u64(&feed);
	}
	expected = second_walk(memory, va);
	page_walk(&memory->mode, va, random_memory_read, memory, &walk);
	assert_same_outcome(&walk, &expected);
	while (changes-- > 0)
		memory->entries[number[changes]] = before[changes];
}
