/*
 * The check's report for people: how guests are paged here, what each switch means, what will disturb, what was required.
 * And the same as a test for a harness (Test Anything Protocol, testanything.org).
 */
#include <inttypes.h>
#include <string.h>

#include "units.h"
#include "vmm/lab/check/report.h"
#include "vmm/lab/pmu/counters.h"
#include "vmm/output/output.h"
#include "vmm/output/paragraph.h"
#include "vmm/util/text.h"

#define NAME_COLUMNS 19
#define HARDWARE_COLUMNS 9
#define ENABLED_COLUMNS 10
#define LEFT_COLUMNS (2 + NAME_COLUMNS + HARDWARE_COLUMNS + ENABLED_COLUMNS)

/* "5 CPUs", "unknown CPUs": 0 is what could not be read. */
static const char *count(uint64_t number, const char *one, char *buf, size_t size)
{
	if (number == 0)
		(void)snprintf(buf, size, "unknown %ss", one);
	else
		(void)snprintf(buf, size, "%" PRIu64 " %s%s", number, one, number == 1 ? "" : "s");
	return buf;
}

static void text_host(const struct check_report *report, FILE *out)
{
	const struct host_facts *f = &report->facts;
	char cpus[40], nodes[40], memory[40] = "unknown memory";

	if (f->memory_bytes != 0)
		(void)snprintf(memory, sizeof(memory), "%.1f GiB of memory",
			       (double)f->memory_bytes / (double)GIB);
	(void)fprintf(out, "minivmm %s check\n", MINIVMM_VERSION);
	paragraph(out, "host", "Linux %s", f->kernel);
	paragraph(out, "", "%s, %s, %s, %s",
		  strcmp(f->cpu_model, "unknown") == 0 ? "unknown CPU" : f->cpu_model,
		  count(f->cpus, "CPU", cpus, sizeof(cpus)), memory,
		  count(f->numa_nodes, "NUMA node", nodes, sizeof(nodes)));
}

/* Capabilities of one kind as one paragraph: the required ones, the others that are here, those that are not. */
static void text_capabilities(const struct kvm_probe *kvm, const char *label, bool required, bool has,
			      FILE *out)
{
	char text[4096] = "";

	for (uint32_t i = 0; i < kvm->capability_count; i++) {
		int value = kvm->capability[i].value;
		const char *name = kvm->capability[i].name;

		if (value < 0 || kvm->capability[i].required != required || (value > 0) != has)
			continue;
		if (strncmp(name, "KVM_CAP_", 8) == 0)
			name += 8;
		append(text, sizeof(text), "%s%.40s", text[0] == '\0' ? "" : "; ", name);
		if (value > 1)
			append(text, sizeof(text), "=%d", value);
		append(text, sizeof(text), " (%.160s)", kvm->capability[i].purpose);
	}
	if (text[0] != '\0')
		paragraph(out, label, "%s", text);
}

static void text_kvm(const struct kvm_probe *kvm, FILE *out)
{
	if (kvm->present == KNOWN_NO)
		paragraph(out, "/dev/kvm",
			  "not there%s%s: no guest can run here; `minivmm native` and this check can",
			  kvm->failure[0] != '\0' ? ", " : "", kvm->failure);
	else if (kvm->present == KNOWN_UNKNOWN && kvm->err == 0)
		paragraph(out, "/dev/kvm", "not asked: this is a recorded host");
	else if (kvm->permitted != KNOWN_YES)
		paragraph(out, "/dev/kvm", "there, but: %s", kvm->failure);
	else if (kvm->makes_vm == KNOWN_NO)
		paragraph(out, "/dev/kvm", "there, may be opened, API version %d, but: %s", kvm->api_version,
			  kvm->failure);
	else
		paragraph(out, "/dev/kvm", "there, may be opened, API version %d", kvm->api_version);
	if (kvm->cure[0] != '\0')
		paragraph(out, "  try", "%s", kvm->cure);
	text_capabilities(kvm, "  needed", true, true, out);
	text_capabilities(kvm, "  MISSING", true, false, out);
	text_capabilities(kvm, "  used", false, true, out);
	text_capabilities(kvm, "  lacking", false, false, out);
}

