#include "vmm/core/kvm/stats.h"

#include <errno.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "vmm/util/text.h"

/* Header, id and descriptors of today's kernels take about 6 KiB; far above that the file is not what we think. */
#define STATS_BLOB_MAX_BYTES (256 * 1024)

const char *const vm_stat_names[VM_STAT_COUNT] = {
	[VM_PAGES_4K] = "pages_4k",
	[VM_PAGES_2M] = "pages_2m",
	[VM_PAGES_1G] = "pages_1g",
};

static const char *const vcpu_names[VCPU_STAT_COUNT] = {
	[VCPU_EXITS] = "exits",
	[VCPU_IRQ_EXITS] = "irq_exits",
	[VCPU_PF_FIXED] = "pf_fixed",
};

static int check_header(const struct kvm_stats_header *header, size_t bytes, size_t *descriptor_bytes)
{
	/* The name is padded by the kernel to a fixed size, given in the header. */
	if (header->name_size == 0 || header->name_size > 256)
		return -EINVAL;
	*descriptor_bytes = sizeof(struct kvm_stats_desc) + header->name_size;
	if (header->desc_offset > bytes ||
	    header->num_desc > (bytes - header->desc_offset) / *descriptor_bytes)
		return -EINVAL;
	return 0;
}

int stats_find(const void *blob, size_t bytes, const char *const *names, uint32_t count,
	       uint32_t *offsets_bytes)
{
	const unsigned char *base = blob;
	struct kvm_stats_header header;
	struct kvm_stats_desc desc;
	size_t stride = 0;

	for (uint32_t i = 0; i < count; i++)
		offsets_bytes[i] = STATS_ABSENT;
	if (bytes < sizeof(header))
		return -EINVAL;
	memcpy(&header, base, sizeof(header));
	if (check_header(&header, bytes, &stride) != 0)
		return -EINVAL;
	for (uint32_t d = 0; d < header.num_desc; d++) {
		const unsigned char *at = base + header.desc_offset + d * stride;
		const char *name = (const char *)at + sizeof(desc);

		memcpy(&desc, at, sizeof(desc));
		if (memchr(name, '\0', header.name_size) == NULL)
			return -EINVAL;
		for (uint32_t i = 0; i < count; i++) {
			if (strcmp(name, names[i]) == 0 && desc.size >= 1 &&
			    __builtin_add_overflow(header.data_offset, desc.offset, &offsets_bytes[i]))
				return -EINVAL;
		}
	}
	return 0;
}

/* Read everything in front of the values. The file is short: one pread into a buffer that grows as asked. */
static int read_descriptors(int fd, const char *const *names, struct kvm_stats *stats)
{
	struct kvm_stats_header header;
	ssize_t got = pread(fd, &header, sizeof(header), 0);
	size_t bytes;
	void *blob;
	int ret;

	if (got != (ssize_t)sizeof(header))
		return got < 0 ? -errno : -EINVAL;
	if (header.name_size > 256 || header.num_desc > 4096)
		return -EINVAL;
	bytes = header.desc_offset + header.num_desc * (sizeof(struct kvm_stats_desc) + header.name_size);
	if (bytes > STATS_BLOB_MAX_BYTES)
		return -EINVAL;
	blob = malloc(bytes);
	if (blob == NULL)
		return -ENOMEM;
	got = pread(fd, blob, bytes, 0);
	ret = got < 0 ? -errno : stats_find(blob, (size_t)got, names, stats->count, stats->offsets_bytes);
	free(blob);
	return ret;
}

/* Of a statistics file, which is closed where it is none. */
static int adopt(int stats_fd, const char *const *names, uint32_t count, struct kvm_stats *stats,
		 struct error *e)
{
	int ret;

	*stats = (struct kvm_stats){ .fd = stats_fd, .count = count, .names = names };
	ret = read_descriptors(stats_fd, names, stats);
	if (ret != 0) {
		stats_close(stats);
		return error_set(e, STATUS_FAILED, -ret, "read of KVM's statistics",
				 "the statistics file is not as api.rst describes it");
	}
	return 0;
}

static int open_stats(int fd, const char *const *names, uint32_t count, struct kvm_stats *stats,
		      struct error *e)
{
	int stats_fd = ioctl(fd, KVM_GET_STATS_FD, NULL);

	*stats = (struct kvm_stats){ .fd = stats_fd, .count = count, .names = names };
	if (stats_fd < 0)
		return error_set(e, STATUS_FAILED, errno, "KVM_GET_STATS_FD", "cannot open KVM's statistics");
	return adopt(stats_fd, names, count, stats, e);
}

int vm_stats_adopt(int stats_fd, struct kvm_stats *stats, struct error *e)
{
	return adopt(stats_fd, vm_stat_names, VM_STAT_COUNT, stats, e);
}

int vm_stats_open(int vm_fd, struct kvm_stats *stats, struct error *e)
{
	return open_stats(vm_fd, vm_stat_names, VM_STAT_COUNT, stats, e);
}

int vcpu_stats_open(int vcpu_fd, struct kvm_stats *stats, struct error *e)
{
	return open_stats(vcpu_fd, vcpu_names, VCPU_STAT_COUNT, stats, e);
}

void stats_close(struct kvm_stats *stats)
{
	if (stats->fd >= 0)
		(void)close(stats->fd);
	stats->fd = -1;
}

void stats_missing(const struct kvm_stats *stats, char *buf, size_t bytes)
{
	for (uint32_t i = 0; stats->fd >= 0 && i < stats->count; i++) {
		if (stats->offsets_bytes[i] == STATS_ABSENT)
			append(buf, bytes, "%s%s", buf[0] != '\0' ? ", " : "", stats->names[i]);
	}
}

void stats_read(const struct kvm_stats *stats, int64_t *values)
{
	for (uint32_t i = 0; i < stats->count; i++) {
		uint64_t value = 0;

		values[i] = -1;
		if (stats->fd < 0 || stats->offsets_bytes[i] == STATS_ABSENT)
			continue;
		if (pread(stats->fd, &value, sizeof(value), (off_t)stats->offsets_bytes[i]) ==
		    (ssize_t)sizeof(value))
			values[i] = (int64_t)value;
	}
}
