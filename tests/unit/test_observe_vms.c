/*
 * Property: of a VM that another process made, the leaves told are those that KVM counts for that very process, and what
 * cannot be seen is unknown, with what it takes, never a guess. It could break because debugfs names a VM after a thread that
 * may have ended and a number that may have changed, because each VMM backs its memory in its own way, and because a name may
 * hold what a terminal obeys.
 */
#include <math.h>
#include <linux/kcmp.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "golden.h"
#include "host_root.h"
#include "test.h"
#include "vmm/lab/observe/internal.h"
#include "vmm/output/paragraph.h"

#define FLEET TESTS_DIR "/fixtures/observe/fleet"

static struct observation o;
static char root[HOST_ROOT_BYTES];

static int free_observation(void **state)
{
	(void)state;
	observation_free(&o);
	memset(&o, 0, sizeof(o));
	return 0;
}

static enum status look(const char *below, struct observe_spec spec)
{
	struct error e = { .status = STATUS_OK };

	(void)free_observation(NULL);
	(void)observe_read(below, &spec, &o, &e);
	return e.status;
}

static const struct observed_vm *vm_of(const char *below, uint32_t pid)
{
	assert_int_equal(look(below, (struct observe_spec){ .pid = pid }), STATUS_OK);
	assert_int_equal(o.count, 1);
	return &o.vms[0];
}

static bool has_cause(const struct observed_vm *vm, const char *id)
{
	for (uint32_t i = 0; i < vm->cause_count; i++) {
		if (strcmp(vm->causes[i].id, id) == 0)
			return true;
	}
	return false;
}

/* Processes of a recorded host: two nodes, NPT, THP by madvise. */
static const struct {
	uint32_t pid;
	const char *kind, *name;
	enum ram_kind ram;
	int64_t leaves[VM_STAT_COUNT];
	enum leaves_verdict verdict;
	const char *cause;  /* NULL: none */
	const char *unseen; /* part of it; NULL: all was seen */
	uint64_t vcpu_nodes;
} fleet[] = {
	{ 102, "QEMU", "web-01", RAM_HUGETLB, { 365, 99, 0 }, LEAVES_HUGE, NULL, NULL, 1 },
	{ 201, "libvirt", "web-02", RAM_HUGETLB, { 365, 4013, 0 }, LEAVES_HUGE, "remote", NULL, 1 },
	{ 301, "Firecracker", "fn-7f3a", RAM_ANON, { 48121, 0, 0 }, LEAVES_SMALL, "thp_not_asked", NULL, 2 },
	/* The VM is made by a thread of its own. */
	{ 401,
	  "cloud-hypervisor",
	  "cloud-hypervisor",
	  RAM_SHMEM,
	  { 70113, 0, 0 },
	  LEAVES_SMALL,
	  "shared_memory",
	  NULL,
	  1 },
	{ 501, "kvmtool", "build-3", RAM_HUGETLB, { 0, 60, 0 }, LEAVES_HUGE, NULL, NULL, 1 },
	{ 601, "minivmm", "bench", RAM_HUGETLB, { 0, 64, 0 }, LEAVES_HUGE, NULL, NULL, 1 },
	{ 701, "QEMU", "tmpfs", RAM_SHMEM, { 41277, 0, 0 }, LEAVES_SMALL, "misaligned", NULL, 1 },
	{ 801, "QEMU", "db-01", RAM_ANON, { 6542210, 19012, 0 }, LEAVES_PART, "thp_part", NULL, 2 },
	{ 801, "QEMU", "db-01", RAM_ANON, { 6542210, 19012, 0 }, LEAVES_PART, "nx_splits", NULL, 2 },
	{ 901, "QEMU", "mig-07", RAM_HUGETLB, { 1045000, 7, 0 }, LEAVES_SMALL, "migrating", NULL, 2 },
	/* Two VMs are added up; of two with one name there is one directory. */
	{ 1001, "unknown VMM", "pair", RAM_HUGETLB, { 22, 122, 0 }, LEAVES_HUGE, NULL, NULL, 1 },
	{ 1101,
	  "unknown VMM",
	  "collide",
	  RAM_HUGETLB,
	  { -1, -1, -1 },
	  LEAVES_UNSEEN,
	  NULL,
	  "of 2 VMs it shows 1",
	  1 },
	/* Made by a thread that has ended; by one whose number thread 102, of another VMM, has now. */
	{ 1201, "QEMU", "orphan", RAM_HUGETLB, { 0, 100, 0 }, LEAVES_HUGE, NULL, NULL, 1 },
	{ 1301, "QEMU", "reused?[2J", RAM_ANON, { 50000, 0, 0 }, LEAVES_SMALL, "thp_not_asked", NULL, 1 },
	/* Started by virsh, with a display of 64M on THP: that is not its RAM. */
	{ 1401, "libvirt", "a,b c", RAM_SHMEM, { 65389, 0, 0 }, LEAVES_SMALL, "misaligned", NULL, 3 },
};

