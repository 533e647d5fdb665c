#!/usr/bin/env bash
# hugepages.sh gives every node back exactly what it added, also when it was killed between any two of its steps, and
# obeys no state but its own. It could break unseen, because on one node and undisturbed every way back looks right.
. "$(dirname "$0")/lib.sh"

R=$T/root
export MINIVMM_POOL_LOG=$T/steps.log

# A host of plain files with two nodes: what is written is what is granted.
fake_node() {
	local dir=$R/sys/devices/system/node/node$1/hugepages/hugepages-2048kB
	mkdir -p "$dir"
	echo "$2" >"$dir/nr_hugepages"
	echo "$3" >"$dir/free_hugepages"
	echo "$4" >"$dir/surplus_hugepages"
	echo "Node $1 MemFree: 9999999 kB" >"$R/sys/devices/system/node/node$1/meminfo"
}

fake_host() {
	rm -rf "$R" "$MINIVMM_POOL_STATE"
	mkdir -p "$R/proc" "$R/sys/kernel/mm/hugepages/hugepages-2048kB"
	echo "MemAvailable: 9999999 kB" >"$R/proc/meminfo"
	fake_node 0 10 2 0
	fake_node 1 20 3 5
}

node_is() {
	local now
	now=$(cat "$R/sys/devices/system/node/node$1/hugepages/hugepages-2048kB/nr_hugepages")
	[ "$now" = "$2" ] || problem "node $1 has $now pages, not $2"
}

fake_run() {
	case_command env MINIVMM_POOL_ROOT="$R" scripts/hugepages.sh "$@"
}

state_file() {
	{
		echo "boot $(cat /proc/sys/kernel/random/boot_id)"
		printf '%s\n' "$@"
	} >"$MINIVMM_POOL_STATE"
}

nodes() {
	fake_host
	fake_run reserve 2M 8 --node 1
	want_status 0
	node_is 0 10
	node_is 1 25
	grep -q 'node1.*20 -> 25, has 25' "$MINIVMM_POOL_LOG" || problem "the write is not in the log"
	fake_node 1 32 15 5
	fake_run restore
	want_status 0
	node_is 0 10
	# 32 less 5 added, less 5 surplus: what the kernel takes is the count of pages that stay.
	node_is 1 22
	conclude "a node's pages are given back, those of other programs stay"

	fake_host
	fake_run reserve 2M 2 --node 0
	want_status 0
	node_is 0 10
	[ ! -e "$MINIVMM_POOL_STATE" ] || problem "there is a state"
	conclude "nothing to do is nothing done"

	for words in "reserve 2M 4 --node" "reserve 2M 4 --node x" "reserve 2M 4 --node 01" "reserve 2M 4 node 1" "reserve 2M 4 --node 1 2"; do
		read -r -a list <<<"$words"
		fake_run "${list[@]}"
		want_status 2
		conclude "hugepages.sh '$words' is usage"
	done
	fake_run reserve 2M 4 --node 7
	want_status 1
	want_text 'no 2M pool of node 7'
	conclude "a node that is not there"
}

killed() {
	fake_host
	state_file "begin 2M 0 10 6"
	fake_node 0 14 6 0
	fake_run restore
	node_is 0 10
	conclude "killed while it was adding"

	fake_host
	state_file "added 2M 1 2" "begin 2M 0 10 6" "added 2M 0 6" "begin 2M 0 16 3"
	fake_node 0 40 9 0
	fake_run restore
	node_is 0 31
	node_is 1 13
	conclude "killed while it was adding: no more than it asked for, on top of what it had added"

	fake_host
	state_file "back 2M 0 4" "back 2M 1 15"
	fake_node 0 4 0 0
	fake_run restore
	node_is 0 4
	node_is 1 20
	[ ! -e "$MINIVMM_POOL_STATE" ] || problem "the state is still there"
	conclude "killed while it was giving back: not twice"

	fake_host
	state_file "begin 2M 0 10 6"
	fake_node 0 13 5 0
	fake_run reserve 2M 9 --node 0
	node_is 0 17
	fake_run restore
	node_is 0 10
	conclude "killed, then reserved again"
}

