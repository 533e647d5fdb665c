/*
 * Property: the lines of a plan are right to the letter, because people paste them. It could break where a page size is
 * not the default one, nodes are not neighbours, a mount is there already or its path is no plain word, or where a long
 * command is broken at a place that changes its meaning.
 */
#include "test.h"
#include "pool_root.h"

#include <jansson.h>

#include "pool_root.h"
#include "units.h"
#include "vmm/host/pool/lines.h"
#include "vmm/host/pool/pool.h"
#include "vmm/util/array.h"

#define EPT TESTS_DIR "/fixtures/host/intel-ept"

static struct pool_report report;
static struct pool_use use;
static struct pool_plan plan;
static struct pool_lines lines;

static void make(uint64_t bytes, uint64_t page_bytes, uint64_t nodes)
{
	struct error e = { 0 };

	use = use_of(bytes, page_bytes, nodes);
	assert_int_equal(pool_plan_make(&report, &use, &plan, &e), 0);
	pool_lines_free(&lines);
	pool_lines_all(&report, &use, &plan, &lines);
}

static int fixture(void **state)
{
	(void)state;
	pool_report_read(EPT, &report);
	return 0;
}

/* The nth line of a kind. */
static void line_is(enum pool_line_kind kind, uint32_t nth, const char *text)
{
	LOOP (uint32_t, i, 0, i < lines.count, i++) {
		if (lines.line[i].kind != kind || nth-- != 0)
			continue;
		if (text == NULL)
			fail_msg("unexpected %s line: %s", pool_line_infos[kind].name, lines.line[i].text);
		assert_string_equal(lines.line[i].text, text);
		return;
	}
	if (text != NULL)
		fail_msg("no %s line for: %s", pool_line_infos[kind].name, text);
}

TEST_WITH(default_size, fixture, NULL)
{
	make(200 * MIB, PAGE_2M, 0);
	line_is(LINE_SYSCTL, 0, "sysctl vm.nr_hugepages=132");
	line_is(LINE_SYSFS, 0, "echo 132 > /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages");
	line_is(LINE_SYSFS, 1, NULL);
	line_is(LINE_CGROUP, 0, "echo 226492416 > /sys/fs/cgroup/user.slice/hugetlb.2MB.max");
	line_is(LINE_CGROUP, 1, "echo 209715200 > /sys/fs/cgroup/user.slice/hugetlb.2MB.rsvd.max");
	line_is(LINE_SCRIPT, 0, "scripts/hugepages.sh reserve 2M 100");
	line_is(LINE_BOOT, 0, "hugepagesz=2M hugepages=132");
	line_is(LINE_BOOT, 1, NULL);
	line_is(LINE_MOUNT, 0,
		"mkdir -p /dev/hugepages-2M && mount -t hugetlbfs -o pagesize=2M hugetlbfs "
		"/dev/hugepages-2M");
	line_is(LINE_FSTAB, 0, "hugetlbfs /dev/hugepages-2M hugetlbfs pagesize=2M 0 0");
	line_is(LINE_MINIVMM, 0, "minivmm run -m 200M --backing hugetlb --page-size 2M --prealloc");
	line_is(LINE_MINIVMM, 1, "minivmm run -m 200M --mem-path /dev/hugepages-2M --prealloc");
}

TEST_WITH(other_size, fixture, NULL)
{
	make(16 * GIB - 1, PAGE_1G, 0);
	line_is(LINE_SYSCTL, 0, NULL);
	line_is(LINE_SYSFS, 0, "echo 18 > /sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages");
	line_is(LINE_CGROUP, 0, NULL);
	line_is(LINE_BOOT, 0, "hugepagesz=1G hugepages=18");
	line_is(LINE_BOOT, 1, "default_hugepagesz=1G hugepagesz=1G hugepages=18");
	/* Whole pages: QEMU and libvirt take no others. */
	line_is(LINE_QEMU, 0,
		"-m 16G -machine memory-backend=ram -object memory-backend-memfd,id=ram,size=16G,"
		"hugetlb=on,hugetlbsize=1G,prealloc=on");
	line_is(LINE_LIBVIRT, 0,
		"<memory unit='KiB'>16777216</memory>\n<memoryBacking>\n  <hugepages>\n"
		"    <page size='1048576' unit='KiB'/>\n  </hugepages>\n  <allocation mode='immediate'/>\n"
		"</memoryBacking>");
}

