# shellcheck shell=bash
# What the end-to-end tests share: a scratch directory that cleans up after itself, pools and mounts of their own,
# one way to run minivmm, and checks that collect what is wrong before they conclude. Sourced, never run.
#
# A case reads: case_run ARGS...; want_status 0; want_json '...' 'what'; conclude "name".

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
. scripts/lib.sh
. scripts/tap.sh

MINIVMM=${MINIVMM:-$PWD/build/minivmm}
GUEST_ELF=${GUEST_ELF:-$PWD/build/guest.elf}
CASE_TIMEOUT=${CASE_TIMEOUT:-120}
# This shell and its scratch directory; a subshell must not clean up for its parent.
T=$(mktemp -d) || exit 1
chmod 755 "$T"
T_OWNER=$BASHPID
export MINIVMM_POOL_STATE=$T/pool.state MINIVMM_TEST=$T
touch "$T/out" "$T/err"
problems=()
command_line=()
status=0

cleanup() {
	[ "$BASHPID" = "$T_OWNER" ] || return
	awk -v top="$T/" 'index($2, top) == 1 { print $2 }' /proc/self/mounts | sort -r | while read -r dir; do
		umount "$dir" 2>/dev/null || umount -l "$dir"
	done
	scripts/hugepages.sh restore >/dev/null 2>&1
	rm -rf "$T"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Leave the whole file with one skip, or one failure, in place of its cases.
skip_all() {
	tap_skip "$1" "$2"
	tap_done
	exit 0
}

fail_all() {
	tap_fail "$1" "$2"
	tap_done
	exit 1
}

# Built by test.sh before; a file that runs alone builds for itself.
need_build() {
	[ -x "$MINIVMM" ] && [ -e "$GUEST_ELF" ] && return
	make -s >"$T/make.log" 2>&1 || fail_all "build" "$(tail -n 20 "$T/make.log")"
}

# Why there can be no VM here; nothing where there can.
no_kvm_reason() {
	if [ ! -e /dev/kvm ]; then
		echo "no /dev/kvm on this host"
	elif [ ! -r /dev/kvm ] || [ ! -w /dev/kvm ]; then
		echo "/dev/kvm may not be opened by $(id -un)"
	fi
}

need_kvm() {
	local reason
	reason=$(no_kvm_reason)
	[ -z "$reason" ] || skip_all "${0##*/}" "$reason"
}

need_tool() {
	have "$1" || skip_all "${0##*/}" "$1 is not installed"
}

is_root() {
	[ "$(id -u)" = 0 ]
}

# Memory that a process can have here without anybody's harm, in MiB.
available_mib() {
	awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo
}

# Grow a pool for the time of this file. Prints nothing; 1 with the reason in pool_reason.
pool_reserve() {
	is_root || {
		pool_reason="root is needed for a pool of $1 pages"
		return 1
	}
	scripts/hugepages.sh reserve "$1" "$2" >"$T/pool.log" 2>&1 && return 0
	pool_reason=$(tail -n 1 "$T/pool.log")
	return 1
}

pool_restore() {
	scripts/hugepages.sh restore >/dev/null 2>&1
}

# mount_at NAME TYPE OPTIONS: a mount of this file's own, at $T/NAME.
mount_at() {
	mkdir -p "$T/$1" && mount -t "$2" -o "$3" none "$T/$1" 2>"$T/mount.log"
}

# Run minivmm with the arguments given; leaves status, $T/out, $T/err.
case_run() {
	case_command "$MINIVMM" "$@"
}

# The same with any command in front (setpriv, unshare, ...).
case_command() {
	problems=()
	command_line=("$@")
	timeout -k 10 "$CASE_TIMEOUT" "$@" >"$T/out" 2>"$T/err" </dev/null
	status=$?
	# shellcheck disable=SC2034 # want_clean looks at it
	[ $status != 124 ] || problems+=("still running after $CASE_TIMEOUT s")
}

# The same with a record in $T/run.json.
case_record() {
	rm -f "$T/run.json"
	case_run "$@" --json "$T/run.json"
}

problem() {
	problems+=("$*")
}

want_status() {
	[ "$status" = "$1" ] || problem "exit status $status, expected $1"
}

# want_text REGEX: in what it printed, on either stream.
want_text() {
	cat "$T/out" "$T/err" | tr -d '\000' | grep -qE -- "$1" || problem "no line matches: $1"
}

want_no_text() {
	! cat "$T/out" "$T/err" | tr -d '\000' | grep -qE -- "$1" || problem "a line matches: $1"
}

# want_json FILTER WHAT [JQ-OPTIONS...]: true for the record.
want_json() {
	local filter=$1 what=$2
	shift 2
	if [ ! -s "$T/run.json" ]; then
		problem "no record for: $what"
	elif ! jq -e "$@" "$filter" "$T/run.json" >/dev/null 2>"$T/jq.err"; then
		problem "$what: not true of the record: $filter $(head -c 200 "$T/jq.err")"
	fi
}

json() {
	jq -r "$1" "$T/run.json" 2>/dev/null
}

# The record against the schema of that name; silently nothing where Debian's validator is missing (formats.sh names
# that).
want_schema_of() {
	local out
	[ -n "$SCHEMA_CHECK" ] || return 0
	out=$(/usr/bin/python3 -W ignore -m jsonschema -i "$T/run.json" "tests/schema/$1.json" 2>&1) ||
		problem "it breaks its schema: $(head -c 400 <<<"$out")"
}
want_schema() {
	want_schema_of minivmm.run-2
}
SCHEMA_CHECK=
/usr/bin/python3 -W ignore -c 'import jsonschema' 2>/dev/null && SCHEMA_CHECK=1

# End of a case: one TAP line; where something was wrong, all of it, with what was run and what it said. Its record is kept for
# members.py where somebody asked for that.
conclude() {
	[ -z "${MINIVMM_DOCUMENTS-}" ] || [ ! -s "$T/run.json" ] || cp "$T/run.json" "$(mktemp -p "$MINIVMM_DOCUMENTS" XXXXXXXX.json)"
	if [ ${#problems[@]} = 0 ]; then
		tap_ok "$1"
		return
	fi
	tap_fail "$1" "$(
		printf '%s\n' "${problems[@]}"
		printf 'command: %s\n' "${command_line[*]}"
		[ ! -s "$T/out" ] || { echo "stdout:" && tail -n 12 "$T/out" | cut -c1-200; }
		[ ! -s "$T/err" ] || { echo "stderr:" && tail -n 12 "$T/err" | cut -c1-200; }
	)"
}

# The processes of minivmm that this file has started: its scratch directory is in their environment.
own_processes() {
	local exe
	find /proc -maxdepth 2 -path '/proc/[0-9]*/exe' \( -lname "$MINIVMM*" -o -lname "$T/minivmm*" \) 2>/dev/null |
		while read -r exe; do
			! tr '\000' '\n' <"${exe%exe}environ" 2>/dev/null | grep -qx "MINIVMM_TEST=$T" || echo "$exe"
		done
}

# Everything a run could leave behind, as text: pages in use, files in this file's mounts, processes. Pages that another
# program gives to a pool, or takes, are free ones.
host_state() {
	local size dir
	for size in 2M 1G; do
		echo "$size $(($(pool_count $size nr_hugepages) - $(pool_count $size free_hugepages)))" \
			"$(pool_count $size resv_hugepages) $(pool_count $size surplus_hugepages)"
	done
	for dir in "$T"/mnt-*; do
		[ -d "$dir" ] && find "$dir" -mindepth 1
	done
	own_processes
	return 0
}

# want_same_host BEFORE: nothing left behind since host_state printed BEFORE.
want_same_host() {
	local after
	after=$(host_state)
	[ "$1" = "$after" ] || problem "left behind: $(diff <(echo "$1") <(echo "$after") | grep '^[<>]' | xargs)"
}
