#!/usr/bin/env bash
# Bad input gets a message that names what, where and the cure, the right exit status, and leaves no page, file or
# process behind. It could break at every error path, because those are never walked by hand.
. "$(dirname "$0")/lib.sh"

need_build

NOBODY=(setpriv --reuid=65534 --regid=65534 --clear-groups)
before=$(host_state)

# refused NAME STATUS REGEX COMMAND...: one bad input.
refused() {
	local name=$1 expected=$2 regex=$3
	shift 3
	case_command "$@"
	want_status "$expected"
	want_text "$regex"
	want_no_text 'AddressSanitizer|Segmentation fault|core dumped'
	[ ! -e "$T/bad.json" ] || jq -e . "$T/bad.json" >/dev/null || problem "a broken record was left"
	want_same_host "$before"
	conclude "$name"
}

usage() {
	local name=$1 regex=$2
	shift 2
	refused "$name" 2 "$regex" "$MINIVMM" "$@"
}

sizes() {
	local bad
	for bad in 0 -1 1.5G 17179870208G 1Gjunk '' ' ' G 0x10 1e9 99999999999999999999; do
		usage "memory '$bad' is no size" "memory.*" "--memory=$bad"
	done
	usage "memory below the least" "64 ?M" -m 1M
	usage "working set '12q'" "working-set" --working-set 12q
	usage "working set larger than memory" "working|slice|memory" -m 256M --working-set 4G
	usage "a series that runs backwards" "working-set" --working-set 4M..1M
	usage "page size 3M" "page-size|4K, 2M" --backing hugetlb --page-size 3M
	usage "guest page 16K" "guest-page|4K, 2M" --guest-page 16K
}

numbers() {
	usage "no vCPU" "smp" --smp 0
	usage "more vCPUs than the guest is laid out for" "128" --smp 129
	usage "vCPUs that are no number" "smp" --smp two
	usage "no sample" "repeat" --repeat 0
	usage "a timeout of nothing" "timeout" --timeout 0
	usage "pin list junk" "pin" --pin 0-
	usage "pinned to a CPU that is not there" "pin|CPU" native -m 64M --pin 1023
	usage "a node that is not there" "node" --host-nodes 63 --policy bind
}

# Wherever a file is read, a FIFO that nobody writes into is refused, and soon.
fifos() {
	mkfifo "$T/fifo" "$T/swept.json.journal"
	[ -n "$(no_kvm_reason)" ] || refused "a FIFO for a guest" 1 "device, pipe" timeout 10 "$MINIVMM" --guest "$T/fifo" --timeout 1
	refused "a FIFO for a CPU" 2 "nobody wrote into it for 5 s" timeout 10 "$MINIVMM" model --workload chase --cpu "$T/fifo"
	refused "a FIFO for axes" 2 "nobody wrote into it for 5 s" timeout 10 "$MINIVMM" sweep --axes "$T/fifo"
	refused "a FIFO to compare" 1 "not a regular file" timeout 10 "$MINIVMM" compare "$T/fifo" "$T/fifo"
	refused "a FIFO for a journal" 1 "journal" timeout 10 "$MINIVMM" sweep --native --json "$T/swept.json" --resume
	refused "a FIFO for a journal" 1 "journal" timeout 10 "$MINIVMM" sweep --native --backing anon --json "$T/swept.json"
	rm "$T/fifo" "$T/swept.json.journal"
}

choices() {
	usage "unknown workload, with the list of those there are" "chase.*|touch.*" --workload chaes
	grep -q packed "$T/err" || tap_fail "the list of workloads names packed" "$(cat "$T/err")"
	usage "unknown backing" "hugetlb" --backing swap
	usage "unknown option" "wibble" --wibble
	usage "unknown command" "wobble" wobble
	usage "an argument too many" "extra" run extra
	usage "path and anonymous at once" "mem-path|backing" --mem-path /dev/shm --backing anon
	usage "4K pages from hugetlb" "page-size|4K" --backing hugetlb --page-size 4K
	usage "guest pages without a guest" "guest-page" native --guest-page 2M
	usage "two outputs on stdout" "json|csv|stdout" --json - --csv -
	usage "a value that is missing" "memory|argument" --memory
}

