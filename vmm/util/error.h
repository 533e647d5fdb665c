/*
 * Errors are values: what went wrong, where, errno, and the cure. Libraries fill them; only main.c prints.
 */
#ifndef MINIVMM_UTIL_ERROR_H
#define MINIVMM_UTIL_ERROR_H

#include <stddef.h>

/* Exit statuses of the program; the contract with scripts (README.md). */
enum status {
	STATUS_OK = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
	STATUS_GUEST_PANIC = 3,
	STATUS_WATCHDOG = 4,
	STATUS_MISMATCH = 5,
	STATUS_REQUIRE = 6,
	STATUS_SANDBOX = 7, /* a call that the sandbox refuses; there is no record */
	STATUS_CANNOT = 77,
};

/* Caller-supplied, zero-initialised. The strings are always NUL-terminated; too long a text is cut. */
struct error {
	enum status status;
	int err;        /* errno at the failing call, 0 where there was none */
	char where[96]; /* the call or the file: "open /dev/kvm" */
	char what[512]; /* one sentence with the numbers in it */
	char hint[768]; /* the cure, a command where there is one; may be empty */
	/* As error_set was told, before the table of causes had its say: util/cause.h. */
	enum status told_status;
	size_t told_bytes; /* of what[] */
};

/*
 * Fill *e (unless it already holds an error: the first one is the cause) and return -err, or -EINVAL where
 * err is 0, so that `return error_set(...)` reads well. Where a call failed (err above 0, STATUS_FAILED or STATUS_CANNOT)
 * the table of util/cause.h adds why, and the hint, by `where` and err, until error_hint or error_cause say more.
 */
int error_set(struct error *e, enum status status, int err, const char *where, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* The cure of an error just set, in place of the usual one. Returns what error_set returned. */
int error_hint(struct error *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
