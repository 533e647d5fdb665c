# shellcheck shell=bash
# Situations that people run minivmm in, for test_cures.sh and test_situations.sh: each is a row of a table and is made in a
# shell, and as root a mount namespace, of its own. They set `prefix`, the words that every later minivmm runs behind, and
# `inside`, those that a shell command does.

# shellcheck disable=SC2034 # rows use it
NOBODY=(setpriv --reuid=65534 --regid=65534 --clear-groups)
prefix=()
inside=()
kept=()
# A sweep of one cell.
sweep=(--backing anon --guest-page 4K --workload chase --working-set 256K --repeat 2 -m 64M --quiet)
made=()
program=$MINIVMM

# keep FILE...: the host gets the value back that it has now.
keep() {
	local file
	for file in "$@"; do
		kept+=("$file" "$(cat "$file")")
	done
}

# Whether the kernel finds 1G of memory in one piece: hours after its boot it may not. What it finds is given back.
one_gib() {
	local file=/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages before made
	before=$(cat $file) && echo $((before + 1)) >$file && made=$(cat $file) && echo "$before" >$file
	[ "${made:-0}" -gt "${before:-0}" ]
}

# keep_word FILE: the same for a file that shows all its words, the valid one in brackets.
keep_word() {
	kept+=("$1" "$(sed 's/.*\[\(.*\)\].*/\1/' "$1")")
}