# Each with the cure that its hint names.
aliases() {
	usage "memory that repeats in parts of a page" "try: --alias-memory 2M" -m 1T --alias-memory 3M
	usage "memory that repeats in parts of a guest page" "guest pages of 1G" \
		-m 4G --alias-memory 512M --guest-page 1G
	if [ -d /sys/kernel/mm/hugepages/hugepages-1048576kB ]; then
		usage "memory that repeats in parts of a backing page" "backing pages of 1G" \
			-m 4G --alias-memory 512M --backing hugetlb --page-size 1G
	else
		tap_skip "memory that repeats in parts of a backing page" "this kernel and CPU have no hugetlb pages of 1G"
	fi
	usage "memory that is no whole number of repetitions" "try: --memory 9G" -m 10G --alias-memory 3G
	usage "more to repeat than there is" "try: --memory 8G" -m 2G --alias-memory 4G
	usage "fewer repetitions than vCPUs" "try: --memory 4G" -m 2G --alias-memory 2G --smp 2
	usage "more repeated memory than the guest can map" "try: --memory 31T" -m 64T --alias-memory 1G
	usage "page tables that do not fit below the hole" "try: --guest-page 2M" -m 2T --alias-memory 1G
	usage "repeated memory that is no size" "alias-memory" --alias-memory 1Gjunk
	usage "repeated memory natively" "does not apply to native" native --alias-memory 1G
	usage "a working set larger than the repetitions" "try: --memory 5G" \
		-m 4G --alias-memory 1G --workload touch --working-set 5G
	usage "a workload that needs distinct memory" "chase.*distinct" \
		-m 4G --alias-memory 1G --workload touch,chase
	grep -q "try: --workload touch," "$T/err" || tap_fail "the hint names those that work with it" "$(cat "$T/err")"
}

needs() {
	usage "a TPR workload without an APIC in KVM" "try: --kernel-irqchip on" --workload tpr --kernel-irqchip off
	usage "a shootdown with one vCPU" "try: --smp 2" --workload shootdown
	usage "page tables of its own natively" "try: minivmm run --workload remap" native --workload remap
	usage "two guest pages of 1G in 2G" "two pages of 1G.*" -m 2G --guest-page 1G --workload remap
	grep -q "try: --guest-page 2M, or --memory 3G" "$T/err" || tap_fail "the hint names both cures" "$(cat "$T/err")"
	usage "a working set of one guest page" "try: --working-set 4M" \
		--guest-page 2M --workload remap --working-set 2M
	usage "irqchip neither on nor off" "on or off" --kernel-irqchip split
	usage "A and D bits neither on nor off" "on or off" --guest-ad maybe
}

paths() {
	refused "path that is not there" 1 "/no/such/place.*" "$MINIVMM" native --mem-path /no/such/place
	refused "a mount point in /dev where nothing is mounted" 1 "mount -t hugetlbfs" \
		"$MINIVMM" native -m 64M --mem-path /dev/no-hugepages-here --workload none
	refused "path on neither hugetlbfs nor tmpfs" 1 "hugetlbfs" "$MINIVMM" native --mem-path /proc
	refused "a directory where the record should go" 1 "$T" "$MINIVMM" native -m 64M --workload none --json "$T"
	refused "no directory where the record should go" 1 "nowhere" \
		"$MINIVMM" native -m 64M --workload none --csv /nowhere/x.csv
	refused "a full disk under the record" 1 "/dev/full|No space" \
		"$MINIVMM" native -m 64M --workload none --quiet --json /dev/full
	refused "more memory than the host has" 1 "[0-9]" "$MINIVMM" native -m 4096G --workload none
}

# recorded NAME REDIRECTIONS: stdout is lost, the record is not. The inner shell redirects, then becomes minivmm.
recorded() {
	rm -f "$T/run.json"
	case_command sh -c "exec \"\$@\" $2" - "$MINIVMM" native -m 64M --workload none --json "$T/run.json"
	want_status 1
	want_json '.verdict == "ok"' "the record is whole"
	want_schema
	conclude "$1"
}