TEST_WITH(one_node, fixture, NULL)
{
	make(4 * GIB, PAGE_1G, 2);
	line_is(LINE_SYSCTL, 0, NULL);
	line_is(LINE_SYSFS, 0,
		"echo 6 > /sys/devices/system/node/node1/hugepages/hugepages-1048576kB/nr_hugepages");
	line_is(LINE_SYSFS, 1, NULL);
	line_is(LINE_SCRIPT, 0, "scripts/hugepages.sh reserve 1G 4 --node 1");
	/* The other node keeps what it has. */
	line_is(LINE_BOOT, 0, "hugepagesz=1G hugepages=0:1,1:6");
	line_is(LINE_MINIVMM, 0,
		"minivmm run -m 4G --backing hugetlb --page-size 1G --prealloc --host-nodes 1 --policy bind");
	line_is(LINE_QEMU, 1,
		"-m 4G -machine memory-backend=ram -object memory-backend-file,id=ram,size=4G,"
		"mem-path=/dev/hugepages-1G,share=on,prealloc=on,host-nodes=1,policy=bind");
}

TEST_WITH(nodes_apart, fixture, NULL)
{
	struct pool_size *size = &report.sizes[0];
	char list[64];

	report.allowed.cpuset = 0;
	size->node_count = 4;
	for (uint32_t i = 0; i < 4; i++)
		size->nodes[i] = (struct pool_node){ .node = i == 3 ? 7 : i, .spare_bytes = UINT64_MAX };
	make(80 * MIB, PAGE_2M, 1 << 0 | 1 << 1 | 1 << 2 | 1 << 7);
	assert_string_equal(pool_node_list(&plan, list, sizeof(list)), "0-2,7");
	line_is(LINE_BOOT, 0, "hugepagesz=2M hugepages=0:10,1:10,2:10,7:10");
	line_is(LINE_MINIVMM, 0,
		"minivmm run -m 80M --backing hugetlb --page-size 2M --prealloc --host-nodes 0-2,7 --policy "
		"bind");
	line_is(LINE_QEMU, 0,
		"-m 80M -machine memory-backend=ram -object memory-backend-memfd,id=ram,size=80M,hugetlb=on,"
		"hugetlbsize=2M,prealloc=on,host-nodes=0-2,host-nodes=7,policy=bind");
	assert_string_equal(pool_node_list(&plan, list, 4), "0-2");
}

/* With room for a longer path. */
static char *add_mount(const char *path, uint64_t page_bytes, const char *options)
{
	struct pool_mount m = { calloc(1, 256), strdup(options), page_bytes, 0 };

	if (m.path == NULL || m.options == NULL || ARRAY_PUSH(report.mounts, report.mount_count, m) != 0) {
		free(m.path);
		free(m.options);
		fail_msg("no memory");
		return NULL;
	}
	(void)snprintf(m.path, 256, "%s", path);
	return m.path;
}

