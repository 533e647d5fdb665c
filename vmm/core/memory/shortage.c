#include "vmm/core/memory/shortage.h"

#include <inttypes.h>
#include <string.h>

#include "units.h"
#include "vmm/core/memory/backing_file.h"
#include "vmm/core/memory/observe.h"
#include "vmm/host/pool/pool.h"

int shortage_explain(const struct backing *b, int err, const char *where, struct error *e)
{
	struct error ignored = { .status = STATUS_OK };
	struct observed_memory seen = { 0 };
	struct backing_spec rest = b->spec;
	uint64_t there;

	/* Unreadable: then all of it counts as missing, which is told too large rather than not at all. */
	(void)observe_backing("", b, &seen, &ignored);
	there = min_u64(seen.rss_bytes, rest.bytes - rest.page_bytes);
	rest.bytes -= there;
	if (backing_file_check_mount(&rest, b->fd, e) != 0)
		return -err;
	if (backing_has_pool(&rest))
		return pool_explain("", rest.page_bytes, rest.bytes, rest.reserve ? rest.bytes : 0,
				    rest.host_nodes, err, where, e);
	(void)error_set(e, STATUS_FAILED, err, where,
			"only %" PRIu64 " of %" PRIu64 " MiB of guest RAM could be had: %s", there / MIB,
			b->spec.bytes / MIB, strerror(err));
	error_hint(e, "ask for less with --memory or --working-set, or end what uses the rest (free -m)");
	return -err;
}
