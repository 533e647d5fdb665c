/*
 * Property: counters are found by name in KVM's binary statistics wherever the kernel put them, and a file that is
 * truncated or contradicts itself is refused. It could break because offsets and name sizes come from the file.
 */
#include <errno.h>
#include <linux/kvm.h>
#include <unistd.h>

#include "test.h"
#include "vmm/core/kvm/stats.h"

#define NAME_BYTES 48
#define DESCRIPTORS 3
#define STRIDE (sizeof(struct kvm_stats_desc) + NAME_BYTES)
#define DESC_OFFSET 88
#define DATA_OFFSET (DESC_OFFSET + DESCRIPTORS * STRIDE)
#define BLOB_BYTES (DATA_OFFSET + DESCRIPTORS * 8)

static const char *const wanted[] = { "pages_2m", "absent", "exits" };

static void put_descriptor(unsigned char *blob, uint32_t index, const char *name, uint32_t offset)
{
	struct kvm_stats_desc desc = { .size = 1, .offset = offset };
	unsigned char *at = blob + DESC_OFFSET + index * STRIDE;

	memcpy(at, &desc, sizeof(desc));
	memcpy(at + sizeof(desc), name, strlen(name) + 1);
}

static unsigned char *make_blob(void)
{
	struct kvm_stats_header header = {
		.name_size = NAME_BYTES,
		.num_desc = DESCRIPTORS,
		.id_offset = sizeof(header),
		.desc_offset = DESC_OFFSET,
		.data_offset = DATA_OFFSET,
	};
	unsigned char *blob = calloc(1, BLOB_BYTES);

	assert_non_null(blob);
	memcpy(blob, &header, sizeof(header));
	put_descriptor(blob, 0, "exits", 16);
	put_descriptor(blob, 1, "pages_2m", 0);
	put_descriptor(blob, 2, "pages_2m_not", 8);
	return blob;
}

TEST(finds_by_whole_name)
{
	unsigned char *blob = make_blob();
	uint32_t offsets[3];

	assert_int_equal(stats_find(blob, BLOB_BYTES, wanted, 3, offsets), 0);
	assert_int_equal(offsets[0], DATA_OFFSET);
	assert_int_equal(offsets[1], STATS_ABSENT);
	assert_int_equal(offsets[2], DATA_OFFSET + 16);
	free(blob);
}

TEST(every_truncation_is_refused)
{
	unsigned char *blob = make_blob();
	uint32_t offsets[3];

	LOOP (size_t, bytes, 0, bytes < DATA_OFFSET, bytes++) {
		/* A copy of exactly that size, so that the sanitizer sees a read past the end. */
		unsigned char *cut = malloc(bytes);

		assert_true(bytes == 0 || cut != NULL);
		if (cut != NULL)
			memcpy(cut, blob, bytes);
		assert_int_equal(stats_find(cut, bytes, wanted, 3, offsets), -EINVAL);
		free(cut);
	}
	free(blob);
}

TEST(odd_headers_are_refused)
{
	static const struct kvm_stats_header odd[] = {
		{ .name_size = 0, .num_desc = 1, .desc_offset = DESC_OFFSET },
		{ .name_size = UINT32_MAX, .num_desc = 1, .desc_offset = DESC_OFFSET },
		{ .name_size = NAME_BYTES, .num_desc = UINT32_MAX, .desc_offset = DESC_OFFSET },
		{ .name_size = NAME_BYTES, .num_desc = 1, .desc_offset = UINT32_MAX },
	};
	unsigned char *blob = make_blob();
	uint32_t offsets[3];

	EACH (i, odd) {
		memcpy(blob, &odd[i], sizeof(odd[i]));
		assert_int_equal(stats_find(blob, BLOB_BYTES, wanted, 3, offsets), -EINVAL);
	}
	free(blob);
}

TEST(name_without_end_is_refused)
{
	unsigned char *blob = make_blob();
	uint32_t offsets[3];

	memset(blob + DESC_OFFSET + sizeof(struct kvm_stats_desc), 'x', NAME_BYTES);
	assert_int_equal(stats_find(blob, BLOB_BYTES, wanted, 3, offsets), -EINVAL);
	free(blob);
}

TEST(data_offset_overflow_is_refused)
{
	unsigned char *blob = make_blob();
	uint32_t offsets[3];

	put_descriptor(blob, 0, "exits", UINT32_MAX);
	assert_int_equal(stats_find(blob, BLOB_BYTES, wanted, 3, offsets), -EINVAL);
	free(blob);
}

TEST(absent_counters_read_as_unknown)
{
	const struct kvm_stats closed = { .fd = -1, .count = 2 };
	int64_t values[2] = { 7, 7 };

	stats_read(&closed, values);
	assert_int_equal(values[0], -1);
	assert_int_equal(values[1], -1);
}

TEST(values_are_read_at_their_offsets)
{
	unsigned char *blob = make_blob();
	struct kvm_stats stats = { .count = 3 };
	const uint64_t pages = 510;
	char path[] = "/tmp/minivmm-stats-XXXXXX";
	int64_t values[3];
	char missing[40] = "";

	memcpy(blob + DATA_OFFSET, &pages, sizeof(pages));
	stats.fd = mkstemp(path);
	assert_true(stats.fd >= 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(write(stats.fd, blob, BLOB_BYTES), BLOB_BYTES);
	assert_int_equal(stats_find(blob, BLOB_BYTES, wanted, 3, stats.offsets_bytes), 0);
	stats_read(&stats, values);
	assert_int_equal(values[0], 510);
	assert_int_equal(values[1], -1);
	assert_int_equal(values[2], 0);
	stats.names = wanted;
	stats_missing(&stats, missing, sizeof(missing));
	assert_string_equal(missing, wanted[1]);
	stats_close(&stats);
	missing[0] = '\0';
	stats_missing(&stats, missing, sizeof(missing));
	assert_string_equal(missing, "");
	assert_int_equal(stats.fd, -1);
	free(blob);
}
