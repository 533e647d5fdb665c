/*
 * QEMU's monitor protocol (QMP), as much as asks it what KVM counts: query-stats, QEMU 7.1 and later.
 */
#include "vmm/lab/observe/internal.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_BYTES 65536
#define ANSWER_LINES 64
#define ANSWER_SECONDS 5

static int connect_to(const char *path, uint32_t pid, int *fd)
{
	const struct timeval patience = { .tv_sec = ANSWER_SECONDS };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct ucred peer = { .pid = 0 };
	socklen_t bytes = sizeof(peer);

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return -errno;
	if (setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0 ||
	    setsockopt(*fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) != 0 ||
	    connect(*fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
	    getsockopt(*fd, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) != 0)
		return -errno;
	/* Another VM's counts would prove nothing. 0: it is in a PID namespace that is not seen from here. */
	return peer.pid != 0 && (uint32_t)peer.pid != pid ? -EPERM : 0;
}

/* Send a command; its answer, past greeting and events, as a new reference in *answer. 0, or -errno and NULL. */
static int ask(FILE *monitor, const char *command, json_t **answer)
{
	char line[ANSWER_BYTES];

	*answer = NULL;
	if (send(fileno(monitor), command, strlen(command), MSG_NOSIGNAL) != (ssize_t)strlen(command))
		return -EIO;
	for (int i = 0; i < ANSWER_LINES; i++) {
		json_t *said;
		bool refused;

		errno = EPROTO;
		if (fgets(line, sizeof(line), monitor) == NULL)
			return -errno;
		said = json_loads(line, 0, NULL);
		*answer = json_incref(json_object_get(said, "return"));
		refused = json_object_get(said, "error") != NULL;
		json_decref(said);
		if (*answer != NULL || refused)
			return refused ? -EOPNOTSUPP : 0;
	}
	return -EPROTO;
}

/* [{"provider": "kvm", "stats": [{"name": "pages_2m", "value": 46}, ...]}] */
static int find_leaves(const json_t *answer, int64_t leaves[VM_STAT_COUNT])
{
	const json_t *stats = json_object_get(json_array_get(answer, 0), "stats");
	int found = 0;

	for (size_t i = 0; i < json_array_size(stats); i++) {
		const json_t *one = json_array_get(stats, i);
		const char *name = json_string_value(json_object_get(one, "name"));

		for (int leaf = 0; name != NULL && leaf < VM_STAT_COUNT; leaf++) {
			if (strcmp(name, vm_stat_names[leaf]) != 0 ||
			    !json_is_integer(json_object_get(one, "value")))
				continue;
			leaves[leaf] = json_integer_value(json_object_get(one, "value"));
			found++;
		}
	}
	return found == VM_STAT_COUNT ? 0 : -ENODATA;
}

int qmp_leaves(const char *path, uint32_t pid, int64_t leaves[VM_STAT_COUNT])
{
	json_t *answer = NULL;
	FILE *monitor = NULL;
	int fd = -1, ret = connect_to(path, pid, &fd);

	if (ret == 0) {
		monitor = fdopen(fd, "r");
		ret = monitor == NULL ? -errno
				      : ask(monitor, "{\"execute\": \"qmp_capabilities\"}\n", &answer);
	}
	if (ret == 0) {
		json_decref(answer);
		ret = ask(
			monitor,
			"{\"execute\": \"query-stats\", \"arguments\": {\"target\": \"vm\", \"providers\": "
			"[{\"provider\": \"kvm\", \"names\": [\"pages_4k\", \"pages_2m\", \"pages_1g\"]}]}}\n",
			&answer);
	}
	if (ret == 0)
		ret = find_leaves(answer, leaves);
	json_decref(answer);
	if (monitor != NULL)
		(void)fclose(monitor);
	else if (fd >= 0)
		(void)close(fd);
	return ret;
}
