#!/usr/bin/env bash
# Before a guest's first instruction minivmm has given up what it no longer needs: each thread but for its own few calls, root, all
# files but /proc and /sys to read; the record says so, and what a guest that breaks out tries after that ends the run with
# status 7 and a message. It could break by a thread that starts its guest before its filter, by rights that one thread keeps,
# by a run that is confined in the record alone, and by a product that nobody may write any more.
. "$(dirname "$0")/lib.sh"
need_kvm

short=(-m 64M --workload touch,dirty --working-set 1M)
make -s core-test test-guests >"$T/make.log" 2>&1 || cat "$T/make.log"

case_record "${short[@]}" --smp 2
want_status 0
want_json '.requested.sandbox == "on"' "asked"
want_json '.observed.sandbox | .seccomp_main and .seccomp_vcpus and .no_new_privs' "filters"
want_json '.observed.sandbox.user != 0' "no longer root"
conclude "a run is sandboxed by itself, and says so"

case_record "${short[@]}" --sandbox off
want_status 0
want_json '.requested.sandbox == "off" and .observed.sandbox == null' "none"
conclude "--sandbox off: none"

case_run -m 64M --sandbox off --user 1 --workload none
want_status 2
want_text '^minivmm: --user: is part of the sandbox'
conclude "--user without a sandbox is refused"

# Of each thread of a run that is under way, as the kernel has it.
threads_are() {
	local pid=$1 status wanted=$2 found
	for status in /proc/"$pid"/task/*/status; do
		found=$(awk '/^(Uid|Gid|Groups|CapEff|CapPrm|NoNewPrivs|Seccomp):/ { $1 = $1; print }' "$status" | tr '\n' ';')
		[[ $found =~ $wanted ]] || problem "$status: $found"
	done
}

# Wait until a process has that many threads, or more (KVM has one of its own there), and all are confined.
under_way() {
	local i
	for ((i = 0; i < 100; i++)); do
		[ "$(awk '/^Seccomp:/ { print $2 }' /proc/"$1"/task/*/status 2>/dev/null | sort -u)" = 2 ] &&
			[ "$(find /proc/"$1"/task -mindepth 1 -maxdepth 1 | wc -l)" -ge "$2" ] && return
		sleep 0.05
	done
	problem "process $1 did not get under way"
}

confined() {
	local uid=$1 gid=$2
	shift 2
	problems=()
	command_line=("$MINIVMM" -m 64M --smp 2 --guest build/guests/spin.elf --workload none --timeout 20 "$@")
	"${command_line[@]}" >"$T/out" 2>"$T/err" &
	local pid=$!
	under_way "$pid" 3
	threads_are "$pid" "Uid: $uid $uid $uid $uid;Gid: $gid $gid $gid $gid;Groups:.*CapPrm: 0+;CapEff: 0+;NoNewPrivs: 1;Seccomp: 2;"
	kill -INT "$pid"
	status=0
	wait "$pid" || status=$?
}

if is_root; then
	confined 65534 65534
	conclude "all threads: nobody, no capability, no new rights, a filter"
	confined 1234 5678 --user 1234:5678
	conclude "--user UID:GID"
	mkdir "$T/theirs" && chown 4321:8765 "$T/theirs"
	confined 4321 8765 --json "$T/theirs/run.json"
	[ -s "$T/theirs/run.json" ] || problem "no record"
	conclude "the owner of the output's directory"
	case_run -m 64M --workload none --user nobody-of-that-name
	want_status 2
	want_text 'has no such user'
	conclude "a user that is not there is refused"

	# Root's alone: the process that has given root up cannot write there, and does not have to.
	mkdir -m 700 "$T/roots" && echo old >"$T/roots/run.json" && chmod 640 "$T/roots/run.json"
	case_run "${short[@]}" --json "$T/roots/run.json" --csv "$T/roots/run.csv"
	want_status 0
	jq -e '.observed.sandbox.user == 65534 and .observed.kvm_tables_bytes > 0' "$T/roots/run.json" >/dev/null || problem "the record"
	[ -s "$T/roots/run.csv" ] || problem "no CSV"
	[ "$(stat -c %a "$T/roots/run.json")" = 640 ] || problem "$(stat -c %a "$T/roots/run.json")"
	[ "$(find "$T/roots" -mindepth 1 | wc -l)" = 2 ] || problem "left: $(ls -A "$T/roots")"
	conclude "products in a directory of root's alone"

	cp "$MINIVMM" "$T/minivmm" && chmod 755 "$T" "$T/minivmm"
	case_command setpriv --reuid 65534 --regid 65534 --clear-groups "$T/minivmm" native -m 64M --workload none --user 1
	want_status 2
	want_text 'only root can become another user'
	conclude "only root becomes another user"
