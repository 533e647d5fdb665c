/*
 * Property: what a host's files say of how much this process may have is found, wherever they say it, and what they do not
 * say is unknown. It could break because a node without memory looks like one that is kept from us, because a container's
 * seccomp filter refuses the call that tells the memory policy, and because a policy that prefers looks like one that binds.
 */
#include <numaif.h>

#include "test.h"
#include "host_root.h"
#include "units.h"
#include "vmm/host/limits.h"

#define ANY (~UINT64_C(0))

static char root[HOST_ROOT_BYTES];

static int setup(void **state)
{
	(void)state;
	host_root_make(root);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	host_root_remove(root);
	return 0;
}

static const struct {
	const char *has_memory, *mems_allowed, *numa_maps; /* NULL: there is no such file */
	struct usable_nodes nodes;
} node_cases[] = {
	{ "0-1\n", "0-1", "7ff default stack anon=3 N0=3\n", { 3, 3, ANY, 3 } },
	/* Node 2 has no memory: it is in the cpuset or not, as the kernel likes, and kept from nobody. */
	{ "0-1\n", "0-2", NULL, { 3, 7, ANY, 3 } },
	{ "0-1,3\n", "0", NULL, { 11, 1, ANY, 1 } },
	{ "0-3\n",
	  "0-3",
	  "1000 default file=/x mapped=1\n7ff bind:1-2 stack anon=3 N0=3\n",
	  { 15, 15, 6, 6 } },
	{ "0-3\n", "0-3", "7ff bind=static:1 stack\n", { 15, 15, 2, 2 } },
	/* A mapping's own policy is not the process's. */
	{ "0-3\n", "0-3", "1000 bind:3 anon=1\n7ff default stack\n", { 15, 15, ANY, 15 } },
	/* These prefer, and fall back. */
	{ "0-3\n", "0-3", "7ff prefer:1 stack\n", { 15, 15, ANY, 15 } },
	{ "0-3\n", "0-3", "7ff interleave:1-2 stack\n", { 15, 15, ANY, 15 } },
	{ "0-3\n", "0-3", "7ff prefer (many):1-2 stack\n", { 15, 15, ANY, 15 } },
	{ "0-3\n", "0-3", "7ff bind:junk stack\n", { 15, 15, 0, 15 } },
	/* A kernel of 1024 nodes, and one that has nodes beyond those that are looked at. */
	{ "0-1023\n", "0-1023", NULL, { ANY, ANY, ANY, 0 } },
	{ "0,64\n", "0,64", NULL, { 1, 1, ANY, 1 } },
	{ "0-\n", "0", NULL, { 0, 1, ANY, 1 } },
	{ NULL, NULL, NULL, { 0, 0, 0, 0 } },
};

TEST(usable_nodes_are_in_each_mask_that_is_known)
{
	EACH (i, node_cases) {
		struct usable_nodes nodes;
		char status[128];

		host_root_make(root);
		if (node_cases[i].has_memory != NULL)
			host_root_put(root, "sys/devices/system/node/has_memory", node_cases[i].has_memory);
		(void)snprintf(status, sizeof(status), "Name:\tx\nMems_allowed_list:\t%s\n",
			       node_cases[i].mems_allowed != NULL ? node_cases[i].mems_allowed : "");
		if (node_cases[i].mems_allowed != NULL)
			host_root_put(root, "proc/self/status", status);
		if (node_cases[i].numa_maps != NULL)
			host_root_put(root, "proc/self/numa_maps", node_cases[i].numa_maps);
		limits_nodes(root, &nodes);
		host_root_remove(root);
		assert_int_equal(nodes.with_memory, node_cases[i].nodes.with_memory);
		assert_int_equal(nodes.cpuset, node_cases[i].nodes.cpuset);
		assert_int_equal(nodes.policy, node_cases[i].nodes.policy);
		assert_int_equal(nodes.usable, node_cases[i].nodes.usable);
	}
}

/* Kernels before 4.14 may have no list. */
TEST_WITH(each_node_says_what_memory_it_has, setup, teardown)
{
	struct usable_nodes nodes;

	host_root_put(root, "sys/devices/system/node/node0/meminfo", "Node 0 MemTotal:  1000 kB\n");
	host_root_put(root, "sys/devices/system/node/node1/meminfo", "Node 1 MemTotal:  0 kB\n");
	host_root_put(root, "sys/devices/system/node/node5/meminfo", "Node 5 MemTotal:  8 kB\n");
	limits_nodes(root, &nodes);
	assert_int_equal(nodes.with_memory, 0x21);
	assert_int_equal(nodes.usable, 0x21);
}

/* On this kernel: the call and the file say the same of a policy that was set, and it is what was set. */
TEST(the_policy_of_this_process_is_found)
{
	static const struct {
		int mode;
		bool binds;
	} policies[] = { { MPOL_DEFAULT, false }, { MPOL_BIND, true }, { MPOL_INTERLEAVE, false } };
	const unsigned long node_0 = 1;
	struct usable_nodes called, read;

	EACH (i, policies) {
		bool is_default = policies[i].mode == MPOL_DEFAULT;

		if (set_mempolicy(policies[i].mode, is_default ? NULL : &node_0, is_default ? 0 : 8) != 0)
			skip();
		limits_nodes("", &called);
		limits_nodes("/.", &read); /* not "": no call is made */
		assert_int_equal(set_mempolicy(MPOL_DEFAULT, NULL, 0), 0);
		assert_int_equal(called.policy, policies[i].binds ? 1 : ANY);
		assert_memory_equal(&called, &read, sizeof(read));
		assert_true((called.usable & 1) != 0);
	}
}
