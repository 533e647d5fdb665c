/*
 * Property: every row of the table of causes is reached, none hides another, and a failure that none describes says so
 * instead of telling a cause. It could break with any new row: the first that fits holds.
 */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"
#include "vmm/util/cause.h"

static bool is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* Any step that a row is for. */
static const char *step_of(const struct cause *c)
{
	return is(c->step, "KVM_*") ? "KVM_SOMETHING" : is(c->step, "*") ? "something" : c->step;
}

TEST(each_row_is_reached)
{
	LOOP (size_t, i, 0, i < cause_count, i++) {
		const struct cause *c = &causes[i];
		/* One that no row names stands for "any". */
		int err = c->err == ANY_ERRNO ? EUCLEAN : c->err;

		if (cause_find(step_of(c), err, c->needs) != c)
			fail_msg("row %zu (%s, %s, 0x%x) is hidden by an earlier one", i, c->step,
				 strerror(c->err), c->needs);
		if ((c->needs & (AS_ROOT | AS_USER)) == (AS_ROOT | AS_USER))
			fail_msg("row %zu needs a root who is none", i);
	}
}

TEST(each_row_has_a_cure_of_printable_text)
{
	LOOP (size_t, i, 0, i < cause_count, i++) {
		const char *texts[] = { causes[i].why, causes[i].cure };

		assert_string_not_equal(causes[i].cure, "");
		EACH (k, texts) {
			assert_true(strlen(texts[k]) < sizeof(((struct error *)0)->hint) / 2);
			for (const char *brace = strchr(texts[k], '{'); brace != NULL;
			     brace = strchr(brace + 1, '{'))
				assert_true(strncmp(brace, "{path}", 6) == 0 ||
					    strncmp(brace, "{group}", 7) == 0);
		}
	}
}

/* A row that says {path} or {group} has to be asked for by error_cause, with one: the steps that are. */
TEST(places_stand_only_where_there_is_a_thing)
{
	static const char *const steps[] = { "open /dev/kvm", "KVM_GET_API_VERSION", "output",
					     "pthread_create", "fork" };

	LOOP (size_t, i, 0, i < cause_count, i++) {
		bool told = false;

		EACH (k, steps)
			told |= is(causes[i].step, steps[k]);
		if (!told)
			assert_true(strchr(causes[i].why, '{') == NULL &&
				    strchr(causes[i].cure, '{') == NULL);
	}
}

/* By hand: who asks and what the node is decide, not the errno alone. */
TEST(the_kvm_device_by_circumstances)
{
	static const struct {
		int err;
		uint32_t circumstances;
		const char *says, *never;
	} cases[] = {
		{ EPERM, AS_ROOT | IS_NODE, "docker run --device", "usermod" },
		{ EPERM, AS_USER | IS_NODE | GROUP_HELPS, "docker run --device", "usermod" },
		{ EACCES, AS_ROOT | IS_NODE | GROUP_HELPS, "chmod", "usermod" },
		{ EACCES, AS_USER | IS_NODE | GROUP_HELPS, "usermod -aG {group}", "chgrp" },
		{ EACCES, AS_USER | IS_NODE | GROUP_HELPS | IN_GROUP, "log in again", "usermod" },
		{ EACCES, AS_USER | IS_NODE, "chgrp kvm", "usermod" },
		{ EACCES, AS_ROOT | IS_NODE | IN_USERNS, "keep-groups", "usermod" },
		{ ENOENT, AS_ROOT | IN_CONTAINER | DRIVER_THERE, "docker run --device", "modprobe" },
		{ ENOENT, AS_ROOT | DRIVER_THERE, "mknod", "modprobe" },
		{ ENOENT, AS_USER | DRIVER_THERE, "modprobe", "mknod" },
		{ ENOENT, AS_ROOT, "modprobe", "mknod" },
		{ EISDIR, AS_ROOT | IN_CONTAINER, "docker run --device", "usermod" },
		{ EISDIR, AS_USER, "10, 232", "mknod" },
		{ ENXIO, AS_USER | IS_NODE, "modprobe", "10, 232" },
		{ ENXIO, AS_USER, "10, 232", "modprobe" },
		{ EMFILE, AS_USER | IS_NODE, "ulimit -n", "modprobe" },
	};

	EACH (i, cases) {
		const struct cause *c = cause_find("open /dev/kvm", cases[i].err, cases[i].circumstances);

		if (strstr(c->cure, cases[i].says) == NULL || strstr(c->cure, cases[i].never) != NULL)
			fail_msg("case %zu: %s", i, c->cure);
		assert_int_equal(c->status, cases[i].err == EMFILE ? STATUS_OK : STATUS_CANNOT);
	}
}

TEST(what_is_not_in_the_table_says_so)
{
	struct error e = { .status = STATUS_OK };

	assert_non_null(strstr(cause_find("something", EUCLEAN, 0)->cure, "not known"));
	assert_non_null(strstr(cause_find("KVM_SOMETHING", EUCLEAN, 0)->why, "not known"));
	assert_int_equal(error_set(&e, STATUS_FAILED, EUCLEAN, "something", "it failed"), -EUCLEAN);
	assert_string_equal(e.what, "it failed");
	assert_non_null(strstr(e.hint, "not known"));
}

/* The second look replaces the first: no cause is told twice, no status stays behind. */
TEST(a_closer_look_replaces_the_first)
{
	struct error e = { .status = STATUS_OK };
	char path[] = "/tmp/minivmm-cause-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(error_set(&e, STATUS_FAILED, EBUSY, "KVM_CREATE_VM", "no VM"), -EBUSY);
	assert_int_equal(e.status, STATUS_CANNOT);
	assert_non_null(strstr(e.what, "no VM: another hypervisor"));
	assert_int_equal(error_cause(&e, "output", 0, path), -EBUSY);
	assert_int_equal(e.status, STATUS_FAILED);
	assert_string_equal(e.what, "no VM");
	assert_int_equal(close(fd), 0);
	assert_int_equal(unlink(path), 0);
}

/* A refusal of a command line has its cure from who refuses. */
TEST(usage_is_not_looked_up)
{
	struct error e = { .status = STATUS_OK };

	assert_int_equal(error_set(&e, STATUS_USAGE, EINVAL, "--pin", "no such CPU"), -EINVAL);
	assert_string_equal(e.hint, "");
	assert_string_equal(e.what, "no such CPU");
}

TEST(a_node_is_looked_at)
{
	char path[] = "/tmp/minivmm-cause-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(cause_of_node(path, 1, 3, "null") & (IS_NODE | GROUP_HELPS), 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(unlink(path), 0);
	/* Documentation/admin-guide/devices.txt: 1, 3 is /dev/null; of root's group nobody is asked to be a member. */
	assert_int_equal(cause_of_node("/dev/null", 1, 3, "null") & (IS_NODE | GROUP_HELPS), IS_NODE);
	assert_int_equal(cause_of_node("/dev/zero", 1, 3, "null") & IS_NODE, 0);
	assert_int_equal(cause_of_node("/nonexistent", 1, 3, "null") & (IS_NODE | GROUP_HELPS), 0);
}
