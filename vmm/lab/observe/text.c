/*
 * An observation for people: one VM as paragraphs, several as a table with what to know of each; and as TAP.
 */
#include "vmm/lab/observe/internal.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "vmm/output/output.h"
#include "vmm/output/paragraph.h"
#include "vmm/output/table.h"
#include "vmm/util/size.h"
#include "vmm/util/text.h"

const char *observe_leaves(const struct observed_vm *vm, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%" PRId64 " of 4K, %" PRId64 " of 2M, %" PRId64 " of 1G",
		       vm->leaves[VM_PAGES_4K], vm->leaves[VM_PAGES_2M], vm->leaves[VM_PAGES_1G]);
	return vm->proof != PROOF_NONE ? buf : "not seen";
}

/* "97.3 %", "-" where it is not known. */
static const char *percent(double share, char buf[16])
{
	(void)snprintf(buf, 16, isnan(share) ? "-" : "%.1f %%", 100 * share);
	return buf;
}

/* Whole MiB, as memory is counted here. */
static const char *mebibytes(uint64_t bytes, char buf[24])
{
	return size_format(bytes < MIB ? bytes : align_down(bytes, MIB), buf);
}

/* "0: 206M, 1: 50M". */
static const char *nodes(const struct observed_vm *vm, char *buf, size_t size)
{
	char bytes[24];

	buf[0] = '\0';
	for (unsigned int node = 0; node < HOST_MAX_NODES; node++) {
		if (vm->node_bytes[node] != 0)
			append(buf, size, "%s%u: %s", buf[0] != '\0' ? ", " : "", node,
			       mebibytes(vm->node_bytes[node], bytes));
	}
	return buf[0] != '\0' ? buf : "-";
}

static const char *vcpu_nodes(const struct observed_vm *vm, char *buf, size_t size)
{
	return vm->vcpu_nodes != 0 ? bits_format(vm->vcpu_nodes, buf, size) : "-";
}

static void text_backing(const struct observed_vm *vm, FILE *out)
{
	char ram[24], resident[24], page[24], huge[16], of_nodes[256], ran[64];
	const struct observed_memory *m = &vm->memory;

	if (vm->ram_bytes == 0) {
		paragraph(out, "backing", "not seen");
		return;
	}
	paragraph(
		out, "backing",
		"%s, the kernel's page is %s; resident %s of %s, %s of it on huge pages; on nodes %s; vCPUs ran last on %s",
		name_of(&ram_kind_names, vm->ram),
		m->kernel_page_bytes != 0 ? size_format(m->kernel_page_bytes, page) : "of several sizes",
		mebibytes(m->rss_bytes, resident), mebibytes(vm->ram_bytes, ram),
		percent(vm->backing_share, huge), nodes(vm, of_nodes, sizeof(of_nodes)),
		vm->vcpu_nodes != 0 ? vcpu_nodes(vm, ran, sizeof(ran)) : "nodes that are not known");
}

static void text_one(const struct observed_vm *vm, FILE *out)
{
	char leaves[96], share[16], vcpus[24] = "?";

	if (vm->vcpus != 0)
		(void)snprintf(vcpus, sizeof(vcpus), "%" PRIu32, vm->vcpus);
	paragraph(out, "vm", "%s, pid %" PRIu32 ", %s (%s), %s vCPU%s%s", vm->name, vm->pid, vm->kind->name,
		  vm->program, vcpus, vm->vcpus == 1 ? "" : "s",
		  vm->vms > 1 ? "; several VMs in one process, added up" : "");
	text_backing(vm, out);
	paragraph(out, "leaves",
		  vm->proof != PROOF_NONE ? "%s by %s: %s of what KVM maps is on 2M and larger" : "%s",
		  observe_leaves(vm, leaves, sizeof(leaves)), name_of(&proof_names, vm->proof),
		  percent(vm->huge_share, share));
	for (uint32_t i = 0; i < vm->cause_count; i++)
		paragraph(out, i == 0 ? "because" : "", "%s", vm->causes[i].text);
	paragraph(out, "verdict", "%s", observe_verdict_words(vm));
	if (vm->unseen[0] != '\0')
		paragraph(out, "not seen", "%s", vm->unseen);
}

static bool says(const struct observed_vm *vm, const char *text)
{
	for (uint32_t i = 0; i < vm->cause_count; i++) {
		if (strcmp(vm->causes[i].text, text) == 0)
			return true;
	}
	return strcmp(vm->unseen, text) == 0;
}

