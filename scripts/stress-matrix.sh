#!/bin/sh
# Does the memory behind a Linux guest change what stress-ng gets done in it? The classic experiment, with a proof of each cell.
#
#   stress-matrix.sh [OPTION...] OUT.tsv     as root: the host's THP switch is set for each cell and put back
#   stress-matrix.sh --make-initrd FILE      the guest's initramfs alone, from this machine's busybox and stress-ng
#
#   --backings LIST    of anon, vh, pvh, hpvh, hppvh, shmem-thp: anonymous memory; a shared tmpfs file, lazy and preallocated;
#                      a shared hugetlbfs file, lazy and preallocated; a tmpfs whose files have huge pages (all of them)
#   --host-thp LIST    of never, always, for the host's switch (never,always)     --guest-thp LIST    the same in the guest
#   --stressors LIST   of stress-ng (malloc,remap,mlock)                          --counts LIST       instances (1,4,8,16)
#   --seconds N        for each stressor (60)                                     --repeat N          of all cells (3)
#   --memory SIZE      of the guest, in M or G (4G)                               --cpus N            of the guest (4)
#   --huge DIR         hugetlbfs of 2M pages (/dev/hugepages)                     --shm DIR           tmpfs (/dev/shm)
#   --kernel FILE      (that of this host)                                        --initrd FILE       (made)
#   --quick            a first look of six minutes: malloc x 1 for 10 s, once, on anon, vh, hpvh and hppvh
#   --resume           keep what OUT.tsv has, and run the cells of each repeat that are missing
#
# A line of OUT.tsv is a result: repeat, backing, the host's THP, the guest's, stressor, instances, operations a second, verdict,
# leaves of 4K, 2M and 1G, processes that the guest's OOM killer ended. The verdict is that of `minivmm observe`, read while
# the guest works: proven; unproven, where KVM's leaves cannot be seen; not-2M or not-4K, where the leaves are not what
# the cell's name says; oom, where the killer makes it no result. Repeats are outermost: what drifts on the machine then hits
# all cells alike.
#
# Status: 0 all cells are proven results; 5 one is not; 1 something failed; 2 usage; 77 the machine lacks what is needed.
# POSIX sh, so that it runs in a small initramfs too.
set -u