give_back() {
	local i
	for ((i = ${#kept[@]} - 2; i >= 0; i -= 2)); do
		printf '%s\n' "${kept[i + 1]}" >"${kept[i]}"
	done
	[ ${#made[@]} = 0 ] || rmdir "${made[@]}"
	# A row may have hidden it.
	while [ ! -e /proc/self/mounts ] && umount /proc; do :; done
	cleanup
}

# memory_group LIMIT: every later minivmm of the row runs in a control group of that much memory. grow_group LIMIT.
memory_group() {
	group=/sys/fs/cgroup/memory
	[ -d $group ] || group=/sys/fs/cgroup
	group+=/minivmm-cures-$$
	mkdir "$group" && made+=("$group") && grow_group "$1" && in_group "$group"
}
grow_group() {
	if [ -e "$group/memory.limit_in_bytes" ]; then
		echo "$1" >"$group/memory.limit_in_bytes"
	else
		echo "$1" >"$group/memory.max"
	fi
}

# refuse RULE...: system calls that fail; see refuse.c.
refuse() {
	[ -x "$T/refuse" ] || ${CC:-cc} -O1 -D_GNU_SOURCE -o "$T/refuse" tests/e2e/refuse.c || return
	prefix=("$T/refuse" "$@" -- "${prefix[@]}")
}

# This host's files with changes of their own, no sign of a container, and a /dev without KVM's node.
another_root() {
	local root=$T/layers/root name
	mkdir "$T/layers" && mount -t tmpfs none "$T/layers" && mkdir "$T/layers/upper" "$T/layers/work" "$root" &&
		mount -t overlay -o "lowerdir=/,upperdir=$T/layers/upper,workdir=$T/layers/work" none "$root" || return
	rm -f "$root/.dockerenv" "$root/run/.containerenv" "$root/run/systemd/container"
	unset container KUBERNETES_SERVICE_HOST
	for name in proc sys; do
		mount --rbind /$name "$root/$name" || return
	done
	mount -t tmpfs none "$root/dev" && mknod -m 666 "$root/dev/null" c 1 3 && cp "$MINIVMM" "$root/bin/minivmm" || return
	getent group kvm >/dev/null || chroot "$root" groupadd -r kvm
	program=/bin/minivmm
	prefix=(chroot "$root")
	inside=(chroot "$root")
	dev=$root/dev
	# minivmm sees no test's path.
	cd /
}

# kvm_node MODE GROUP: a /dev/kvm with that mode and group, in another root.
kvm_node() {
	another_root && mknod -m "$1" "$dev/kvm" c 10 232 && chgrp "$2" "$dev/kvm"
}

# In that root, as an ordinary user who has just logged in.
as_user() {
	prefix=("${inside[@]}" setpriv --reuid=nobody --regid=nogroup --init-groups)
	export USER=nobody
}

# A group of processes with room for this many; the controller's hierarchy is version 1 or 2.
pids_group() {
	local group
	for group in /sys/fs/cgroup/pids /sys/fs/cgroup; do
		[ ! -e "$group/pids.max" ] && [ ! -d /sys/fs/cgroup/pids ] && continue
		group=$group/minivmm-test-$BASHPID
		mkdir "$group" 2>/dev/null && [ -e "$group/pids.max" ] || continue
		made+=("$group")
		echo "$1" >"$group/pids.max" && in_group "$group"
		return
	done
	return 1
}

# device_group_without 'c 10:232 rwm': the device list of a control group of version 1, as a container's is.
device_group_without() {
	local group=/sys/fs/cgroup/devices/minivmm-test-$BASHPID
	mkdir "$group" && made+=("$group") && echo "$1" >"$group/devices.deny" && in_group "$group"
}

# Every later minivmm in that control group.
in_group() {
	prefix=(bash -c 'echo $$ >"$1" && shift && exec "$@"' - "$1/cgroup.procs" "${prefix[@]}")
}

# A file that begins as a kernel's image does.
image() {
	{ head -c 510 /dev/zero && printf '\x55\xaa\xeb\x66HdrS' && head -c 20000 /dev/zero; } >"$T/$1"
}

# THP off for a process and its children: prctl(PR_SET_THP_DISABLE).
thp_disabled() {
	have python3 || return
	prefix=(python3 -c 'import ctypes, os, sys; ctypes.CDLL(None).prctl(41, 1, 0, 0, 0); os.execv(sys.argv[1], sys.argv[1:])' "${prefix[@]}")
}

guests() {
	[ -e build/guests/exit_ok.elf ] || make -s guests >/dev/null
}

# stop_after SECONDS: every later minivmm is asked to end after that.
stop_after() {
	prefix=(timeout -s INT "$1" "${prefix[@]}")
}

# stop_sweep FILE: every later minivmm is asked to end once the journal of the sweep of FILE holds a round.
stop_sweep() {
	prefix=(bash -c 'file=$1 && shift && { "$@" & }; until [ "$(wc -l 2>/dev/null <"$file")" -ge 3 ] 2>/dev/null || ! jobs -p >/dev/null; do
		sleep 0.05; done; kill -TERM %1; wait %1' - "$1.journal" "${prefix[@]}")
}

# A sweep that was stopped: its journal stays beside FILE.
interrupted_sweep() {
	own_turn && stop_sweep "$1"
	minivmm sweep --json "$1" "${sweep[@]}" --allocations 60
	prefix=()
	[ -e "$1.journal" ]
}

# inject CALL:ERRNO: the same as refuse, but unseen by the program: no filter is in place.
inject() {
	prefix=(strace -f -qq -o /dev/null -e "inject=${1%:*}:error=${1#*:}" "${prefix[@]}")
}

# A VM that is there to be looked at.
a_vm() {
	guests && { "$MINIVMM" -m 64M --guest build/guests/spin.elf --workload none --timeout 15 --quiet >/dev/null 2>&1 & } && sleep 1
}

# No THP, by the policy that decides: that of 2M pages, where there is one.
thp_never() {
	local file=/sys/kernel/mm/transparent_hugepage/hugepages-2048kB/enabled
	[ -e $file ] || file=/sys/kernel/mm/transparent_hugepage/enabled
	keep_word $file && echo never >$file
}

# A sweep waits for its turn at /sys/kernel/mm, which other people's sweeps on this host take as well: not in here.
own_turn() {
	! is_root || mount -t tmpfs none /sys/kernel/mm
}

# --- Rows of $table: its columns are of the test $self, which runs one as `$self --row NUMBER`.

row() {
	# shellcheck disable=SC2154 # the test names its table
	sed -n "$1p" "$table"
}

# Why a row cannot be tried here, by its column "needs": root, kvm, or the name of a tool; $2 is what holds it elsewhere.
unmet() {
	local word
	for word in ${1//,/ }; do
		case $word in
		- | next) continue ;;
		elsewhere) echo "held by $2: no host is at hand where it is offered" ;;
		root) is_root || echo "root is needed" ;;
		kvm) no_kvm_reason ;;
		*) have "$word" || echo "$word is not installed" ;;
		esac
	done | head -n 1
}

# situation NEEDS SETUP [ELSEWHERE]: make it, and give back at the end what it takes; else say why not.
situation() {
	local reason
	trap give_back EXIT
	reason=$(unmet "$1" "${3-}")
	[ -z "$reason" ] || { echo "SKIP $reason" && return 1; }
	[ "$2" = - ] || eval "$2" 2>"$T/setup.err" || {
		echo "SKIP the situation cannot be made here: $2: $(tail -n 1 "$T/setup.err")"
		return 1
	}
}

# each_row REGEX: all rows whose first column matches. A row prints what is wrong, or "SKIP reason".
each_row() {
	local number=0 name command own result
	while IFS=$'\t' read -r name _ _ command _; do
		number=$((number + 1))
		[[ $name != '#'* && $name =~ $1 ]] || continue
		own=()
		! is_root || own=(unshare -m)
		# shellcheck disable=SC2154 # the test names itself
		result=$("${own[@]}" bash "$self" --row $number 2>&1)
		case $result in
		'') tap_ok "$name [$command]" ;;
		SKIP*) tap_skip "$name [$command]" "${result#SKIP }" ;;
		*) tap_fail "$name [$command]" "$result" ;;
		esac
	done <"$table"
}
