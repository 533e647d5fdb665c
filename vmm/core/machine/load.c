/* Everything the guest finds in memory at its first instruction. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sha256.h>
#include <string.h>
#include <unistd.h>

#include "layout.h"
#include "units.h"
#include "vmm/core/boot/boot.h"
#include "vmm/core/machine/internal.h"
#include "vmm/util/file.h"

/* A payload larger than the whole image region cannot fit; refused before it is mapped. */
#define ELF_MAX_BYTES (UINT64_C(64) * MIB)

struct claim {
	struct machine *machine;
	struct error *error;
};

static void *claim_at(void *self, uint64_t gpa, uint64_t bytes)
{
	const struct claim *claim = self;

	return ram_claim(claim->machine, gpa, bytes, claim->error);
}

/* The arguments and result of elf_load, for machine_touch. */
struct load {
	const void *image;
	size_t bytes;
	const char *name;
	struct elf_target target;
	uint32_t *entry_gpa;
	struct error *error;
	int ret;
};

static void load(void *argument)
{
	struct load *l = argument;

	l->ret = elf_load(l->image, l->bytes, l->name, &l->target, l->entry_gpa, l->error);
}

static int load_image(struct machine *m, const void *image, size_t bytes, const char *name,
		      uint32_t *entry_gpa, struct error *e)
{
	struct claim claim = { .machine = m, .error = e };
	struct load l = {
		.image = image,
		.bytes = bytes,
		.name = name,
		.target = {
			.low_gpa = IMAGE_GPA,
			.high_gpa = IMAGE_END_GPA,
			.at = claim_at,
			.self = &claim,
		},
		.entry_gpa = entry_gpa,
		.error = e,
	};
	int ret = machine_touch(m, load, &l, e);

	return ret != 0 ? ret : l.ret;
}

/* The guest ELF at `path` into *image, which the caller frees. 0 or -errno with *e set. */
static int read_image(const char *path, char **image, size_t *bytes, struct error *e)
{
	int fd = file_open(path, false), ret;

	if (fd < 0)
		return error_set(e, STATUS_FAILED, -fd, path, "cannot open the guest ELF");
	ret = file_read(fd, FILE_REGULAR, ELF_MAX_BYTES, image, bytes);
	(void)close(fd);
	if (ret == -ENOMEM)
		return error_set(e, STATUS_FAILED, ENOMEM, path, "no memory for the guest ELF");
	if (ret == -EISDIR || ret == -EOPNOTSUPP || ret == -EFBIG || (ret == 0 && *bytes == 0))
		return error_set(e, STATUS_FAILED, ENOEXEC, path,
				 "the guest is not a regular file of 1 byte to %" PRIu64 " MiB, but %s",
				 ELF_MAX_BYTES / MIB,
				 ret == -EISDIR       ? "a directory"
				 : ret == -EOPNOTSUPP ? "a device, pipe or socket"
				 : ret == -EFBIG      ? "larger, as a vmlinux with debug symbols is"
						      : "empty");
	return ret == 0 ? 0 : error_set(e, STATUS_FAILED, -ret, path, "cannot read the guest ELF");
}

static int load_file(struct machine *m, const char *path, uint32_t *entry_gpa, struct error *e)
{
	char *image = NULL;
	size_t bytes = 0;
	int ret = read_image(path, &image, &bytes, e);

	if (ret == 0) {
		(void)SHA256Data((const uint8_t *)image, bytes, m->report->guest.sha256);
		m->report->guest.bytes = bytes;
		m->report->guest.is_foreign = strcmp(m->report->guest.sha256, guest_blob_sha256) != 0;
		ret = load_image(m, image, bytes, path, entry_gpa, e);
	}
	free(image);
	return ret;
}

/* libfdt clears all of its buffer first: a small one that grows with the plan keeps a short run short. */
#define FDT_FIRST_BYTES (UINT64_C(8) * KIB)

/* Built aside, so that only what the tree takes becomes present in the guest. *blob is the caller's to free. */
static int build_fdt(const struct config *config, void **blob, size_t *fdt_bytes, struct error *e)
{
	for (size_t capacity = FDT_FIRST_BYTES;; capacity *= 2) {
		struct error full = { .status = STATUS_OK };
		int ret;

		free(*blob);
		*blob = malloc(capacity);
		if (*blob == NULL)
			return error_set(e, STATUS_FAILED, ENOMEM, "malloc", "no memory for the device tree");
		ret = fdt_write(config, false, *blob, capacity, fdt_bytes, &full);
		if (ret == -ENOSPC && capacity < FDT_MAX_BYTES)
			continue;
		if (ret != 0)
			*e = full;
		return ret;
	}
}

static int load_fdt(struct machine *m, size_t *fdt_bytes, struct error *e)
{
	void *blob = NULL;
	int ret = build_fdt(m->config, &blob, fdt_bytes, e);

	if (ret == 0)
		ret = machine_write(m, FDT_GPA, blob, *fdt_bytes, e);
	free(blob);
	return ret;
}

static int load_params(struct machine *m, struct error *e)
{
	unsigned char start[START_INFO_BYTES] = { 0 };
	size_t fdt_bytes = 0;
	int ret = load_fdt(m, &fdt_bytes, e);

	if (ret != 0)
		return ret;
	ret = start_info_write(&m->config->map, fdt_bytes, start, sizeof(start));
	if (ret != 0)
		return error_set(e, STATUS_FAILED, -ret, "start info", "it does not fit its page");
	return machine_write(m, START_INFO_GPA, start, sizeof(start), e);
}

static int load_embedded(struct machine *m, uint32_t *entry_gpa, struct error *e)
{
	struct guest_image *guest = &m->report->guest;

	guest->bytes = (uint64_t)(guest_blob_end - guest_blob);
	(void)snprintf(guest->sha256, sizeof(guest->sha256), "%s", guest_blob_sha256);
	return load_image(m, guest_blob, guest->bytes, "embedded guest", entry_gpa, e);
}

int machine_load(struct machine *m, uint32_t *entry_gpa, struct error *e)
{
	const char *path = m->asked->guest_path;
	uint64_t blocks_bytes = (uint64_t)m->config->vcpus * VCPU_BLOCK_BYTES;
	int ret = path != NULL ? load_file(m, path, entry_gpa, e) : load_embedded(m, entry_gpa, e);

	if (ret == 0)
		ret = load_params(m, e);
	if (ret == 0 && ram_claim(m, VCPU_BLOCKS_GPA, blocks_bytes, e) == NULL)
		ret = -EFAULT;
	return ret;
}