TEST_WITH(a_fleet, NULL, free_observation)
{
	EACH (i, fleet) {
		const struct observed_vm *vm = vm_of(FLEET, fleet[i].pid);

		assert_string_equal(vm->kind->name, fleet[i].kind);
		assert_string_equal(vm->name, fleet[i].name);
		assert_int_equal(vm->ram, fleet[i].ram);
		assert_memory_equal(vm->leaves, fleet[i].leaves, sizeof(vm->leaves));
		assert_int_equal(vm->verdict, fleet[i].verdict);
		assert_int_equal(vm->cause_count == 0, fleet[i].cause == NULL);
		assert_true(fleet[i].cause == NULL || has_cause(vm, fleet[i].cause));
		assert_int_equal(vm->unseen[0] == '\0', fleet[i].unseen == NULL);
		assert_true(fleet[i].unseen == NULL || strstr(vm->unseen, fleet[i].unseen) != NULL);
		assert_true(vm->vcpu_nodes == fleet[i].vcpu_nodes);
	}
}

TEST_WITH(shares, NULL, free_observation)
{
	const struct observed_vm *vm = vm_of(FLEET, 201);

	assert_true(fabs(vm->local_share - 2540.0 / 4096) < 1e-9);
	assert_true(vm->node_bytes[1] == 1556 * PAGE_2M && vm->memory.rss_bytes == 8 * GIB);
	vm = vm_of(FLEET, 102);
	assert_true(fabs(vm->huge_share - 99.0 * 512 / (99 * 512 + 365)) < 1e-9);
	assert_int_equal(vm->vms, 1);
	assert_int_equal(vm->vcpus, 1);
	/* THP is not in KernelPageSize. */
	vm = vm_of(FLEET, 801);
	assert_int_equal(vm->memory.kernel_page_bytes, PAGE_4K);
	assert_true(fabs(vm->backing_share - 0.61) < 0.001);
	assert_int_equal(vm_of(FLEET, 701)->hva_offset_bytes, PAGE_2M - PAGE_4K);
}

TEST_WITH(who_is_asked_for, NULL, free_observation)
{
	assert_int_equal(look(FLEET, (struct observe_spec){ .all = true }), STATUS_OK);
	assert_int_equal(o.count, COUNT_OF(fleet) - 1);
	assert_int_equal(o.vms[0].pid, 102);
	assert_int_equal(o.vms[13].pid, 1401);
	assert_int_equal(look(FLEET, (struct observe_spec){ .pattern = "web-0[12]" }), STATUS_OK);
	assert_int_equal(o.count, 2);
	assert_int_equal(look(FLEET, (struct observe_spec){ .pattern = "firecr" }), STATUS_OK);
	assert_int_equal(o.count, 1);
	assert_int_equal(look(FLEET, (struct observe_spec){ .pattern = "nobody" }), STATUS_CANNOT);
	/* No VM; no process. */
	assert_int_equal(look(FLEET, (struct observe_spec){ .pid = 1 }), STATUS_CANNOT);
	assert_int_equal(look(FLEET, (struct observe_spec){ .pid = 4711 }), STATUS_CANNOT);
	assert_int_equal(look(TESTS_DIR "/fixtures/host/no-kvm", (struct observe_spec){ .all = true }),
			 STATUS_CANNOT);
}

/* A host with one VM, of which the tests take something away. */
static int make_host(void **state)
{
	(void)state;
	host_root_make(root);
	host_root_put(root, "sys/devices/system/node/online", "0\n");
	host_root_put(root, "sys/module/kvm_amd/parameters/npt", "1\n");
	host_root_put(root, "sys/module/kvm_amd/initstate", "live\n");
	host_root_put(root, "proc/50/cmdline", "firecracker");
	host_root_put(root, "proc/50/task/50/comm", "firecracker\n");
	host_root_put(root, "proc/50/fd/placeholder", "");
	host_root_put(
		root, "proc/50/smaps",
		"7f0000000000-7f0010000000 rw-p 00000000 00:00 0 \nKernelPageSize: 4 kB\nRss: 4096 kB\n");
	host_root_put(root, "sys/kernel/debug/kvm/50-4/pages_4k", "1024\n");
	host_root_put(root, "sys/kernel/debug/kvm/50-4/pages_2m", "0\n");
	host_root_put(root, "sys/kernel/debug/kvm/50-4/pages_1g", "0\n");
	return 0;
}