static void text_row(const struct check_row *row, FILE *out)
{
	char name[NAME_COLUMNS], enabled[ENABLED_COLUMNS];

	(void)fprintf(out, "  %-*s", NAME_COLUMNS, printable(row->name, name, sizeof(name)));
	/* A remark: neither the CPU nor a switch decides it. */
	if (!row->of_hardware && strcmp(row->enabled, "-") == 0) {
		paragraph_wrap(out, 2 + NAME_COLUMNS, row->effect);
		return;
	}
	(void)fprintf(out, "%-*s%-*s", HARDWARE_COLUMNS, row->of_hardware ? known_name(row->hardware) : "-",
		      ENABLED_COLUMNS, printable(row->enabled, enabled, sizeof(enabled)));
	paragraph_wrap(out, LEFT_COLUMNS, row->effect);
}

static void text_rows(const struct check_report *report, FILE *out)
{
	const char *module = report->facts.kvm_module;
	char name[NAME_COLUMNS];

	if (report->row_count == 0)
		return;
	(void)fprintf(out, "\n%-*s%-*s%-*s%s\n", 2 + NAME_COLUMNS,
		      strcmp(module, "none") == 0 ? "no KVM" : printable(module, name, sizeof(name)),
		      HARDWARE_COLUMNS, "hardware", ENABLED_COLUMNS, "enabled", "effect on your measurement");
	for (enum row_group group = 0; group < ROW_GROUP_COUNT; group++) {
		bool titled = false;

		for (uint32_t i = 0; i < report->row_count && i < CHECK_MAX_ROWS; i++) {
			if (report->rows[i].group != group)
				continue;
			if (!titled)
				(void)fprintf(out, "%s\n", name_of(&row_group_titles, group));
			titled = true;
			text_row(&report->rows[i], out);
		}
	}
}

static void text_disturbers(const struct check_report *report, FILE *out)
{
	char text[sizeof(report->disturbers[0].what) + sizeof(report->disturbers[0].effect) + 2];

	(void)fputc('\n', out);
	if (report->disturber_count == 0) {
		paragraph(out, "disturbers", "none found");
		return;
	}
	(void)fprintf(out, "will disturb a measurement:\n");
	for (uint32_t i = 0; i < report->disturber_count && i < CHECK_MAX_DISTURBERS; i++) {
		const struct check_disturber *d = &report->disturbers[i];

		(void)snprintf(text, sizeof(text), "%s%s%s", d->what, d->effect[0] != '\0' ? ": " : "",
			       d->effect);
		(void)fputs("  - ", out);
		paragraph_wrap(out, 4, text);
		if (d->command[0] != '\0') {
			(void)fputs("    $ ", out);
			paragraph_wrap(out, 6, d->command);
		}
	}
}

int check_text(const struct check_report *report, const struct requirement *requirements, uint32_t count,
	       FILE *out)
{
	text_host(report, out);
	text_kvm(&report->kvm, out);
	text_rows(report, out);
	(void)fputc('\n', out);
	if (report->pmu != NULL)
		(void)pmu_plan_text(report->pmu, "pmu", out);
	else
		paragraph(out, "pmu", "not asked: this is a recorded host");
	paragraph(out, "verdict", "%s", report->verdict);
	text_disturbers(report, out);
	require_text(requirements, count, out);
	return stream_finish(out);
}

int check_tap(const struct check_report *report, const struct requirement *requirements, uint32_t count,
	      FILE *out)
{
	tap_plan(count, out);
	tap_comment("kernel", report->facts.kernel, out);
	tap_comment("cpu", report->facts.cpu_model, out);
	tap_comment("kvm module", report->facts.kvm_module, out);
	tap_comment("second dimension", second_dimension_name(report->second_dimension), out);
	tap_comment("verdict", report->verdict, out);
	for (uint32_t i = 0; i < report->disturber_count && i < CHECK_MAX_DISTURBERS; i++)
		tap_comment("disturbs", report->disturbers[i].what, out);
	require_tap(requirements, count, out);
	return stream_finish(out);
}
