/*
 * The member `host` of a file, checked against what host_facts_json writes: comparisons print it.
 */
#include "vmm/lab/sweep/read_parts.h"

static void expect_params(const struct node *host)
{
	struct node params = node_object(host, "params");
	const char *key;
	json_t *value;

	/* jansson's iterator takes what is not const, and changes nothing. */
	json_object_foreach((json_t *)params.json, key, value)
	{
		struct node param = {
			.json = value, .parent = &params, .key = key, .complaint = host->complaint
		};

		node_expect_text(&param);
	}
}

json_t *take_host(const struct node *root)
{
	static const char *const texts[] = { "kernel", "cpu_model", "kvm_module", "second_dimension",
					     "thp",    "shmem_thp", "ksm",        "nx_huge_pages" };
	static const char *const counts[] = { "cpus", "tsc_khz", "second_dimension_levels", "numa_nodes",
					      "memory_bytes" };
	struct node host = node_object(root, "host");

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct node text = node_member(&host, texts[i]);

		if (text.json != NULL)
			node_expect_text(&text);
	}
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		(void)take_known(&host, counts[i]);
	(void)take_bool(&host, "hypervisor");
	(void)take_bool(&host, "pmu");
	expect_params(&host);
	return take_shared(root, "host");
}