/* What is said of VM `first`, and of those behind it of which the same is; once. */
static void text_shared(const struct observation *o, uint32_t first, const char *text, FILE *out)
{
	char names[512] = "";

	for (uint32_t i = 0; i < first; i++) {
		if (says(&o->vms[i], text))
			return;
	}
	for (uint32_t i = first; i < o->count; i++) {
		if (says(&o->vms[i], text))
			append(names, sizeof(names), "%s%s", names[0] != '\0' ? ", " : "", o->vms[i].name);
	}
	paragraph(out, strcmp(o->vms[first].unseen, text) == 0 ? "not seen" : "because", "%s: %s", names,
		  text);
}

static int text_several(const struct observation *o, FILE *out)
{
	static const char *const titles[] = { "-VM",      "pid",        "vCPU",    "RAM",
					      "resident", "-backing",   "  huge",  "-nodes",
					      "-ran on",  "leaves 2M+", "-verdict" };
	static const uint32_t drop[] = { 2, 4, 8 };
	struct table t;
	int ret;

	table_init(&t, titles, COUNT_OF(titles));
	for (uint32_t i = 0; i < o->count; i++) {
		const struct observed_vm *vm = &o->vms[i];
		char buf[256];

		table_put(&t, "%.24s", vm->name);
		table_put(&t, "%" PRIu32, vm->pid);
		table_count(&t, vm->vcpus != 0 ? (int64_t)vm->vcpus : -1);
		table_put(&t, "%s", vm->ram_bytes != 0 ? mebibytes(vm->ram_bytes, buf) : "-");
		table_put(&t, "%s", vm->ram_bytes != 0 ? mebibytes(vm->memory.rss_bytes, buf) : "-");
		table_put(&t, "%s", name_of(&ram_kind_names, vm->ram));
		table_put(&t, "%s", percent(vm->backing_share, buf));
		table_put(&t, "%.24s", nodes(vm, buf, sizeof(buf)));
		table_put(&t, "%s", vcpu_nodes(vm, buf, sizeof(buf)));
		table_put(&t, "%s", percent(vm->huge_share, buf));
		table_put(&t, "%s", name_of(&leaves_verdict_names, vm->verdict));
	}
	ret = table_section(&t, drop, COUNT_OF(drop), -1, out);
	for (uint32_t i = 0; i < o->count; i++) {
		const struct observed_vm *vm = &o->vms[i];

		for (uint32_t c = 0; c < vm->cause_count; c++)
			text_shared(o, i, vm->causes[c].text, out);
		if (vm->unseen[0] != '\0')
			text_shared(o, i, vm->unseen, out);
	}
	return ret;
}

int observe_text(const struct observation *o, FILE *out)
{
	const struct host_facts *h = &o->host;

	paragraph(out, "host", "%s; %s, %s; THP %s, of shared memory %s", h->cpu_model, h->kvm_module,
		  second_dimension_name(h->second_dimension), h->thp, h->shmem_thp);
	if (o->readings > 1)
		paragraph(out, "read", "%" PRIu32 " times in %.0f s; this is the last time", o->readings,
			  o->seconds);
	if (o->count == 1)
		text_one(&o->vms[0], out);
	else if (text_several(o, out) != 0)
		return -ENOMEM;
	if (o->hidden != 0)
		paragraph(
			out, "not seen",
			"%" PRIu32
			" processes that this user may not look at (/proc is mounted with hidepid=1); root may",
			o->hidden);
	require_text(o->requirements, o->requirement_count, out);
	return stream_finish(out);
}

void observe_line(const struct observed_vm *vm, double seconds, FILE *out)
{
	char leaves[96], share[16], resident[24];

	(void)fprintf(out, "%8.1f s  %s (pid %" PRIu32 ")  resident %s  leaves %s: %s\n", seconds, vm->name,
		      vm->pid, mebibytes(vm->memory.rss_bytes, resident),
		      observe_leaves(vm, leaves, sizeof(leaves)), percent(vm->huge_share, share));
}

int observe_tap(const struct observation *o, FILE *out)
{
	char leaves[96], text[160];

	tap_plan(o->requirement_count, out);
	tap_comment("kvm module", o->host.kvm_module, out);
	for (uint32_t i = 0; i < o->count; i++) {
		const struct observed_vm *vm = &o->vms[i];

		(void)snprintf(text, sizeof(text), "%s, pid %" PRIu32 ": %s", vm->name, vm->pid,
			       observe_leaves(vm, leaves, sizeof(leaves)));
		tap_comment("leaves", text, out);
	}
	require_tap(o->requirements, o->requirement_count, out);
	return stream_finish(out);
}
