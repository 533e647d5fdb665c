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

static void choice_option(json_t **words, const char *name, enum guest_tristate choice)
{
	if (choice != CHOICE_DEFAULT)
		option(words, name, choice == CHOICE_ON ? "on" : "off");
}

static void memory_words(json_t **words, const struct request *r)
{
	size_option(words, "--memory", r->memory_bytes);
	if (r->alias_bytes != 0)
		size_option(words, "--alias-memory", r->alias_bytes);
	if (r->mem_path != NULL)
		option(words, "--mem-path", r->mem_path);
	else
		option(words, "--backing", backing_name(r->backing));
	if (r->page_bytes != 0 && r->mem_path == NULL)
		size_option(words, "--page-size", r->page_bytes);
	if (r->prefault)
		word(words, "--prefault");
	else if (r->prealloc)
		word(words, "--prealloc");
	if (r->prealloc && r->prealloc_threads != 0)
		number_option(words, "--prealloc-threads", r->prealloc_threads);
	choice_option(words, "--share", r->share);
	choice_option(words, "--reserve", r->reserve);
}

static void placement_words(json_t **words, const struct request *r)
{
	static const char *const policies[] = { "default", "bind", "preferred", "interleave" };
	char list[LIST_BYTES] = "";

	for (int node = 0; node < REQUEST_MAX_NODES; node++) {
		if ((r->host_nodes >> node & 1) != 0)
			append(list, sizeof(list), "%s%d", list[0] != '\0' ? "," : "", node);
	}
	if (list[0] != '\0')
		option(words, "--host-nodes", list);
	if (r->host_nodes != 0 && r->policy != NUMA_POLICY_DEFAULT)
		option(words, "--policy", policies[r->policy]);
	number_option(words, "--smp", r->vcpus);
	list[0] = '\0';
	for (uint32_t i = 0; i < r->pin_count && i < REQUEST_MAX_CPUS; i++)
		append(list, sizeof(list), "%s%u", i != 0 ? "," : "", r->pin[i]);
	if (r->pin_count != 0)
		option(words, "--pin", list);
}

json_t *cell_command(const struct request *r)
{
	bool guest = r->command != COMMAND_NATIVE;
	json_t *words = json_array();

	option(&words, "minivmm", guest ? "run" : "native");
	memory_words(&words, r);
	placement_words(&words, r);
	if (guest) {
		choice_option(&words, "--kernel-irqchip", r->apic);
		size_option(&words, "--guest-page", r->guest_page_bytes);
		if (r->guest_ad)
			option(&words, "--guest-ad", "on");
	}
	option(&words, "--workload", workload_table[r->workloads[0]].name);
	if (r->set_count != 0)
		size_option(&words, "--working-set", r->sets_bytes[0]);
	if (r->accesses != 0)
		number_option(&words, "--accesses", r->accesses);
	number_option(&words, "--repeat", r->repeat);
	number_option(&words, "--seed", r->seed);
	number_option(&words, "--timeout", r->timeout_s);
	return words;
}
