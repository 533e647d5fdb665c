/* From a request to a backing_spec: everything about the backing but its size. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "units.h"
#include "vmm/host/pool/pool.h"
#include "vmm/core/memory/backing.h"
#include "vmm/core/memory/backing_file.h"
#include "vmm/core/memory/backing_type.h"
#include "vmm/core/memory/memory_policy.h"

static int resolve_page(const struct machine_spec *asked, const struct backing_type *type,
			uint64_t *page_bytes, struct error *e)
{

	*page_bytes = asked->page_bytes != 0 ? asked->page_bytes : type->default_page_bytes;
	if (type->kind == BACKING_FILE) {
		int ret = backing_file_page_bytes(asked->mem_path, page_bytes, e);

		if (ret != 0)
			return ret;
		if (asked->page_bytes != 0 && asked->page_bytes != *page_bytes) {
			(void)error_set(e, STATUS_USAGE, EINVAL, "--page-size",
					"--page-size %s contradicts --mem-path %s, whose pages are %s",
					backing_page_name(asked->page_bytes), asked->mem_path,
					backing_page_name(*page_bytes));
			if (asked->page_bytes == PAGE_4K)
				error_hint(
					e,
					"leave --page-size out, or name a tmpfs, as in --mem-path /dev/shm");
			else
				error_hint(e,
					   "leave --page-size out, or mount one with that size: mount -t "
					   "hugetlbfs -o pagesize=%s none DIR",
					   backing_page_name(asked->page_bytes));
			return -EINVAL;
		}
	}
	if (backing_type_has_page(type, *page_bytes))
		return 0;
	(void)error_set(e, STATUS_USAGE, EINVAL, "--page-size",
			"backing %s has no pages of %" PRIu64 " KiB; it has%s%s%s", backing_name(type->kind),
			*page_bytes / KIB, type->page_4k ? " 4K" : "", type->page_2m ? " 2M" : "",
			type->page_1g ? " 1G" : "");
	error_hint(e, "--backing hugetlb or memfd take --page-size 2M and 1G");
	return -EINVAL;
}

int backing_resolve(const struct machine_spec *asked, struct backing_spec *spec, struct error *e)
{
	const struct backing_type *type = backing_type(asked->backing);
	struct pool_counts pool;
	int ret;

	memset(spec, 0, sizeof(*spec));
	if (type == NULL)
		return error_set(e, STATUS_USAGE, EINVAL, "--backing", "no such backing: %d",
				 (int)asked->backing);
	spec->kind = type->kind;
	spec->path = asked->mem_path;
	spec->share = asked->share == CHOICE_DEFAULT ? type->share_default : asked->share == CHOICE_ON;
	spec->reserve = asked->reserve != CHOICE_OFF;
	spec->host_nodes = asked->host_nodes;
	spec->policy = asked->policy;
	ret = resolve_page(asked, type, &spec->page_bytes, e);
	if (ret != 0)
		return ret;
	if (!type->thp && spec->page_bytes > PAGE_4K && pool_read("", spec->page_bytes, &pool) == -ENOENT) {
		(void)error_set(e, STATUS_CANNOT, ENOENT, "/sys/kernel/mm/hugepages",
				"this kernel and CPU have no hugetlb pages of %s",
				backing_page_name(spec->page_bytes));
		error_hint(e,
			   "choose another --page-size; ls /sys/kernel/mm/hugepages shows which there are");
		return -ENOENT;
	}
	return memory_policy_check(spec, e);
}
