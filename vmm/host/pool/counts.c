#include "vmm/host/pool/counts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "units.h"
#include "vmm/host/sysfile.h"

int pool_read(const char *root, uint64_t page_bytes, struct pool_counts *out)
{
	struct {
		const char *file;
		uint64_t *value;
	} const fields[] = {
		{ "nr_hugepages", &out->total },
		{ "free_hugepages", &out->free },
		{ "resv_hugepages", &out->reserved },
		{ "surplus_hugepages", &out->surplus },
	};
	char path[128];

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		int ret;

		(void)snprintf(path, sizeof(path), "sys/kernel/mm/hugepages/hugepages-%" PRIu64 "kB/%s",
			       page_bytes / KIB, fields[i].file);
		ret = sysfile_u64(root, path, fields[i].value);
		if (ret != 0) {
			memset(out, 0, sizeof(*out));
			return ret;
		}
	}
	return 0;
}
