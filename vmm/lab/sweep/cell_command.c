/*
 * A cell as a command line: what the sweep runs, and what one types to run that cell alone.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "vmm/util/size.h"
#include "vmm/util/workloads.h"
#include "vmm/core/memory/backing.h"
#include "vmm/output/json.h"
#include "vmm/lab/sweep/plan.h"
#include "vmm/util/append.h"

#define LIST_BYTES 8192

static void word(json_t **words, const char *text)
{
	json_push(words, json_words(text));
}

static void option(json_t **words, const char *name, const char *value)
{
	word(words, name);
	word(words, value);
}

static void size_option(json_t **words, const char *name, uint64_t bytes)
{
	char text[24];

	option(words, name, size_format(bytes, text));
}

static void number_option(json_t **words, const char *name, uint64_t number)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, number);
	option(words, name, text);
}

static void choice_option(json_t **words, const char *name, enum choice choice)
{
	if (choice != CHOICE_DEFAULT)
		option(words, name, choice_name(choice));
}

static void memory_words(json_t **words, const struct run_spec *r)
{
	size_option(words, "--memory", r->machine.memory_bytes);
	if (r->machine.alias_bytes != 0)
		size_option(words, "--alias-memory", r->machine.alias_bytes);
	if (r->machine.mem_path != NULL)
		option(words, "--mem-path", r->machine.mem_path);
	else
		option(words, "--backing", backing_name(r->machine.backing));
	if (r->machine.page_bytes != 0 && r->machine.mem_path == NULL)
		size_option(words, "--page-size", r->machine.page_bytes);
	if (r->machine.populate == POPULATE_PREFAULT)
		word(words, "--prefault");
	else if (r->machine.populate >= POPULATE_PREALLOC)
		word(words, "--prealloc");
	if (r->machine.populate >= POPULATE_PREALLOC && r->machine.prealloc_threads != 0)
		number_option(words, "--prealloc-threads", r->machine.prealloc_threads);
	choice_option(words, "--share", r->machine.share);
	choice_option(words, "--reserve", r->machine.reserve);
}

static void placement_words(json_t **words, const struct run_spec *r)
{
	char list[LIST_BYTES] = "";

	if (r->machine.host_nodes != 0)
		option(words, "--host-nodes", bits_format(r->machine.host_nodes, list, sizeof(list)));
	if (r->machine.host_nodes != 0 && r->machine.policy != NUMA_POLICY_DEFAULT)
		option(words, "--policy", policy_name(r->machine.policy));
	number_option(words, "--smp", r->machine.vcpus);
	list[0] = '\0';
	for (uint32_t i = 0; i < r->machine.pin_count && i < SPEC_MAX_CPUS; i++)
		append(list, sizeof(list), "%s%u", i != 0 ? "," : "", r->machine.pin[i]);
	if (r->machine.pin_count != 0)
		option(words, "--pin", list);
}

json_t *cell_command(const struct run_spec *r)
{
	bool guest = !r->native;
	json_t *words = json_array();

	option(&words, "minivmm", guest ? "run" : "native");
	memory_words(&words, r);
	placement_words(&words, r);
	if (guest) {
		choice_option(&words, "--kernel-irqchip", r->machine.apic);
		size_option(&words, "--guest-page", r->machine.guest_page_bytes);
		if (r->machine.guest_ad)
			option(&words, "--guest-ad", "on");
	}
	option(&words, "--workload", workload_table[r->work.workloads[0]].name);
	if (r->work.set_count != 0)
		size_option(&words, "--working-set", r->work.sets_bytes[0]);
	if (r->work.accesses != 0)
		number_option(&words, "--accesses", r->work.accesses);
	number_option(&words, "--repeat", r->repeat);
	number_option(&words, "--seed", r->work.seed);
	number_option(&words, "--timeout", r->machine.timeout_s);
	return words;
}
