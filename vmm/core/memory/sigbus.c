#include "vmm/core/memory/sigbus.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "units.h"

struct guard {
	sigjmp_buf back;
	uint64_t start_hva, bytes;
	struct lost_memory lost;
};

static __thread struct guard *volatile expected;
/* What this thread noted last of an access; hva 0 where it was told of none. */
static __thread struct lost_memory last;

/* The first that was noted. */
static struct lost_memory noted;
#define BEING_NOTED INT32_MIN

static void note(int code, uint64_t hva)
{
	int none = 0;

	last = (struct lost_memory){ code, hva };
	if (!__atomic_compare_exchange_n(&noted.code, &none, BEING_NOTED, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE))
		return;
	noted.hva = hva;
	__atomic_store_n(&noted.code, code, __ATOMIC_RELEASE);
}

/* It may tell of memory without an access that was just made: from KVM or the kernel, or from a tracer in their place. */
static bool is_notice(int code)
{
	return code == BUS_MCEERR_AR || code == BUS_MCEERR_AO || code == SI_KERNEL;
}

/* SIGBUS of an access comes to the thread that made it, so its own guard is the right one. */
static void on_bus(int signum, siginfo_t *info, void *context)
{
	const uint64_t hva = (uint64_t)(uintptr_t)info->si_addr;
	struct guard *g = expected;

	(void)context;
	if (info->si_code > 0 && g != NULL && hva - g->start_hva < g->bytes) {
		g->lost = (struct lost_memory){ info->si_code, hva };
		siglongjmp(g->back, 1);
	}
	/* An access that nobody guards comes again at once, and the second time is the end. BUS_MCEERR_AO is of no access. */
	if (is_notice(info->si_code) &&
	    (info->si_code == BUS_MCEERR_AO || last.code != info->si_code || last.hva != hva)) {
		note(info->si_code, hva);
		return;
	}
	(void)signal(signum, SIG_DFL);
	(void)raise(signum);
}

int sigbus_catch(struct error *e)
{
	struct sigaction action;

	last = (struct lost_memory){ .code = 0 };
	__atomic_store_n(&noted.code, 0, __ATOMIC_RELEASE);
	memset(&action, 0, sizeof(action));
	action.sa_sigaction = on_bus;
	action.sa_flags = SA_SIGINFO;
	sigemptyset(&action.sa_mask);
	if (sigaction(SIGBUS, &action, NULL) != 0)
		return error_set(e, STATUS_FAILED, errno, "sigaction", "cannot catch SIGBUS");
	return 0;
}

bool sigbus_guard(void (*body)(void *), void *argument, const void *start, uint64_t bytes,
		  struct lost_memory *lost)
{
	struct guard g = { .start_hva = (uint64_t)(uintptr_t)start, .bytes = bytes };

	if (sigsetjmp(g.back, 1) == 0) {
		expected = &g;
		body(argument);
	}
	expected = NULL;
	*lost = g.lost;
	return g.lost.code == 0;
}

bool sigbus_noted(struct lost_memory *lost)
{
	int code = __atomic_load_n(&noted.code, __ATOMIC_ACQUIRE);

	if (code == 0 || code == BEING_NOTED)
		return false;
	*lost = (struct lost_memory){ code, noted.hva };
	return true;
}

static const char *code_name(int code, char *buf, size_t bytes)
{
	static const char *const names[] = {
		[BUS_ADRALN] = "BUS_ADRALN",       [BUS_ADRERR] = "BUS_ADRERR",
		[BUS_OBJERR] = "BUS_OBJERR",       [BUS_MCEERR_AR] = "BUS_MCEERR_AR",
		[BUS_MCEERR_AO] = "BUS_MCEERR_AO",
	};

	if (code > 0 && (size_t)code < COUNT_OF(names))
		return names[code];
	(void)snprintf(buf, bytes, "si_code %d", code);
	return buf;
}

/* " at GPA 0x..., HVA 0x... (SIGBUS, BUS_ADRERR)", as far as it is known. */
static void name_place(const struct lost_memory *lost, uint64_t gpa, char *buf, size_t bytes)
{
	char code[24];
	int n = 0;

	buf[0] = '\0';
	if (lost->hva != 0)
		n = gpa != UINT64_MAX
			    ? snprintf(buf, bytes, " at GPA 0x%" PRIx64 ", HVA 0x%" PRIx64, gpa, lost->hva)
			    : snprintf(buf, bytes, " at HVA 0x%" PRIx64, lost->hva);
	if (lost->code != 0)
		(void)snprintf(buf + n, bytes - (size_t)n, " (SIGBUS, %s)",
			       code_name(lost->code, code, sizeof(code)));
}

/* The size of its file where that is less than it, else all of it. */
static uint64_t bytes_of_file(const struct backing *b)
{
	struct stat st;

	if (b->fd < 0 || fstat(b->fd, &st) != 0 || (uint64_t)st.st_size >= b->spec.bytes)
		return b->spec.bytes;
	return (uint64_t)st.st_size;
}

bool loss_find(const struct backing *b, uint64_t *offset_bytes)
{
	unsigned char vector[4096];
	uint64_t piece = sizeof(vector) * PAGE_4K, at = 0;

	*offset_bytes = bytes_of_file(b);
	/* mincore fails where a page of the range is not mapped. */
	while (b->hva != NULL && at < *offset_bytes) {
		uint64_t now = min_u64(piece, *offset_bytes - at);

		if (mincore((char *)b->hva + at, now, vector) == 0 || errno != ENOMEM) {
			at += now;
			continue;
		}
		if (now <= PAGE_4K)
			*offset_bytes = at;
		piece = PAGE_4K;
	}
	return *offset_bytes < b->spec.bytes;
}

int loss_explain(const struct backing *b, const struct lost_memory *lost, uint64_t gpa, int err,
		 const char *where, struct error *e)
{
	const struct backing_spec *spec = &b->spec;
	uint64_t offset_bytes, file_bytes = bytes_of_file(b);
	char place[128] = "", what[200];

	if (lost != NULL)
		name_place(lost, gpa, place, sizeof(place));
	if (err == EHWPOISON || (lost != NULL && is_notice(lost->code)))
		return error_set(e, STATUS_FAILED, EHWPOISON, "guest RAM",
				 "a page%s is lost (backing %s, pages of %s)", place,
				 backing_name(spec->kind), backing_page_name(spec->page_bytes));
	if (file_bytes < spec->bytes) {
		(void)error_set(e, STATUS_FAILED, 0, "guest RAM",
				"the memory%s is lost: another process made the file behind it (backing %s) "
				"shorter, %" PRIu64 " of %" PRIu64 " MiB are left",
				place, backing_name(spec->kind), file_bytes / MIB, spec->bytes / MIB);
		return error_hint(e, "--backing memfd --page-size %s", backing_page_name(spec->page_bytes));
	}
	if (loss_find(b, &offset_bytes))
		return error_set(e, STATUS_FAILED, 0, "guest RAM",
				 "the memory%s is lost: it is not mapped any more, from HVA 0x%" PRIx64 " on",
				 place, (uint64_t)(uintptr_t)b->hva + offset_bytes);
	(void)snprintf(what, sizeof(what), "%s%s", where, place);
	return shortage_explain(b, err, what, e);
}