static int drop_host(void **state)
{
	host_root_remove(root);
	return free_observation(state);
}

static void put_link(const char *path, const char *target)
{
	char full[256];

	(void)snprintf(full, sizeof(full), "%s/%s", root, path);
	assert_int_equal(symlink(target, full), 0);
}

static void take_away(const char *path)
{
	char full[256];

	(void)snprintf(full, sizeof(full), "%s/%s", root, path);
	assert_int_equal(remove(full), 0);
}

TEST_WITH(a_host_of_one, make_host, drop_host)
{
	const struct observed_vm *vm;

	assert_int_equal(look(root, (struct observe_spec){ .pid = 50 }), STATUS_CANNOT);
	put_link("proc/50/fd/4", "anon_inode:kvm-vm");
	vm = vm_of(root, 50);
	assert_int_equal(vm->verdict, LEAVES_SMALL);
	/* On a host of one node all memory is local, wherever vCPUs run. */
	assert_true(vm->local_share == 1);
	/* Numbers of debugfs are not those of a container. */
	host_root_put(root, "proc/self/ns/placeholder", "");
	put_link("proc/self/ns/pid", "pid:[4026532281]");
	vm = vm_of(root, 50);
	assert_int_equal(vm->proof, PROOF_NONE);
	assert_non_null(strstr(vm->unseen, "container"));
}

TEST_WITH(counts_that_are_not_there, make_host, drop_host)
{
	const struct observed_vm *vm;

	put_link("proc/50/fd/4", "anon_inode:kvm-vm");
	host_root_put(root, "sys/kernel/debug/kvm/50-4/pages_4k", "0\n");
	assert_int_equal(vm_of(root, 50)->verdict, LEAVES_IDLE);
	/* A kernel before 5.15 has one count for all large leaves. */
	take_away("sys/kernel/debug/kvm/50-4/pages_1g");
	vm = vm_of(root, 50);
	assert_int_equal(vm->verdict, LEAVES_UNSEEN);
	assert_int_equal(vm->leaves[VM_PAGES_4K], -1);
	assert_non_null(strstr(vm->unseen, "5.15"));
	take_away("sys/kernel/debug/kvm/50-4/pages_2m");
	take_away("sys/kernel/debug/kvm/50-4/pages_4k");
	take_away("sys/kernel/debug/kvm/50-4");
	assert_non_null(strstr(vm_of(root, 50)->unseen, "none of its directories"));
	/* Not a directory, which stands for one that may not be read. */
	take_away("sys/kernel/debug/kvm");
	host_root_put(root, "sys/kernel/debug/kvm", "");
	assert_non_null(strstr(vm_of(root, 50)->unseen, "it takes root"));
	take_away("sys/kernel/debug/kvm");
	assert_non_null(strstr(vm_of(root, 50)->unseen, "mount -t debugfs"));
	take_away("proc/50/smaps");
	vm = vm_of(root, 50);
	assert_non_null(strstr(vm->unseen, "smaps"));
	assert_true(isnan(vm->backing_share) && isnan(vm->local_share) && vm->ram == RAM_UNKNOWN);
}

/* A cause is told of what is not as one would want it, and of nothing else. */
TEST_WITH(huge_all_the_same, make_host, drop_host)
{
	put_link("proc/50/fd/4", "anon_inode:kvm-vm");
	host_root_put(root, "proc/50/task/51/comm", "live_migration\n");
	assert_true(has_cause(vm_of(root, 50), "migrating"));
	host_root_put(root, "sys/kernel/debug/kvm/50-4/pages_2m", "100\n");
	assert_int_equal(vm_of(root, 50)->verdict, LEAVES_HUGE);
	assert_false(has_cause(&o.vms[0], "migrating"));
}