TEST_WITH(mounts_that_are_there, fixture, NULL)
{
	add_mount("/mnt/one gig", PAGE_1G, "rw,pagesize=1024M");
	add_mount("/var/lib/pods/1/huge", PAGE_2M, "rw,pagesize=2M");
	add_mount("/ro", PAGE_2M, "ro,pagesize=2M");
	add_mount("/small", PAGE_2M, "rw,pagesize=2M,size=1048576");
	add_mount("/dev/hugepages", PAGE_2M, "rw,gid=36,pagesize=2M,mode=1770,size=2147483648");
	add_mount("/mnt/unknown", 0, "rw");
	add_mount("/dev/hugepages-1G", PAGE_1G, "rw,pagesize=1024M,size=1G");
	make(2 * MIB, PAGE_2M, 0);
	assert_true(plan.enough);
	line_is(LINE_SYSFS, 0, NULL);
	line_is(LINE_SCRIPT, 0, NULL);
	line_is(LINE_MOUNT, 0, NULL);
	line_is(LINE_FSTAB, 0,
		"hugetlbfs /dev/hugepages hugetlbfs rw,gid=36,mode=1770,size=2147483648,pagesize=2M 0 0");
	line_is(LINE_MINIVMM, 1, "minivmm run -m 2M --mem-path /dev/hugepages --prealloc");
	make(GIB, PAGE_1G, 0);
	line_is(LINE_FSTAB, 0, "hugetlbfs /dev/hugepages-1G hugetlbfs rw,size=1G,pagesize=1G 0 0");
	/*
	 * A path that a shell, fstab and QEMU each quote in their own way is not proposed, a mount that is too small neither,
	 * and nothing is mounted on top of it.
	 */
	make(2 * GIB, PAGE_1G, 0);
	line_is(LINE_MOUNT, 0,
		"mkdir -p /dev/hugepages-1G-2 && mount -t hugetlbfs -o pagesize=1G hugetlbfs /dev/hugepages-1G-2");
	line_is(LINE_FSTAB, 0, "hugetlbfs /dev/hugepages-1G-2 hugetlbfs pagesize=1G 0 0");
}

TEST_WITH(odd_group_names, fixture, NULL)
{
	struct pool_size *size = &report.sizes[0];

	char odd[] = "/g/a\\x2db.scope/hugetlb.2MB.max", quoted[] = "/g/it's; rm/hugetlb.2MB.max";
	struct limit list[] = { { odd, 0, 0 }, { quoted, PAGE_2M, PAGE_2M } };
	const struct limits before = size->limits;

	size->limits = (struct limits){ .list = list, .count = 2 };
	make(PAGE_2M, PAGE_2M, 0);
	line_is(LINE_CGROUP, 0, "echo 2097152 > '/g/a\\x2db.scope/hugetlb.2MB.max'");
	line_is(LINE_CGROUP, 1, "echo 4194304 > '/g/it'\\''s; rm/hugetlb.2MB.max'");
	size->limits = before;
}

/* The longest path that a control group has: a command that was cut would write elsewhere. */
TEST_WITH(long_group_names, fixture, NULL)
{
	struct pool_size *size = &report.sizes[0];
	const struct limits before = size->limits;
	static char path[4000], command[4100];
	struct limit tight = { path, 0, 0 };

	memset(path, 'g', sizeof(path) - 1);
	path[0] = '/';
	path[100] = ' ';
	size->limits = (struct limits){ .list = &tight, .count = 1 };
	make(PAGE_2M, PAGE_2M, 0);
	(void)snprintf(command, sizeof(command), "echo 2097152 > '%s'", path);
	line_is(LINE_CGROUP, 0, command);
	size->limits = before;
}

static char *text_of(int (*emit)(const struct pool_report *, const struct pool_use *,
				 const struct pool_plan *, FILE *))
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(emit(&report, &use, &plan, out), 0);
	assert_int_equal(fclose(out), 0);
	test_wrote(text);
	return text;
}

/* As a shell reads it: a backslash at the end of a line and the newline behind it are nothing. */
static void continue_lines(char *text)
{
	char *to = text;

	for (const char *from = text; *from != '\0';) {
		if (from[0] == '\\' && from[1] == '\n')
			from += 2;
		else
			*to++ = *from++;
	}
	*to = '\0';
}