backings=anon,vh,pvh,hpvh,hppvh,shmem-thp host_thp=never,always guest_thp=never,always stressors=malloc,remap,mlock
counts=1,4,8,16 seconds=60 repeat=3 memory=4G cpus=4 huge=/dev/hugepages shm=/dev/shm kernel=/boot/vmlinuz-$(uname -r)
initrd='' resume=no make='' out='' qemu=''
thp=/sys/kernel/mm/transparent_hugepage/enabled
here=${0%/*}

complain() {
	printf 'stress-matrix: %s\n' "$*" >&2
}

fail() {
	complain "$2"
	exit "$1"
}

usage() {
	fail 2 "usage: stress-matrix.sh [--quick] [--resume] [--backings LIST] ... OUT.tsv (see the head of the script)"
}

while [ $# -gt 0 ]; do
	case $1 in
	--backings | --host-thp | --guest-thp | --stressors | --counts | --seconds | --repeat | --memory | --cpus | --huge | --shm | \
		--kernel | --initrd)
		[ -n "${2-}" ] || usage
		name=$(echo "${1#--}" | tr - _)
		eval "$name=\$2"
		shift
		;;
	--make-initrd)
		[ $# = 2 ] || usage
		make=$2
		shift
		;;
	--quick) backings=anon,vh,hpvh,hppvh stressors=malloc counts=1 seconds=10 repeat=1 ;;
	--resume) resume=yes ;;
	-*) usage ;;
	*)
		[ -z "$out" ] || usage
		out=$1
		;;
	esac
	shift
done

# words LIST ALLOWED...: the list with blanks for commas; each has to match one of the patterns.
words() {
	list=$1
	shift
	for word in $(echo "$list" | tr , ' '); do
		for allowed in "$@"; do
			# shellcheck disable=SC2254 # a pattern
			case $word in $allowed) continue 2 ;; esac
		done
		fail 2 "$word: $* is expected"
	done
	echo "$list" | tr , ' '
}

# What the guest runs. A result is a line on the console: "= stressor instances operations-a-second killed".
guest_init() {
	cat <<-'END'
		#!/bin/busybox sh
		/bin/busybox mkdir -p /proc /sys /dev /tmp && /bin/busybox --install -s /bin
		mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs tmp /tmp; cd /tmp
		for word in $(cat /proc/cmdline); do
			case $word in run.*) eval "$(echo "${word#run.}" | tr + ' ' | sed 's/=\(.*\)/="\1"/')" ;; esac
		done
		killed() { dmesg | grep -c 'Out of memory: Killed\|oom-kill:'; }
		for stressor in $stressors; do for count in $counts; do
			before=$(killed)
			rate=$(stress-ng --$stressor $count --timeout ${seconds}s --metrics-brief 2>&1 |
				awk -v name=$stressor '/metrc|info/ { for (i = 1; i + 5 <= NF; i++) if ($i == name && $(i + 1) ~ /^[0-9]+$/) print $(i + 5) }' |
				tail -n 1)
			echo "= $stressor $count ${rate:--} $(($(killed) - before)) ="
		done; done
		# The host ends the VM: its leaves are gone with it.
		echo "@ end"; sleep 600; poweroff -f
	END
}

make_initrd() {
	for tool in busybox stress-ng cpio ldd; do
		command -v $tool >/dev/null || fail 77 "$tool is missing: apt-get install busybox-static stress-ng cpio"
	done
	root=$work/root
	mkdir -p "$root/bin" && guest_init >"$root/init" && chmod 755 "$root/init" && cp "$(command -v busybox)" "$root/bin/busybox" &&
		cp -L "$(command -v stress-ng)" "$root/bin/stress-ng" || return 1
	for file in $(ldd "$root/bin/stress-ng" | grep -o '/[^ ]*'); do
		mkdir -p "$root${file%/*}" && cp -L "$file" "$root$file" || return 1
	done
	(cd "$root" && find . | cpio -o -H newc 2>/dev/null) >"$work/cpio" && put "$work/cpio" "$1" && rm -rf "$root"
}

# QEMU's arguments for a backing; a mapping aligned to 2M, or no large leaf would be possible.
backing() {
	case $1 in
	anon) return ;;
	vh) path=$shm also= ;;
	pvh) path=$shm also=,prealloc=on ;;
	hpvh) path=$huge also= ;;
	hppvh) path=$huge also=,prealloc=on ;;
	shmem-thp) path=$work/shmem also= ;;
	esac
	echo "-object memory-backend-file,id=mem,size=$memory,mem-path=$path,share=on,align=2M$also -machine memory-backend=mem"
}

# The leaves that a cell's name promises.
expected() {
	case $1-$2 in
	hpvh-* | hppvh-* | shmem-thp-* | anon-always) echo 2M ;;
	*) echo 4K ;;
	esac
}

# look WANT: KVM's leaves now, into $verdict and $leaves.
look() {
	"$minivmm" observe --pid $qemu --expect "$1" --quiet --json "$work/observed" >/dev/null 2>"$work/why"
	case $? in
	0) verdict=proven ;;
	5) verdict=not-$1 ;;
	*) verdict=unproven ;;
	esac
	leaves=$(jq -r '.vms[0] | [.pages_4k, .pages_2m, .pages_1g] | map(. // "-") | join("\t")' "$work/observed" 2>/dev/null)
	[ -n "$leaves" ] || leaves=$(printf -- '-\t-\t-')
}

# rows CELL...: results that the console told since, whole lines: a row each, with the leaves of now.
rows() {
	tr -d '\r' <"$work/console" | awk '$1 == "=" && $6 == "=" && NF == 6' | tail -n +$((told + 1)) >"$work/new"
	while read -r _ stressor count rate killed _; do
		told=$((told + 1))
		look "$(expected "$2" "$3")"
		[ "$killed" = 0 ] && [ "$rate" != - ] || verdict=oom
		[ "$verdict" = proven ] || bad=5
		printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$@" "$stressor" "$count" "$rate" "$verdict" "$leaves" "$killed" >>"$work/out"
	done <"$work/new"
	[ ! -s "$work/new" ] || publish
}

# Longer than a cell can take: boot, stressors, and what ends late.
deadline() {
	echo $((120 + results * (seconds + 30)))
}

# cell REPEAT BACKING HOST-THP GUEST-THP
cell() {
	echo "$3" >$thp || fail 1 "cannot write $thp: root is needed"
	: >"$work/console"
	told=0
	# shellcheck disable=SC2046 # words
	qemu-system-x86_64 -accel kvm -cpu host -nodefaults -display none -no-reboot -M microvm,pit=on,pic=on,rtc=on -smp "$cpus" \
		-m "$memory" $(backing "$2") -serial "file:$work/console" -kernel "$kernel" -initrd "$initrd" -append \
		"console=ttyS0 quiet panic=-1 transparent_hugepage=$4 random.trust_cpu=on nokaslr cryptomgr.notests tsc=reliable pci=off \
		run.stressors=$(echo "$stressors" | tr ' ' +) run.counts=$(echo "$counts" | tr ' ' +) run.seconds=$seconds" \
		>"$work/qemu.log" 2>&1 </dev/null &
	qemu=$! left=$(deadline)
	while kill -0 $qemu 2>/dev/null && [ "$left" -gt 0 ]; do
		rows "$@"
		! grep -q '^@ end' "$work/console" || break
		sleep 1
		left=$((left - 1))
	done
	rows "$@"
	kill $qemu 2>/dev/null
	wait $qemu
	qemu=''
	if [ $told -lt "$results" ]; then
		bad=5
		complain "$2, host THP $3, guest THP $4: $told results: $(cat "$work/qemu.log" "$work/console" | tr -d '\r' | tail -n 1)"
	fi
}

# check_file FILE: it is replaced, so it is not what somebody else left there, nor a device.
check_file() {
	[ ! -L "$1" ] || fail 1 "$1 is a link: name the file itself"
	[ ! -e "$1" ] || [ -f "$1" ] || fail 1 "$1 is no plain file"
}

# put FILE OUT: the contents become those of OUT at once, under a name that nobody can lay a link at beforehand.
put() {
	new=$(mktemp "$(dirname "$2")/.stress-matrix.XXXXXX") && chmod '=rw' "$new" && cat "$1" >"$new" && mv -f "$new" "$2" && return 0
	rm -f "$new"
	return 1
}

publish() {
	put "$work/out" "$out" || fail 1 "$out cannot be written"
}

# A cell is there when it has all its results; of one that was interrupted nothing is kept.
has_cell() {
	[ $resume = yes ] || return 1
	cell=$(printf '%s\t%s\t%s\t%s\t' "$@")
	found=$(grep -cF "$cell" "$work/out")
	[ "$found" = "$results" ] && return 0
	[ "$found" = 0 ] || { grep -vF "$cell" "$work/out" >"$work/kept" && mv "$work/kept" "$work/out"; }
	return 1
}

each_cell() {
	turn=1
	while [ $turn -le "$repeat" ]; do
		for host in $host_thp; do
			for kind in $backings; do
				for guest in $guest_thp; do
					has_cell $turn "$kind" "$host" "$guest" || cell $turn "$kind" "$host" "$guest"
				done
			done
		done
		turn=$((turn + 1))
	done
}

# shellcheck disable=SC2317 # called by the trap
put_back() {
	[ -z "$qemu" ] || kill "$qemu" 2>/dev/null
	[ -z "${thp_before-}" ] || echo "$thp_before" >"$thp"
	! grep -qs " $work/shmem " /proc/self/mounts || umount "$work/shmem"
	rm -rf "$work"
}

work=$(mktemp -d) || exit 1
trap put_back EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 131' QUIT
trap 'exit 143' TERM
if [ -n "$make" ]; then
	check_file "$make"
	make_initrd "$make" || fail 1 "the initramfs cannot be made"
	exit 0
fi
[ -n "$out" ] || usage
check_file "$out"
backings=$(words "$backings" anon vh pvh hpvh hppvh shmem-thp) && host_thp=$(words "$host_thp" never always) &&
	guest_thp=$(words "$guest_thp" never always) && stressors=$(words "$stressors" '[a-z]*') &&
	counts=$(words "$counts" '[1-9]*') && seconds=$(words "$seconds" '[1-9]*') && repeat=$(words "$repeat" '[1-9]*') &&
	memory=$(words "$memory" '[1-9]*[MG]') || exit 2
# Of each cell.
results=$(($(echo "$stressors" | wc -w) * $(echo "$counts" | wc -w)))
minivmm=${MINIVMM:-$here/../build/minivmm}
[ -x "$minivmm" ] || minivmm=$(command -v minivmm) || fail 77 "minivmm is not built"
for tool in qemu-system-x86_64 jq; do
	command -v $tool >/dev/null || fail 77 "$tool is missing: apt-get install qemu-system-x86 jq"
done
[ -w /dev/kvm ] || fail 77 "/dev/kvm cannot be used"
[ -r "$kernel" ] || fail 77 "$kernel: no such kernel; --kernel FILE"
case " $backings " in
*' hpvh '* | *' hppvh '*) [ -w "$huge" ] || fail 77 "$huge cannot be written; minivmm pool plan --memory $memory --host-page 2M; --huge DIR" ;;
esac
case " $backings " in
*' shmem-thp '*)
	mkdir "$work/shmem" || exit 1
	mount -t tmpfs -o huge=always tmp "$work/shmem" || fail 77 "no tmpfs with huge pages can be mounted"
	;;
esac
[ -n "$initrd" ] || { initrd=$work/initrd && make_initrd "$initrd"; } || fail 1 "the initramfs cannot be made"
thp_before=$(sed 's/.*\[\(.*\)\].*/\1/' $thp) || fail 77 "this kernel has no THP"
bad=0
[ $resume = yes ] && [ -s "$out" ] && cat "$out" >"$work/out" ||
	printf '#repeat\tbacking\thost_thp\tguest_thp\tstressor\tinstances\tops_per_s\tverdict\tleaves_4k\tleaves_2m\tleaves_1g\toom_kills\n' >"$work/out" ||
	exit 1
publish
each_cell
exit $bad
