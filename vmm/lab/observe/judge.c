/*
 * What follows from what was seen of a VM: shares, a verdict, causes; and whether it is what somebody asked for.
 */
#include "vmm/lab/observe/internal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/util/size.h"
#include "vmm/util/text.h"

static const uint64_t leaf_bytes[VM_STAT_COUNT] = { PAGE_4K, PAGE_2M, PAGE_1G };

const struct names leaves_verdict_names = NAMES_OF("unseen", "idle", "counted", "small", "part", "huge");

const char *observe_verdict_words(const struct observed_vm *vm)
{
	static const char *const words[] = {
		[LEAVES_UNSEEN] = "NOT PROVEN: nothing here counts its leaves",
		[LEAVES_IDLE] = "NOTHING MAPPED",
		[LEAVES_COUNTED] = "COUNTED, NOT PROVEN: a page may count more than once in these tables",
		[LEAVES_SMALL] = "SMALL: the CPU walks to leaves of 4K",
		[LEAVES_PART] = "PART: neither 4K nor 2M and larger throughout",
		[LEAVES_HUGE] = "HUGE: the CPU walks to leaves of 2M or larger",
	};

	return words[vm->verdict];
}

/* Of all that KVM maps, the part on leaves of `first` and larger. NAN: not known, or nothing is mapped. */
static double share_from(const struct observed_vm *vm, enum vm_stat first)
{
	double all = 0, part = 0;

	for (int leaf = VM_PAGES_4K; leaf < VM_STAT_COUNT && vm->proof != PROOF_NONE; leaf++) {
		double bytes = (double)vm->leaves[leaf] * (double)leaf_bytes[leaf];

		all += bytes;
		part += leaf >= (int)first ? bytes : 0;
	}
	return all == 0 ? NAN : part / all;
}

static double local_share(const struct host_facts *host, const struct observed_vm *vm)
{
	double all = 0, local = 0;

	for (unsigned int node = 0; node < HOST_MAX_NODES; node++) {
		all += (double)vm->node_bytes[node];
		if ((vm->vcpu_nodes >> node & 1) != 0)
			local += (double)vm->node_bytes[node];
	}
	if (host->numa_nodes == 1 && vm->memory.rss_bytes != 0)
		return 1;
	return all == 0 || vm->vcpu_nodes == 0 ? NAN : local / all;
}

static enum leaves_verdict verdict_of(const struct host_facts *host, const struct observed_vm *vm)
{
	if (vm->proof == PROOF_NONE)
		return LEAVES_UNSEEN;
	if (isnan(vm->huge_share))
		return LEAVES_IDLE;
	if (!is_two_dimensional(host->second_dimension))
		return LEAVES_COUNTED;
	return vm->huge_share >= LEAVES_MOST       ? LEAVES_HUGE
	       : vm->huge_share <= 1 - LEAVES_MOST ? LEAVES_SMALL
						   : LEAVES_PART;
}

static void __attribute__((format(printf, 3, 4)))
add_cause(struct observed_vm *vm, const char *id, const char *fmt, ...)
{
	struct cause *cause = &vm->causes[vm->cause_count];
	va_list args;

	if (vm->cause_count == OBSERVE_MAX_CAUSES)
		return;
	(void)snprintf(cause->id, sizeof(cause->id), "%s", id);
	va_start(args, fmt);
	(void)vsnprintf(cause->text, sizeof(cause->text), fmt, args);
	va_end(args);
	vm->cause_count++;
}