static void squeeze_blanks(char *text)
{
	char *to = text;

	for (const char *from = text; *from != '\0'; from++) {
		if (*from != ' ' || to == text || to[-1] != ' ')
			*to++ = *from;
	}
	*to = '\0';
}

/* No line is wider than the screen, and what a shell reads of it are the commands. */
static void check_text(void)
{
	char *text = text_of(pool_plan_text);

	for (const char *p = text; *p != '\0'; p += strcspn(p, "\n") + 1) {
		if (strcspn(p, "\n") > 100)
			fail_msg("wider than 100 columns: %.*s", (int)strcspn(p, "\n"), p);
	}
	continue_lines(text);
	squeeze_blanks(text);
	LOOP (uint32_t, k, 0, k < lines.count, k++) {
		if (pool_line_infos[lines.line[k].kind].shell && strstr(text, lines.line[k].text) == NULL)
			fail_msg("not in the text: %s", lines.line[k].text);
	}
	free(text);
}

TEST_WITH(text_is_narrow_and_whole, fixture, NULL)
{
	char *path;

	make(200 * MIB, PAGE_2M, 0);
	check_text();
	make(200 * MIB, PAGE_2M, 3);
	check_text();
	make(16 * GIB, PAGE_1G, 2);
	check_text();
	/* Every place at which a line can end. */
	path = add_mount("/", PAGE_1G, "rw");
	LOOP (size_t, length, 1, length < 54, length++) {
		make(16 * GIB, PAGE_1G, length % 4);
		check_text();
		path[length] = 'a';
		path[length + 1] = '\0';
	}
}

TEST_WITH(json_has_every_line, fixture, NULL)
{
	json_t *root, *kinds;
	uint32_t told = 0;
	json_error_t e;
	char *text;

	make(200 * MIB, PAGE_2M, 3);
	text = text_of(pool_plan_json);
	root = json_loads(text, 0, &e);
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(root, "schema")), "minivmm.pool-plan/1");
	assert_int_equal(json_integer_value(json_object_get(root, "needed")), 100);
	assert_int_equal(json_integer_value(json_object_get(root, "missing")), 68);
	assert_true(json_is_false(json_object_get(root, "enough")));
	assert_int_equal(json_array_size(json_object_get(root, "nodes")), 2);
	kinds = json_object_get(root, "lines");
	LOOP (int, kind, 0, kind < LINE_KIND_COUNT, kind++) {
		const json_t *array = json_object_get(kinds, pool_line_infos[kind].name);

		assert_true(json_is_array(array));
		told += (uint32_t)json_array_size(array);
	}
	assert_int_equal(told, lines.count);
	json_decref(root);
	free(text);
}

TEST_WITH(show_json, fixture, NULL)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	json_t *root, *pool;

	assert_non_null(out);
	assert_int_equal(pool_show_json(&report, out), 0);
	assert_int_equal(fclose(out), 0);
	test_wrote(text);
	root = json_loads(text, 0, NULL);
	assert_non_null(root);
	pool = json_array_get(json_object_get(root, "sizes"), 0);
	assert_int_equal(json_integer_value(json_object_get(pool, "available")), 24);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(pool, "cgroup"), "max_bytes")),
			 64 * MIB);
	pool = json_array_get(json_object_get(root, "sizes"), 1);
	assert_true(json_is_null(json_object_get(json_object_get(pool, "cgroup"), "max_bytes")));
	json_decref(root);
	free(text);
}

/* A full disk is an error, in both forms. */
TEST_WITH(lost_output_is_told, fixture, NULL)
{
	FILE *full = fopen("/dev/full", "w");

	assert_non_null(full);
	make(200 * MIB, PAGE_2M, 0);
	assert_true(pool_show_text(&report, full) < 0);
	assert_true(pool_show_json(&report, full) < 0);
	assert_true(pool_plan_text(&report, &use, &plan, full) < 0);
	assert_true(pool_plan_json(&report, &use, &plan, full) < 0);
	(void)fclose(full);
}

TEST_WRITES()