/* A file that is open under two numbers is one VM. */
TEST(files_are_counted_once)
{
	const struct vm_source self = { .root = "", .pid = (uint32_t)getpid() };
	int one = eventfd(0, 0), two = eventfd(0, 0), again = dup(one), more[40];
	unsigned int fds[64];

	assert_true(one >= 0 && again >= 0 && two >= 0);
	if (syscall(SYS_kcmp, self.pid, self.pid, KCMP_FILE, one, again) != 0)
		skip();
	assert_int_equal(vm_files(&self, "anon_inode:?eventfd?", fds, 64), 2);
	assert_int_equal(vm_files(&self, "anon_inode:nothing", fds, 64), 0);
	/* Each file twice, the second numbers in another order. */
	EACH (i, more) {
		more[i] = i < 20 ? eventfd(0, 0) : dup(more[(i * 7) % 20]);
		assert_true(more[i] >= 0);
	}
	assert_int_equal(vm_files(&self, "anon_inode:?eventfd?", fds, 64), 22);
	assert_int_equal(vm_files(&self, "anon_inode:?eventfd?", fds, 7), 7);
	EACH (i, more)
		assert_int_equal(close(more[i]), 0);
	assert_int_equal(close(one) | close(again) | close(two), 0);
}

TEST_WITH(tables_that_count_twice, make_host, drop_host)
{
	put_link("proc/50/fd/4", "anon_inode:kvm-vm");
	host_root_put(root, "sys/module/kvm_amd/parameters/npt", "0\n");
	assert_int_equal(vm_of(root, 50)->verdict, LEAVES_COUNTED);
	assert_true(has_cause(&o.vms[0], "shadow"));
	take_away("sys/module/kvm_amd/parameters/npt");
	assert_int_equal(vm_of(root, 50)->verdict, LEAVES_COUNTED);
	assert_true(has_cause(&o.vms[0], "unknown_tables"));
}

/* RAM is all mappings of some size, however they are split; not the heap, and not what cannot be written. */
TEST_WITH(mappings, make_host, drop_host)
{
	const struct observed_vm *vm;

	put_link("proc/50/fd/4", "anon_inode:kvm-vm");
	host_root_put(
		root, "proc/50/smaps",
		"0000-40000000 rw-p 00000000 00:00 0   [heap]\nKernelPageSize: 4 kB\nRss: 77 kB\n"
		"7f0000000000-7f0010000000 rw-s 00000000 00:01 9 /memfd:a b (deleted)\nKernelPageSize: 4 kB\nRss: 4 kB\n"
		"7f0010000000-7f0020000000 rw-s 10000000 00:01 9 /memfd:a b (deleted)\nKernelPageSize: 4 kB\nRss: 8 kB\n"
		"7f0020000000-7f0020001000 ---p 00000000 00:00 0 \nKernelPageSize: 4 kB\nRss: 16 kB\n"
		"7f1000100000-7f1004100000 rw-s 00000000 00:0f 9 /h (deleted)\nKernelPageSize: 2048 kB\nPrivate_Hugetlb: 2048 kB\n"
		"7f2000000000-7f2003fff000 rw-p 00000000 00:00 0 \nKernelPageSize: 4 kB\nRss: 32 kB\n");
	vm = vm_of(root, 50);
	assert_true(vm->ram_bytes == 512 * MIB + 64 * MIB);
	assert_true(vm->memory.rss_bytes == 12 * KIB + 2 * MIB && vm->memory.huge_bytes == 2 * MIB);
	assert_int_equal(vm->ram, RAM_MIXED);
	assert_int_equal(vm->hva_offset_bytes, 0);
	host_root_put(root, "proc/50/smaps", "this is no smaps\n");
	assert_true(vm_of(root, 50)->ram_bytes == 0);
}

/* Arguments of QEMU, and what follows from them where 256M and 64M are mapped: a name, and how much is RAM. */
static const struct {
	const char arguments[64], *name;
	uint64_t ram_bytes;
} command_lines[] = {
	{ "-name\0one\0-m\000256", "one", 256 * MIB },
	{ "-name\0debug-threads=on,guest=,,two,,\0-m\0size=262144k", ",two,", 256 * MIB },
	{ "--name\0three,process=x\0--m=256M", "three", 256 * MIB },
	{ "-name\0guest=a=b\0-m\000320", "a=b", 320 * MIB },
	{ "-m\000256M,slots=2,maxmem=1G", "qemu-system-x86_64", 320 * MIB },
	{ "-m\0much", "qemu-system-x86_64", 320 * MIB },
	{ "-m\0001G\0-name", "qemu-system-x86_64", 320 * MIB },
	{ "-name\0debug-threads=on\0-machine\0m=1", "qemu-system-x86_64", 320 * MIB },
};