static void find_causes(const struct host_facts *host, struct observed_vm *vm)
{
	const bool small_leaves = vm->huge_share < LEAVES_MOST;
	const bool small_pages = vm->backing_share < LEAVES_MOST;
	const bool thp = small_pages && vm->ram == RAM_ANON;

#define CAUSE(id, condition, ...) \
	if (condition)            \
		add_cause(vm, #id, __VA_ARGS__);
#include "vmm/lab/observe/causes.def"
#undef CAUSE
}

void observe_derive(const struct host_facts *host, struct observed_vm *vm)
{
	const struct observed_memory *memory = &vm->memory;

	vm->huge_share = share_from(vm, VM_PAGES_2M);
	vm->backing_share =
		memory->rss_bytes != 0 ? (double)memory->huge_bytes / (double)memory->rss_bytes : NAN;
	vm->local_share = local_share(host, vm);
	vm->verdict = verdict_of(host, vm);
	find_causes(host, vm);
}

/* "95%" or "95": met from so much on. `unknown` is what to say of a share that is NAN. */
static int share_is(struct evaluation *v, double share, const char *of_what, const char *unknown)
{
	size_t digits = strspn(v->value, "0123456789");
	char number[8];
	uint64_t percent;

	if (strcmp(v->value + digits, "%") != 0 && v->value[digits] != '\0')
		return -EINVAL;
	(void)snprintf(number, sizeof(number), "%.*s", (int)min_u64(digits, sizeof(number) - 1), v->value);
	if (number_parse(number, 0, 100, &percent) != 0)
		return -EINVAL;
	if (isnan(share))
		return conclude(v, KNOWN_UNKNOWN, "%s", unknown);
	return conclude(v, known_if(share * 100 >= (double)percent), "%.1f %% %s", 100 * share, of_what);
}

static int evaluate_huge(struct evaluation *v)
{
	const struct observed_vm *vm = v->of;

	return share_is(v, vm->verdict < LEAVES_SMALL ? NAN : vm->huge_share, "is on leaves of 2M and larger",
			observe_verdict_words(vm));
}

static int evaluate_local(struct evaluation *v)
{
	return share_is(v, ((const struct observed_vm *)v->of)->local_share,
			"is on nodes where a vCPU ran last",
			"the nodes of its memory or of its vCPUs cannot be seen");
}

static const struct requirement_rule rule_list[] = {
	{ "huge", "PERCENT%", "so much of what KVM maps for the guest is on leaves of 2M and larger",
	  evaluate_huge },
	{ "local", "PERCENT%", "so much of its resident memory is on nodes where a vCPU ran last",
	  evaluate_local },
};

const struct requirement_rules observe_rules = {
	.command = "observe",
	.list = rule_list,
	.count = COUNT_OF(rule_list),
};

int observe_require(const char *list, struct observation *o, struct error *e)
{
	struct requirement *all = calloc(o->count, REQUIRE_MAX * sizeof(*all));
	uint32_t count = 0;

	if (all == NULL)
		return error_set(e, STATUS_FAILED, ENOMEM, "observe --require", "no memory for the answers");
	o->requirements = all;
	for (uint32_t i = 0; i < o->count; i++) {
		int ret = require_evaluate(&observe_rules, list, "", &o->vms[i], &all[count], e);

		for (int added = 0; added < ret; added++, count++)
			append(all[count].text, sizeof(all->text), " %s", o->vms[i].name);
		if (ret < 0)
			return ret;
	}
	o->requirement_count = count;
	return 0;
}

static bool is_expected(const struct observed_vm *vm, uint64_t bytes)
{
	if (bytes == PAGE_4K)
		return vm->huge_share <= 1 - LEAVES_MOST;
	return share_from(vm, bytes == PAGE_1G ? VM_PAGES_1G : VM_PAGES_2M) >= LEAVES_MOST;
}

int observe_judge(const struct observe_spec *spec, const struct observation *o, struct error *e)
{
	char leaves[96], size[24];
	uint32_t unseen = 0;

	for (uint32_t i = 0; i < o->count; i++) {
		const struct observed_vm *vm = &o->vms[i];

		unseen += vm->verdict == LEAVES_UNSEEN;
		if (spec->expect_bytes == 0 || vm->verdict == LEAVES_UNSEEN)
			continue;
		if (vm->verdict < LEAVES_SMALL)
			return error_set(e, STATUS_CANNOT, 0, "observe --expect", "%s (pid %" PRIu32 "): %s",
					 vm->name, vm->pid, observe_verdict_words(vm));
		if (!is_expected(vm, spec->expect_bytes))
			return error_set(e, STATUS_MISMATCH, 0, "observe --expect",
					 "%s (pid %" PRIu32 "): %s, where %s were expected", vm->name,
					 vm->pid, observe_leaves(vm, leaves, sizeof(leaves)),
					 size_format(spec->expect_bytes, size));
	}
	if (unseen == 0 || (unseen < o->count && spec->expect_bytes == 0))
		return 0;
	return error_set(e, STATUS_CANNOT, 0, "observe",
			 "leaves of %" PRIu32 " of %" PRIu32 " VMs cannot be seen: %s", unseen, o->count,
			 o->vms[0].unseen);
}