# shellcheck disable=SC2016 # expanded by the inner shells
outputs() {
	recorded "stdout closed: the record is written all the same" ">&-"
	recorded "stdout full: the record is written all the same" ">/dev/full"
	recorded "every stream closed: nothing else takes their place" "<&- >&- 2>&-"
	rm -f "$T/run.json"
	case_command bash -c '(sleep 0.3; exec "$@") | true; exit ${PIPESTATUS[0]}' - \
		"$MINIVMM" native -m 64M --workload none --json "$T/run.json"
	want_status 1
	want_text "Broken pipe"
	want_json '.verdict == "ok"' "the record is whole"
	conclude "a reader that has gone: the record is written all the same"
	refused "a file size limit under the record" 1 "File too large" \
		bash -c '(ulimit -f 0; exec "$@") 2>&1 | cat; exit ${PIPESTATUS[0]}' - \
		"$MINIVMM" native -m 64M --workload none --quiet --json "$T/bad.json"
	refused "help onto a full disk" 1 "No space" sh -c 'exec "$1" --help >/dev/full' - "$MINIVMM"
	refused "no place for the record, told before the run" 1 "nowhere" \
		"$MINIVMM" native -m 64M --timeout 5 --workload chase --accesses 1000000000 --json /nowhere/x.json
}

# Mounts need root.
mounts() {
	local name="mounts: huge pages from tmpfs, unwritable, named file, small pool"
	if ! is_root; then
		tap_skip "$name" "only root can mount"
		return
	fi
	if ! mount_at mnt-tmpfs tmpfs size=256M,mode=755; then
		tap_skip "$name" "tmpfs cannot be mounted here"
		return
	fi
	before=$(host_state)
	refused "huge pages from tmpfs" 2 "tmpfs|4K|hugetlbfs" \
		"$MINIVMM" native --mem-path "$T/mnt-tmpfs" --page-size 2M
	cp "$MINIVMM" "$T/minivmm" && chmod 755 "$T/minivmm"
	refused "mount that may not be written" 1 "mnt-tmpfs.*Permission denied" \
		"${NOBODY[@]}" "$T/minivmm" native -m 64M --mem-path "$T/mnt-tmpfs"
	: >"$T/mnt-tmpfs/precious"
	before=$(host_state)
	refused "an existing file is not taken" 1 "precious.*exist" \
		"$MINIVMM" native -m 64M --mem-path "$T/mnt-tmpfs/precious"
	refused "more than the tmpfs holds" 1 "[Nn]o space|ENOSPC|mnt-tmpfs|memory" \
		"$MINIVMM" native -m 512M --mem-path "$T/mnt-tmpfs" --prealloc --workload none
	refused "a tmpfs that runs dry under lazy memory" 1 "do not fit.*leaves" \
		"$MINIVMM" native -m 512M --mem-path "$T/mnt-tmpfs" --workload touch --working-set 400M --json "$T/bad.json"
	[ -n "$(no_kvm_reason)" ] || refused "a tmpfs that runs dry under a lazy guest" 1 "do not fit.*leaves" \
		"$MINIVMM" -m 512M --mem-path "$T/mnt-tmpfs" --workload touch --working-set 400M --json "$T/bad.json"
	if mount_at mnt-2M hugetlbfs pagesize=2M; then
		small_pool
	else
		tap_skip "pool too small" "hugetlbfs cannot be mounted: $(cat "$T/mount.log")"
	fi
}

# More than the pool holds, whatever it holds: everybody else's pages are left alone.
small_pool() {
	local mib
	before=$(host_state)
	mib=$((($(pool_count 2M free_hugepages) + 64) * 2))
	refused "pool too small: the numbers" 1 "need.*free.*reserved.*surplus" \
		"$MINIVMM" native -m ${mib}M --mem-path "$T/mnt-2M" --prealloc
	refused "pool too small: the cure" 1 "nr_hugepages" \
		"$MINIVMM" native -m ${mib}M --mem-path "$T/mnt-2M"
	refused "pool too small without reservation" 1 "nr_hugepages" \
		"$MINIVMM" native -m ${mib}M --mem-path "$T/mnt-2M" --reserve off --prealloc
	refused "anonymous pool too small" 1 "nr_hugepages" \
		"$MINIVMM" native -m ${mib}M --backing hugetlb
	refused "memfd pool too small" 1 "nr_hugepages" \
		"$MINIVMM" native -m ${mib}M --backing memfd --page-size 2M
	[ -n "$(no_kvm_reason)" ] || refused "pool too small for a guest" 1 "need.*nr_hugepages|nr_hugepages" \
		"$MINIVMM" -m ${mib}M --mem-path "$T/mnt-2M" --prealloc --json "$T/bad.json"
	# Lazily and without a reservation: what is known to be touched is refused.
	refused "pool that a working set would run dry" 1 "working-set: too few 2M pages" \
		"$MINIVMM" native -m $((mib + 64))M --mem-path "$T/mnt-2M" --reserve off --workload touch \
		--working-set $((mib - 64))M --json "$T/bad.json"
	# packed touches part of its set: the shortage shows at an access, in the middle of the workload.
	if [ "$(pool_count 2M free_hugepages)" != 0 ]; then
		tap_skip "pool that runs dry" "there are free pages, which are somebody's"
		return
	fi
	refused "pool that runs dry" 1 "no page behind.*need.*free" \
		"$MINIVMM" native -m $((mib + 64))M --mem-path "$T/mnt-2M" --reserve off --workload packed \
		--working-set 64M --json "$T/bad.json"
	[ -n "$(no_kvm_reason)" ] || refused "pool that runs dry under a guest" 1 "nr_hugepages" \
		"$MINIVMM" -m $((mib + 64))M --mem-path "$T/mnt-2M" --reserve off --workload packed \
		--working-set 64M --json "$T/bad.json"
}