TEST_WITH(what_a_command_line_says, make_host, drop_host)
{
	put_link("proc/50/fd/4", "anon_inode:kvm-vm");
	host_root_put(root, "proc/50/smaps",
		      "7f0000000000-7f0010000000 rw-p 00000000 00:00 0 \nKernelPageSize: 4 kB\nRss: 4 kB\n"
		      "7f2000000000-7f2004000000 rw-p 00000000 00:00 0 \nKernelPageSize: 4 kB\nRss: 32 kB\n");
	EACH (i, command_lines) {
		static const char program[] = "/usr/bin/qemu-system-x86_64";
		char text[256] = "";
		const struct observed_vm *vm;

		memcpy(text, program, sizeof(program));
		memcpy(text + sizeof(program), command_lines[i].arguments,
		       sizeof(command_lines[i].arguments));
		host_root_put_bytes(root, "proc/50/cmdline", text,
				    sizeof(program) + sizeof(command_lines[i].arguments));
		vm = vm_of(root, 50);
		assert_string_equal(vm->name, command_lines[i].name);
		assert_true(vm->ram_bytes == command_lines[i].ram_bytes);
	}
}

static enum status judged(uint32_t pid, uint64_t expect_bytes)
{
	const struct observe_spec spec = { .pid = pid, .expect_bytes = expect_bytes };
	struct error e = { .status = STATUS_OK };

	(void)vm_of(FLEET, pid);
	(void)observe_judge(&spec, &o, &e);
	return e.status;
}

TEST_WITH(expectations, NULL, free_observation)
{
	assert_int_equal(judged(102, PAGE_2M), STATUS_OK);
	assert_int_equal(judged(102, PAGE_4K), STATUS_MISMATCH);
	assert_int_equal(judged(102, PAGE_1G), STATUS_MISMATCH);
	assert_int_equal(judged(301, PAGE_4K), STATUS_OK);
	assert_int_equal(judged(301, PAGE_2M), STATUS_MISMATCH);
	assert_int_equal(judged(801, PAGE_2M), STATUS_MISMATCH);
	assert_int_equal(judged(801, 0), STATUS_OK);
	assert_int_equal(judged(1101, PAGE_2M), STATUS_CANNOT);
	assert_int_equal(judged(1101, 0), STATUS_CANNOT);
}

static bool met(const char *list, uint32_t pid, const char *reason)
{
	struct error e = { .status = STATUS_OK };

	(void)vm_of(FLEET, pid);
	assert_int_equal(observe_require(list, &o, &e), 0);
	assert_int_equal(o.requirement_count, 1);
	assert_non_null(strstr(o.requirements[0].reason, reason));
	return o.requirements[0].met;
}

TEST_WITH(requirements, NULL, free_observation)
{
	static const char *const lists[] = { "huge",    "huge=",   "huge=%",    "huge=101%",
					     "huge=9x", "huge=-1", "local=1%%", "ept" };

	assert_true(met("huge=99%", 102, "99.3 %"));
	assert_true(met("huge=99", 102, "99.3 %"));
	assert_false(met("huge=100%", 102, "99.3 %"));
	assert_false(met("huge=10%", 1101, "unknown: "));
	assert_true(met("local=62%", 201, "62.0 %"));
	assert_false(met("local=63%", 201, "62.0 %"));
	EACH (i, lists) {
		struct error e = { .status = STATUS_OK };

		(void)vm_of(FLEET, 102);
		assert_true(observe_require(lists[i], &o, &e) < 0);
		assert_int_equal(e.status, STATUS_USAGE);
	}
}

static char *emit(int (*fn)(const struct observation *, FILE *))
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);

	assert_non_null(out);
	assert_int_equal(fn(&o, out), 0);
	assert_int_equal(fclose(out), 0);
	test_wrote(text);
	return text;
}

static void emits(int (*fn)(const struct observation *, FILE *), const char *path)
{
	char *text = emit(fn);

	golden_compare(text, path);
	if (fn == observe_text)
		assert_fits_screen(text);
	assert_null(strchr(text, '\033'));
	free(text);
}

TEST_WITH(outputs, NULL, free_observation)
{
	struct error e = { .status = STATUS_OK };

	assert_int_equal(look(FLEET, (struct observe_spec){ .all = true }), STATUS_OK);
	assert_int_equal(observe_require("huge=95%,local=100%", &o, &e), 0);
	for (uint32_t i = 0; i < o.count; i++)
		o.vms[i].smaps_ms = 0.5;
	o.readings = 1;
	emits(observe_text, TESTS_DIR "/golden/observe.txt");
	emits(observe_json, TESTS_DIR "/golden/observe.json");
	emits(observe_tap, TESTS_DIR "/golden/observe.tap");
	(void)vm_of(FLEET, 901);
	o.readings = 3;
	o.seconds = 10;
	emits(observe_text, TESTS_DIR "/golden/observe-one.txt");
}

TEST_WRITES()
