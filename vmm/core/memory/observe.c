/* What the kernel really mapped: smaps and numa_maps, parsed and summed over one mapping. */
#include "vmm/core/memory/backing.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"
#include "vmm/host/sysfile.h"

struct smaps_state {
	bool inside, mixed_pages, any_header;
	uint64_t plain_rss, hugetlb, pmd_mapped;
};

const char *observe_smaps_header(const char *line, uint64_t *start, uint64_t *end)
{
	char *p;

	if (!isxdigit((unsigned char)*line))
		return NULL;
	errno = 0;
	*start = strtoull(line, &p, 16);
	if (*p != '-' || !isxdigit((unsigned char)p[1]) || errno != 0)
		return NULL;
	*end = strtoull(p + 1, &p, 16);
	return *p == ' ' && errno == 0 ? p + 1 : NULL;
}

/* The bytes of "Name:   123 kB" when the line is that field. */
static bool field_bytes(const char *line, const char *name, uint64_t *bytes)
{
	size_t len = strlen(name);
	const char *digits;
	char *end;

	if (strncmp(line, name, len) != 0 || line[len] != ':')
		return false;
	digits = line + len + 1 + strspn(line + len + 1, " \t");
	if (!isdigit((unsigned char)*digits))
		return false;
	errno = 0;
	*bytes = strtoull(digits, &end, 10);
	return errno == 0 && strncmp(end, " kB", 3) == 0 && checked_mul(*bytes, KIB, bytes);
}

static void smaps_field(struct smaps_state *s, const char *line, struct observed_memory *out)
{
	const struct {
		const char *name;
		uint64_t *sum;
	} sums[] = {
		{ "Rss", &s->plain_rss },
		{ "Shared_Hugetlb", &s->hugetlb },
		{ "Private_Hugetlb", &s->hugetlb },
		{ "AnonHugePages", &s->pmd_mapped },
		{ "ShmemPmdMapped", &s->pmd_mapped },
		{ "FilePmdMapped", &s->pmd_mapped },
	};
	uint64_t bytes;

	for (size_t i = 0; i < COUNT_OF(sums); i++) {
		if (field_bytes(line, sums[i].name, &bytes)) {
			if (!checked_add(*sums[i].sum, bytes, sums[i].sum))
				*sums[i].sum = UINT64_MAX;
			return;
		}
	}
	if (!field_bytes(line, "KernelPageSize", &bytes))
		return;
	if (out->kernel_page_bytes != 0 && out->kernel_page_bytes != bytes)
		s->mixed_pages = true;
	out->kernel_page_bytes = bytes;
}

static void smaps_verdict(const struct smaps_state *s, struct observed_memory *out)
{
	if (!checked_add(s->plain_rss, s->hugetlb, &out->rss_bytes))
		out->rss_bytes = UINT64_MAX;
	out->huge_bytes = s->hugetlb != 0 ? s->hugetlb : s->pmd_mapped;
	out->page_bytes = 0;
	if (s->mixed_pages) {
		out->kernel_page_bytes = 0;
		return;
	}
	if (out->rss_bytes == 0 || (s->hugetlb != 0 && s->pmd_mapped != 0))
		return;
	if (out->kernel_page_bytes > PAGE_4K)
		out->page_bytes = s->plain_rss == 0 ? out->kernel_page_bytes : 0;
	else if (out->huge_bytes == 0)
		out->page_bytes = out->kernel_page_bytes;
	else if (out->huge_bytes == out->rss_bytes && s->hugetlb == 0)
		out->page_bytes = PAGE_2M;
}