strange_states() {
	fake_host
	printf 'boot of another machine\nadded 2M 0 5\n' >"$MINIVMM_POOL_STATE"
	fake_run restore
	want_status 0
	want_text 'another boot'
	node_is 0 10
	conclude "a state of another boot is not obeyed"

	fake_host
	state_file "added 2M 0 a[\$(touch\${IFS}$T/obeyed)]" "added 3M 0 5" "added 2M ../0 5" "added 2M 0 -5" "added 2M 0 1"
	fake_run restore
	want_status 0
	node_is 0 9
	[ ! -e "$T/obeyed" ] || problem "the state was run as a command"
	conclude "only well-formed lines count"

	fake_host
	state_file "added 2M 0 1"
	mv "$MINIVMM_POOL_STATE" "$T/elsewhere"
	ln -s "$T/elsewhere" "$MINIVMM_POOL_STATE"
	fake_run restore
	want_status 1
	node_is 0 10
	rm -f "$MINIVMM_POOL_STATE"
	conclude "a state behind a link is not touched"
}

# Where others may write, they can lay a link at any name that is not taken yet, and hold any lock.
shared_places() {
	local name
	mkdir -p "$T/shared" && chmod 1777 "$T/shared"
	echo secret >"$T/secret"
	fake_host
	for name in STATE LOG; do
		ln -sf "$T/secret" "$T/shared/a.next"
		ln -sf "$T/secret" "$T/shared/a.lock"
		case_command env "MINIVMM_POOL_$name=$T/shared/a" MINIVMM_POOL_ROOT="$R" scripts/hugepages.sh reserve 2M 8 --node 0
		want_status 1
		want_text 'other users may write in'
		node_is 0 10
		[ "$(cat "$T/secret")" = secret ] || problem "it was written through a link"
		conclude "a file in a directory of everybody is not used: MINIVMM_POOL_$name"
	done
}

locks() {
	local holder
	if ! have flock; then
		tap_skip "hugepages.sh waits for another" "flock is not installed"
		return
	fi
	fake_host
	flock "$MINIVMM_POOL_STATE.lock" sleep 3 &
	holder=$!
	sleep 0.3
	fake_run reserve 2M 4 --node 0
	want_status 0
	want_text "waiting for process $holder .flock. to give back the lock"
	conclude "who is waited for is told"
	wait $holder
	flock "$MINIVMM_POOL_STATE.lock" sleep 30 &
	holder=$!
	sleep 0.3
	kill -STOP $holder
	MINIVMM_LOCK_SECONDS=1 fake_run restore
	want_status 1
	want_text "locked by process $holder .flock. still"
	# Its child has the lock as well.
	xargs kill -KILL $holder <"/proc/$holder/task/$holder/children"
	wait $holder 2>/dev/null
	fake_run restore
	want_status 0
	node_is 0 10
	conclude "a holder that is stopped is not waited for without end"
}

# The real pool, killed for good at any moment. A child may outlive the script: restore has to wait for it.
killed_for_real() {
	local before after try
	if ! is_root; then
		tap_skip "hugepages.sh killed for good" "only root can change a pool"
		return
	fi
	problems=() command_line=(hugepages.sh, killed)
	before=$(cat /sys/kernel/mm/hugepages/hugepages-2048kB/{nr,surplus}_hugepages | xargs)
	for try in 02 06 10 13 16 20; do
		scripts/hugepages.sh reserve 2M $(($(pool_available 2M) + 64)) >/dev/null 2>&1 &
		sleep 0.$try
		{
			kill -KILL $!
			wait $!
		} 2>/dev/null
		scripts/hugepages.sh restore >/dev/null 2>&1
		after=$(cat /sys/kernel/mm/hugepages/hugepages-2048kB/{nr,surplus}_hugepages | xargs)
		[ "$before" = "$after" ] || problem "killed after 0.$try s: $before became $after"
	done
	conclude "hugepages.sh killed for good gives everything back"
}

nodes
killed
strange_states
shared_places
locks
killed_for_real
tap_done