# Each runs in a mount namespace of its own, where /dev/kvm is something else.
no_kvm() {
	local hide='mount --bind "$1" /dev/kvm && shift && exec "$@"'
	if ! is_root || ! unshare -m true 2>/dev/null; then
		tap_skip "/dev/kvm missing, refused or false" "needs root and mount namespaces"
		return
	fi
	before=$(host_state)
	refused "/dev/kvm missing" 77 "/dev/kvm.*" \
		unshare -m bash -c 'mount -t tmpfs none /dev && exec "$@"' - "$MINIVMM" -m 64M --workload none
	if [ ! -e /dev/kvm ]; then
		tap_skip "/dev/kvm refused or false" "no /dev/kvm on this host"
		return
	fi
	: >"$T/not-kvm"
	refused "/dev/kvm is something else" 77 "/dev/kvm" \
		unshare -m bash -c "$hide" - "$T/not-kvm" "$MINIVMM" -m 64M --workload none
	if "${NOBODY[@]}" test -w /dev/kvm; then
		tap_skip "/dev/kvm refused" "everybody may open /dev/kvm on this host"
		return
	fi
	refused "/dev/kvm refused" 77 "/dev/kvm.*(Permission denied|permission)" \
		"${NOBODY[@]}" "$T/minivmm" -m 64M --workload none
}

# Files that are no guest (tests/guests/ has those that almost are).
no_guest() {
	if [ -n "$(no_kvm_reason)" ]; then
		tap_skip "files that are no guest" "$(no_kvm_reason)"
		return
	fi
	before=$(host_state)
	: >"$T/empty.elf"
	head -c 1000000 /dev/zero >"$T/zero.elf"
	head -c 5000 "$GUEST_ELF" >"$T/cut.elf"
	refused "guest that is not there" 1 "none.elf.*No such file" "$MINIVMM" -m 64M --guest "$T/none.elf"
	refused "guest that is a directory" 1 "$T" "$MINIVMM" -m 64M --guest "$T"
	refused "guest that is empty" 1 "empty.elf" "$MINIVMM" -m 64M --guest "$T/empty.elf"
	refused "guest that is zeroes" 1 "ELF" "$MINIVMM" -m 64M --guest "$T/zero.elf"
	refused "guest that is cut off" 1 "truncated|beyond" "$MINIVMM" -m 64M --guest "$T/cut.elf"
	refused "guest that is an ordinary program" 1 "ELF type" "$MINIVMM" -m 64M --guest /bin/true
}

# A terminal obeys control characters, wherever they come from: in a value, in a file's name, in UTF-8's long form of one.
control_characters() {
	local bad=$'\e[31mX\r\n\x7f\xc2\x9bY\xc3\xa9'
	usage "control characters in a value" '--memory \?\[31mX\?\?\?\?Yé: ' "--memory=$bad"
	usage "control characters in a command" "'\\?\\[31mX" "$bad"
	refused "control characters in a file's name" 1 '\?\[31mX.*No such file' "$MINIVMM" compare "$bad" "$bad"
	refused "control characters in a path" 1 "\\?\\[31mX" "$MINIVMM" native -m 64M --mem-path "$bad" --page-size 2M
	! LC_ALL=C grep -q "[[:cntrl:]]" "$T/err" || tap_fail "no control character is printed" "$(cat -v "$T/err")"
}

sizes
numbers
control_characters
choices
fifos
aliases
needs
paths
outputs
mounts
no_kvm
no_guest
tap_done
