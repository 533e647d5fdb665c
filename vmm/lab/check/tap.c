/*
 * The check as a test: one line a requirement (Test Anything Protocol, testanything.org), the facts as comments.
 */
#include <errno.h>
#include <inttypes.h>

#include "vmm/lab/check/emit.h"

/* A '#' would start a directive ("# SKIP") and a newline the next test: neither may come from outside. */
static void put_plain(const char *text, FILE *out)
{
	for (; *text != '\0'; text++)
		(void)fputc((unsigned char)*text < 0x20 || *text == 0x7f || *text == '#' ? '?' : *text, out);
}

static void comment(const char *label, const char *text, FILE *out)
{
	(void)fprintf(out, "# %s: ", label);
	put_plain(text, out);
	(void)fputc('\n', out);
}

int check_emit_tap(const struct check_report *report, const struct requirement *requirements, uint32_t count,
		   FILE *out)
{
	/* Nothing required is nothing tested: a plan of none, which harnesses count as skipped. */
	(void)fprintf(out, count != 0 ? "1..%" PRIu32 "\n" : "1..%" PRIu32 " # SKIP nothing is required\n",
		      count);
	comment("kernel", report->facts.kernel, out);
	comment("cpu", report->facts.cpu_model, out);
	comment("kvm module", report->facts.kvm_module, out);
	comment("second dimension", second_dimension_name(report->second_dimension), out);
	comment("verdict", report->verdict, out);
	for (uint32_t i = 0; i < report->disturber_count && i < CHECK_MAX_DISTURBERS; i++)
		comment("disturbs", report->disturbers[i].what, out);
	for (uint32_t i = 0; i < count; i++) {
		(void)fprintf(out, "%sok %" PRIu32 " - ", requirements[i].met ? "" : "not ", i + 1);
		put_plain(requirements[i].text, out);
		(void)fputc('\n', out);
		comment("  because", requirements[i].reason, out);
	}
	if (fflush(out) != 0)
		return -errno;
	return ferror(out) != 0 ? -EIO : 0;
}