else
	tap_skip "root is given up" "root is needed for that"
fi

# Each call is made for real, by a VMM that was made for it. Numbers of x86-64: execve, ptrace, socket, clone, bpf, io_uring_setup, kill 1.
for attempt in 'vcpu 59 execve' 'main 59 execve' 'vcpu 101 ptrace' 'main 101 ptrace' 'vcpu 41 socket' 'main 41 socket' \
	'vcpu 56 clone' 'main 56 clone' 'vcpu 321 bpf' 'main 321 bpf' 'vcpu 425 io_uring_setup' 'main 425 io_uring_setup' \
	'vcpu 257 openat' 'vcpu 2 open' 'main 2 open' 'vcpu 62 kill' 'main 62 kill' 'vcpu 82 rename' 'main 82 rename' \
	'main 16 ioctl' 'vcpu 16 ioctl' 'main 155 pivot_root'; do
	read -r thread number name <<<"$attempt"
	case_command build/break-out build/guests/hello.elf "$thread" "$number" 1 9 0 0
	want_status 7
	want_text "^minivmm: sandbox: the (main thread|thread of vCPU 0) called $name \\($number\\)"
	want_no_text 'it came back'
	conclude "broken out by the $thread thread: $name"
done
case_command build/break-out build/guests/hello.elf vcpu 10 0 0 4 0
want_status 7
want_text 'called mprotect'
conclude "broken out: memory becomes code"
case_command build/break-out build/guests/hello.elf main 39
want_status 0
want_text 'it came back with [0-9]'
conclude "broken out: what is allowed comes back"

have strace || {
	tap_skip "the filter comes before the guest" "strace is not installed"
	tap_done
	exit
}

# Of each thread that enters a guest: its filter before, and no file opened after. Of the main thread: no write to a file's name.
for options in "" "--kernel-irqchip on" "--backing memfd --prealloc" "--pmu perf::PAGE-FAULTS"; do
	# shellcheck disable=SC2086 # words
	case_command strace -f -qq -o "$T/calls" "$MINIVMM" "${short[@]}" --smp 2 $options --json "$T/run.json"
	want_status 0
	awk '
		/seccomp\(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, \{/ { filter[$1] = 1 }
		/setresuid\(/ { user[$1] = 1 }
		/KVM_RUN/ && !run[$1]++ { guests++; if (!filter[$1]) print "a guest before its filter: " $0 }
		/(open|openat|openat2)\(/ && run[$1] { print "opened by a vCPU thread: " $0 }
		END { if (guests != 2) print guests + 0 " threads with a guest" }' "$T/calls" >"$T/found"
	[ ! -s "$T/found" ] || problem "$(head -n 3 "$T/found")"
	conclude "strace: the filter comes before the guest, and no file is opened after ($options)"
done

# A kernel, or a container, without filters.
case_command strace -f -qq -o /dev/null -e inject=seccomp:error=ENOSYS "$MINIVMM" "${short[@]}" --json "$T/run.json"
want_status 0
want_text '^minivmm: without all of a sandbox: '
want_json '.requested.sandbox == "on" and .observed.sandbox == null and (.requested.note | test("without all of a sandbox"))' "told"
conclude "no filters here: the run goes on, and says so"
case_command strace -f -qq -o /dev/null -e inject=seccomp:error=EPERM "$MINIVMM" "${short[@]}" --sandbox on
want_status 77
want_text '^minivmm: try: --sandbox off'
conclude "no filters here, but --sandbox on: refused with a cure"
case_command strace -f -qq -o /dev/null -e inject=landlock_create_ruleset:error=ENOSYS "$MINIVMM" "${short[@]}" --sandbox on --json "$T/run.json"
want_status 0
want_json '.observed.sandbox.landlock_abi == 0 and .observed.sandbox.seccomp_main' "the rest of it"
conclude "no Landlock here: the rest holds"
case_command strace -f -qq -o /dev/null -e inject=landlock_create_ruleset:error=EPERM "$MINIVMM" "${short[@]}" --json "$T/run.json"
want_status 0
want_json '.observed.sandbox.landlock_abi == null' "not known"
conclude "Landlock refused: not known"
case_command strace -f -qq -o /dev/null -e inject=fork,clone,clone3:error=EAGAIN:when=1 "$MINIVMM" "${short[@]}" --json "$T/none.json"
want_status 1
want_text '^minivmm: fork: '
conclude "no process for the products: told"
tap_done