int observe_parse_smaps(const char *text, uint64_t start_hva, uint64_t end_hva, struct observed_memory *out)
{
	struct smaps_state s = { 0 };

	memset(out, 0, offsetof(struct observed_memory, node_pages));
	for (const char *line = text; *line != '\0';) {
		uint64_t start, end;
		const char *newline = strchr(line, '\n');

		if (observe_smaps_header(line, &start, &end) != NULL) {
			s.any_header = true;
			s.inside = start >= start_hva && end <= end_hva && start < end;
		} else if (!s.any_header) {
			return -EINVAL;
		} else if (s.inside) {
			smaps_field(&s, line, out);
		}
		if (newline == NULL)
			break;
		line = newline + 1;
	}
	if (!s.any_header)
		return -EINVAL;
	smaps_verdict(&s, out);
	return 0;
}

/* All "N<node>=<pages>" words of one line. */
static void add_nodes(const char *line, const char *end, struct observed_memory *out)
{
	for (const char *p = line; p < end; p++) {
		unsigned long long pages;
		unsigned long node;
		char *after;

		/* A file name may hold anything, but a blank in it is escaped: words are words. */
		if (*p != ' ' || p[1] != 'N' || !isdigit((unsigned char)p[2]))
			continue;
		node = strtoul(p + 2, &after, 10);
		if (*after != '=' || !isdigit((unsigned char)after[1]) || node >= HOST_MAX_NODES)
			continue;
		errno = 0;
		pages = strtoull(after + 1, &after, 10);
		if (errno != 0 || (*after != ' ' && *after != '\n' && *after != '\0'))
			continue;
		if (!checked_add(out->node_pages[node], pages, &out->node_pages[node]))
			out->node_pages[node] = UINT64_MAX;
	}
}

int observe_parse_numa_maps(const char *text, uint64_t start_hva, uint64_t end_hva,
			    struct observed_memory *out)
{
	memset(out->node_pages, 0, sizeof(out->node_pages));
	for (const char *line = text; *line != '\0';) {
		const char *newline = strchr(line, '\n');
		const char *end = newline != NULL ? newline : line + strlen(line);
		uint64_t start;
		char *after;

		if (!isxdigit((unsigned char)*line))
			return -EINVAL;
		errno = 0;
		start = strtoull(line, &after, 16);
		if (errno != 0 || *after != ' ')
			return -EINVAL;
		if (start >= start_hva && start < end_hva)
			add_nodes(line, end, out);
		if (newline == NULL)
			break;
		line = newline + 1;
	}
	return 0;
}

/* 65,530 VMAs, the kernel's default limit, are some 50 MiB of smaps. */
#define MAPS_MAX_BYTES (128 * MIB)

int observe_backing(const char *root, const struct backing *b, struct observed_memory *out, struct error *e)
{
	const uint64_t start_hva = (uint64_t)(uintptr_t)b->hva;
	const uint64_t end_hva = start_hva + b->spec.bytes;
	char *text = NULL;
	int ret;

	memset(out, 0, sizeof(*out));
	if (b->hva == NULL)
		return error_set(e, STATUS_FAILED, EINVAL, "/proc/self/smaps", "nothing is mapped");
	out->sealed = b->fd >= 0 && backing_file_is_sealed(b->fd);
	ret = sysfile_slurp(root, "proc/self/smaps", MAPS_MAX_BYTES, &text);
	if (ret == 0)
		ret = observe_parse_smaps(text, start_hva, end_hva, out);
	free(text);
	if (ret != 0) {
		(void)error_set(e, STATUS_FAILED, -ret, "/proc/self/smaps",
				"cannot see what the kernel mapped: %s", strerror(-ret));
		if (ret == -ENOENT)
			error_hint(e, "mount -t proc proc /proc");
		return ret;
	}
	ret = sysfile_slurp(root, "proc/self/numa_maps", MAPS_MAX_BYTES, &text);
	/* A kernel without NUMA has no such file: then no node is claimed. */
	if (ret == -ENOENT)
		return 0;
	if (ret == 0)
		ret = observe_parse_numa_maps(text, start_hva, end_hva, out);
	free(text);
	if (ret != 0)
		return error_set(e, STATUS_FAILED, -ret, "/proc/self/numa_maps",
				 "cannot see where the pages are: %s", strerror(-ret));
	return 0;
}
