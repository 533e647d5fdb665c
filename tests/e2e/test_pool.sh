#!/usr/bin/env bash
# `minivmm pool` agrees with sysfs, and what `pool plan` tells to type provides exactly the pages that were missing. It
# could break in the arithmetic (pages that are promised already count twice, or not at all) and in the commands
# themselves, which no compiler reads. Pools that change under the test are other people's: it gives back what it took.
. "$(dirname "$0")/lib.sh"

need_build
need_tool jq

HOSTS=tests/fixtures/host
POOLS=/sys/kernel/mm/hugepages

# What pool_total put into pools, as "SIZE TOTAL-BEFORE", newest last.
changed=()
give_back() {
	local i
	[ "$BASHPID" = "$T_OWNER" ] || return
	for ((i = ${#changed[@]} - 1; i >= 0; i--)); do
		echo "${changed[i]#* }" >"$POOLS/hugepages-$(hugepage_kib "${changed[i]% *}")kB/nr_hugepages"
	done
	changed=()
}
trap 'give_back; cleanup' EXIT

pool_json() {
	rm -f "$T/run.json"
	case_run pool "$@" --json "$T/run.json"
}

# The same while nobody else changes a pool.
pool_json_still() {
	local try before
	for try in {1..20}; do
		before=$(cat $POOLS/*/*)
		pool_json "$@"
		[ "$(cat $POOLS/*/*)" != "$before" ] || return 0
	done
	echo "# the pools changed $try times"
}

shows() {
	local dir kib file key
	pool_json_still
	want_status 0
	want_schema_of minivmm.pool-1
	[ "$(wc -L <"$T/out")" -le 100 ] || problem "wider than 100 columns"
	[ ! -s "$T/err" ] || problem "stderr is not empty"
	for dir in "$POOLS"/hugepages-*kB; do
		[ -d "$dir" ] || continue
		kib=${dir##*-}
		kib=${kib%kB}
		for file in nr_hugepages:total free_hugepages:free resv_hugepages:reserved surplus_hugepages:surplus \
			nr_overcommit_hugepages:overcommit; do
			key=${file#*:}
			want_json '.sizes[] | select(.page_bytes == $b) | .[$k] == $v' "$kib kB $key" --argjson b $((kib * 1024)) \
				--arg k "$key" --argjson v "$(cat "$dir/${file%:*}")"
		done
	done
	want_json '(.sizes | length) == $n' "every size" --argjson n "$(find $POOLS -maxdepth 1 -name 'hugepages-*' 2>/dev/null | wc -l)"
	for dir in /sys/devices/system/node/node*/hugepages/hugepages-*kB; do
		[ -d "$dir" ] || continue
		kib=${dir##*-}
		kib=${kib%kB}
		file=${dir#/sys/devices/system/node/node}
		want_json '.sizes[] | select(.page_bytes == $b) | .nodes[] | select(.node == $node) | .total == $t and .free == $f' \
			"$dir" --argjson b $((kib * 1024)) --argjson node "${file%%/*}" \
			--argjson t "$(cat "$dir/nr_hugepages")" --argjson f "$(cat "$dir/free_hugepages")"
	done
	conclude "pool agrees with sysfs"

	pool_json_still
	cp "$T/run.json" "$T/bare.json"
	pool_json_still show --quiet
	cmp -s <(jq 'del(.memory_available_bytes)' "$T/bare.json") <(jq 'del(.memory_available_bytes)' "$T/run.json") ||
		problem "pool and pool show differ"
	[ ! -s "$T/out" ] || problem "not quiet"
	conclude "pool show is pool"

	case_run pool --json -
	want_status 0
	cp "$T/out" "$T/run.json"
	want_schema_of minivmm.pool-1
	[ -s "$T/err" ] || problem "the text did not go to stderr"
	conclude "--json - : the report on stdout, the text on stderr"
}

mounts() {
	if ! is_root || ! mount_at "mnt 2M" hugetlbfs pagesize=2M; then
		tap_skip "a mount is listed with its page size" "hugetlbfs cannot be mounted: root is needed, and a 2M pool"
		return
	fi
	pool_json
	want_json '.mounts[] | select(.path == $p) | .page_bytes == 2097152' "the mount" --arg p "$T/mnt 2M"
	umount "$T/mnt 2M"
	pool_json
	want_json '[.mounts[] | select(.path == $p)] == []' "gone with the mount" --arg p "$T/mnt 2M"
	conclude "a mount is listed with its page size"
}

# Another program's file of $2 MiB in $T/$1.
others_file() {
	fallocate -l "$2"M "$T/$1/others"
}

# mount_cure NAME TYPE OPTIONS MIB-OF-OTHERS SUBDIR COMMAND? ARGS...: native in $T/m/SUBDIR fails, its cure as printed is typed,
# the same run works. COMMAND? is "command" where the mount itself can be changed: both ways of the hint are tried then.
mount_cure() {
	local name=$1 type=$2 options=$3 others=$4 sub=$5 has=$6 cure way without
	shift 6
	for way in command options; do
		[ "$way" = options ] || [ "$has" = command ] || continue
		if ! mount_at "a m" "$type" "$options"; then
			tap_skip "$name" "cannot be mounted: root is needed, and a 2M pool"
			return
		fi
		[ "$others" = 0 ] || others_file "a m" "$others"
		mkdir -p "$T/a m$sub"
		case_run native --mem-path "$T/a m$sub" --workload none "$@"
		want_status 1
		cure=$(sed -n 's/^minivmm: try: //p' "$T/err")
		[[ $cure == *"--backing memfd --page-size "* ]] || problem "no cure: $(cat "$T/err")"
		cp "$T/err" "$T/before"
		if [ "$way" = command ]; then
			(cd / && sh -ec "$cure") 2>"$T/typed.log" || problem "the cure fails: $cure: $(cat "$T/typed.log")"
			mkdir -p "$T/a m$sub"
			case_run_on native --mem-path "$T/a m$sub" --workload none "$@"
			[ "$type" != hugetlbfs ] || grep -F "$T/a" /proc/self/mounts | grep -q 'hugetlbfs .*gid=7,mode=750' ||
				problem "other options are lost"
			[ "$others" = 0 ] || [ -e "$T/a m/others" ] || problem "another's file is lost"
		else
			read -r -a without <<<"${cure#*without a mount: }"
			case_run_on native "${without[@]}" --workload none "$@"
		fi
		want_status 0
		[ ${#problems[@]} = 0 ] || problem "$(cat "$T/before")"
		umount "$T/a m"
		conclude "$name: by $way"
	done
}

# As case_run, and what was wrong before stays so.
case_run_on() {
	local before=("${problems[@]}")
	case_run "$@"
	problems=("${before[@]}" "${problems[@]}")
}

mount_cures() {
	local huge=pagesize=2M,mode=750,gid=7
	mount_cure "tmpfs is too small" tmpfs size=16m 0 "" command -m 64M --prealloc
	mount_cure "tmpfs below its mount point, another's file in it" tmpfs size=16m 8 /vm command -m 64M --prealloc
	mount_cure "tmpfs without a further file" tmpfs nr_inodes=1 0 "" command -m 16M --prealloc
	if ! pool_reserve 2M 16; then
		tap_skip "cures of hugetlbfs" "$pool_reason"
		return
	fi
	mount_cure "hugetlbfs is too small" hugetlbfs $huge,size=8M 0 "" command -m 16M --prealloc
	mount_cure "hugetlbfs is too small, lazily" hugetlbfs $huge,size=8M 0 /vm command -m 16M
	mount_cure "hugetlbfs is too small, without reservation" hugetlbfs $huge,size=8M 0 "" command -m 16M --prealloc --reserve off
	mount_cure "hugetlbfs with another's pages" hugetlbfs $huge,size=8M 4 "" options -m 16M --prealloc
	mount_cure "hugetlbfs without a further file" hugetlbfs $huge,nr_inodes=1 0 "" options -m 16M --prealloc
	pool_restore
}

# plan_is NAME FILTER ARGS...: a plan for a recorded host; status 6 where it is more than the largest.
plan_is() {
	local name=$1 filter=$2
	shift 2
	pool_json plan "$@"
	want_status "$(json 'if .largest_bytes != null and .bytes > .largest_bytes then 6 else 0 end')"
	want_json "$filter" "$name"
	want_schema_of minivmm.pool-plan-1
	[ "$(wc -L <"$T/out")" -le 100 ] || problem "wider than 100 columns"
	conclude "plan: $name"
}

# 2M: 64 in all, 40 free, 8 of them reserved, nodes 30 and 10 free; 1G: 3 in all, 1 free, on node 0.
recorded_plans() {
	local host=$HOSTS/intel-ept
	plan_is "enough as it is" '.needed == 8 and .enough and .missing == 0 and .lines.sysfs == []' --root "$host" -m 16M
	plan_is "a part of a page is a page" '.needed == 9' --root "$host" -m 17M
	plan_is "promised pages do not count" '.available == 32 and .needed == 34 and .missing == 2' --root "$host" -m 68M
	plan_is "a node's own pages" '.nodes == [{"node": 1, "total": 32, "free": 10, "needed": 12, "missing": 2}]' \
		--root "$host" -m 24M --host-nodes 1
	plan_is "1G pages at boot" '.missing == 3 and (.lines.boot | any(test("hugepagesz=1G")))' \
		--root "$host" -m 4G --page-size 1G
	plan_is "a limit of a control group is in the way" '.largest_bytes == 50331648 and (.lines.cgroup | length) == 1' \
		--root "$host" -m 52M
	plan_is "no line beyond memory" '.missing == 65530 and .lines.sysfs == ["echo \(.largest_bytes / pow(2; 30) + 2) > "
		+ "/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages"]' --root "$host" -m 65531G --page-size 1G
	want_text '^verdict +not enough'
	plan_is "as QEMU and libvirt name it" \
		'(.lines.qemu | any(test("hugetlbsize=1G"))) and (.lines.libvirt | any(test("<hugepages>")))' \
		--root "$host" -m 4G --page-size 1G
}

# Lines of a kind, as a shell script.
lines() {
	jq -r --arg k "$1" '.lines[$k][]' "$T/run.json"
}

# provided NAME KIND ARGS...: the plan's lines of that kind, typed by root, make the same plan say "enough".
provided() {
	local name=$1 kind=$2 before
	shift 2
	before=$(pool_count 2M nr_hugepages)
	pool_json plan --quiet "$@"
	want_json '.enough == false and .missing > 0' "pages are missing"
	if [ -z "$(lines "$kind")" ]; then
		problem "no line of kind $kind"
	else
		changed+=("2M $before")
		lines "$kind" >"$T/typed.sh"
		PATH=$PATH:/usr/sbin:/sbin sh -e "$T/typed.sh" >"$T/typed.log" 2>&1 || problem "the lines fail: $(cat "$T/typed.sh" "$T/typed.log")"
		pool_json plan --quiet "$@"
		want_json '.enough and .missing == 0 and .available == .needed' "enough, and no page more"
		want_json '[.lines.sysctl, .lines.sysfs] == [[], []]' "nothing left to type"
	fi
	if [ ${#problems[@]} = 0 ] && [ -z "$(no_kvm_reason)" ]; then
		rm -f "$T/run.json"
		case_run "$@" --backing hugetlb --prealloc --workload none --json "$T/run.json"
		want_status 0
		want_json '.observed.page_bytes == 2097152 and .pool.populated.free - .pool.populated.reserved == 0' "the run takes them all"
	fi
	give_back
	[ "$(pool_count 2M nr_hugepages)" = "$before" ] || problem "the pool is not what it was"
	conclude "$name"
}

typed_lines() {
	local mib node_free
	local name="the plan's lines provide the pages"
	if ! is_root; then
		tap_skip "$name" "only root can change a pool"
		return
	elif [ ! -w $POOLS/hugepages-2048kB/nr_hugepages ]; then
		tap_skip "$name" "this kernel has no 2M pool to change"
		return
	fi
	pool_json --quiet
	if [ "$(json '[.sizes[] | select(.page_bytes == 2097152) | .overcommit > 0, .cgroup.limits != []] | any')" = true ]; then
		tap_skip "$name" "overcommit or a control group's limit on 2M pages here"
		return
	fi
	mib=$((($(pool_available 2M) + 40) * 2))
	[ "$(json '.sizes[] | select(.page_bytes == 2097152) | .default')" = true ] &&
		provided "sysctl lines provide the pages" sysctl -m ${mib}M
	provided "sysfs lines provide the pages" sysfs -m ${mib}M
	[ -d /sys/devices/system/node/node0/hugepages ] || return
	node_free=$(cat /sys/devices/system/node/node0/hugepages/hugepages-2048kB/free_hugepages)
	on_node "$(((node_free + 24) * 2))"
}

# The same on one node: what the kernel shows of that node follows.
on_node() {
	local before
	before=$(pool_count 2M nr_hugepages)
	pool_json plan --quiet -m "$1M" --host-nodes 0
	changed+=("2M $before")
	lines sysfs >"$T/typed.sh"
	grep -q 'node0/hugepages' "$T/typed.sh" || problem "no write to the node: $(cat "$T/typed.sh")"
	sh -e "$T/typed.sh" 2>"$T/typed.log" || problem "the lines fail: $(cat "$T/typed.log")"
	pool_json plan --quiet -m "$1M" --host-nodes 0
	want_json '.enough and .nodes[0].free >= .needed' "enough on the node"
	give_back
	[ "$(pool_count 2M nr_hugepages)" = "$before" ] || problem "the pool is not what it was"
	conclude "a node's lines provide pages on that node"
}

# A run that cannot have its memory tells the same cure as the plan.
one_analysis() {
	local mib
	if [ ! -d $POOLS/hugepages-2048kB ]; then
		tap_skip "a run's error and the plan agree" "this kernel has no 2M pool"
		return
	fi
	mib=$((($(pool_count 2M free_hugepages) + 4) * 2))
	pool_json plan --quiet -m ${mib}M
	cure=$(jq -r '(.lines.sysctl + .lines.sysfs)[0]' "$T/run.json")
	case_run native -m ${mib}M --backing hugetlb --workload none
	want_status 1
	grep -qF -- "$cure" "$T/err" || problem "the run does not say: $cure"
	conclude "a run's error and the plan agree"
}

# What a host cannot give is not proposed to it: neither all of its memory nor more.
too_large() {
	local most total
	total=$(awk '/^MemTotal:/ { print $2 * 1024 }' /proc/meminfo)
	pool_json plan -m 4T --page-size 2M
	want_status 6
	want_text '^verdict +not enough'
	want_text '^largest '
	most=$(json .largest_bytes)
	want_json '.enough == false and .largest_bytes < $total and .largest_bytes < .bytes' "the largest is less" --argjson total "$total"
	want_json '[.lines.sysctl, .lines.sysfs, .lines.script, .lines.boot] | flatten | all(
		capture("(hugepages=|echo |2M )(?<pages>[0-9]+)").pages | tonumber * 2097152 < $total)' "no line of more" \
		--argjson total "$total"
	conclude "a plan beyond this host has status 6 and the lines of the largest"

	pool_json plan --quiet -m $((most >> 20))M --page-size 2M
	[ "$(json .largest_bytes)" -lt "$most" ] || want_status 0
	conclude "the largest is no more than can be had"
}

# What the plan proposes the script does, and not a page more: both leave the same part of memory to others.
script_agrees() {
	local host=$T/host pages
	mkdir -p "$host/proc" "$host/sys/kernel/mm"
	cp -r $HOSTS/intel-ept/sys/kernel/mm/hugepages "$host/sys/kernel/mm" && chmod -R u+w "$host"
	printf 'MemTotal: 16777216 kB\nMemAvailable: 9437184 kB\nHugepagesize: 2048 kB\n' >"$host/proc/meminfo"
	pool_json plan --root "$host" -m 1T
	want_status 6
	pages=$(($(json .largest_bytes) >> 21))
	# 8 GiB can be spared, and 32 pages are available.
	[ $pages = $((4096 + 32)) ] || problem "$pages pages are the most"
	want_json '.lines.script == ["scripts/hugepages.sh reserve 2M \($n)"]' "its line" --argjson n $pages
	MINIVMM_POOL_ROOT=$host scripts/hugepages.sh reserve 2M $((pages + 1)) >"$T/out" 2>&1 && problem "the script takes one more"
	MINIVMM_POOL_ROOT=$host scripts/hugepages.sh reserve 2M $pages >"$T/out" 2>&1 || problem "the script refuses"
	rm -f "$MINIVMM_POOL_STATE"
	conclude "hugepages.sh reserves what the plan proposes, and not a page more"
}

# In a group whose limit is too tight the limit is named, the pages this run has are not another's, and the line raises it.
group_limit() {
	local name="a control group's limit: $1" top group cure
	top=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)
	group=$top/minivmm-e2e-$$
	if ! is_root || [ -z "$top" ] || ! { echo +hugetlb >"$top/cgroup.subtree_control" && mkdir "$group"; } 2>/dev/null; then
		tap_skip "$name" "no control groups v2 with hugetlb for us"
		return
	elif ! pool_reserve 2M 32; then
		rmdir "$group"
		tap_skip "$name" "$pool_reason"
		return
	fi
	echo $((20 << 21)) >"$group/$1"
	within() {
		case_command sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group" "$MINIVMM" native -m 64M --backing hugetlb \
			--page-size 2M --workload none --prealloc
	}
	within
	want_status 1
	want_text "$2"
	cure=$(sed -n 's/^minivmm: try: //p' "$T/err")
	[[ $cure == "echo $((32 << 21)) > $group/$1 "* ]] || problem "another cure: $cure"
	sh -c "$cure" || problem "the cure fails: $cure"
	within
	want_status 0
	conclude "$name"
	rmdir "$group"
	pool_restore
}

# The environment may put every program's heap into the pool; this one measures the pool.
own_heap() {
	local free variable
	for variable in GLIBC_TUNABLES=glibc.malloc.hugetlb=2 GLIBC_TUNABLES=glibc.malloc.check=0:glibc.malloc.hugetlb=1; do
		if ! pool_reserve 2M 16; then
			tap_skip "own heap is not in the pool: $variable" "$pool_reason"
			continue
		fi
		free=$(pool_count 2M free_hugepages)
		rm -f "$T/run.json"
		case_command env "$variable" "$MINIVMM" native -m 16M --backing hugetlb --prealloc --workload none --json "$T/run.json"
		want_status 0
		[ "$(pool_count 2M free_hugepages)" != "$free" ] ||
			want_json '.pool.before.free == $free and .pool.closed == .pool.before' "all pages are there" --argjson free "$free"
		conclude "own heap is not in the pool: $variable"
	done
	pool_restore
}

refusals() {
	local words list
	for words in "grow" "show plan" "plan extra" "plan --page-size 4K" "plan --page-size 3M" "plan -m 0" "plan --smp 2" \
		"-m 1G" "--tap" "plan --root $HOSTS/intel-ept --host-nodes 5" "plan --root $HOSTS/intel-ept -m 16777215T"; do
		read -r -a list <<<"$words"
		case_run pool "${list[@]}"
		want_status 2
		[ ! -s "$T/out" ] || problem "something on stdout"
		conclude "pool $words is usage"
	done
	case_run pool plan --root "$HOSTS/no-kvm" --page-size 1G
	want_status 77
	want_text '1G'
	conclude "pages of a size that the host has not"
	for words in "pool" "pool show" "pool plan"; do
		read -r -a list <<<"$words"
		case_run "${list[@]}" --help
		want_status 0
		[ ! -s "$T/err" ] && [ "$(wc -L <"$T/out")" -le 100 ] || problem "not on stdout, or wide"
		conclude "$words --help"
	done
}

shows
mounts
mount_cures
recorded_plans
typed_lines
one_analysis
too_large
script_agrees
group_limit hugetlb.2MB.max '12 needed .* beside 20 that this run has'
group_limit hugetlb.2MB.rsvd.max '32 needed'
own_heap
refusals
# Sizes mean what coreutils' numfmt takes them for.
problems=() command_line=(pool plan -m SIZE)
for size in 1M 3M 63M 64M 1000M 4095M 1G 7G 1023G 1T 15T 2048K 1000000K; do
	bytes=$("$MINIVMM" pool plan -m "$size" --root tests/fixtures/host/intel-ept --json - --quiet | jq .bytes)
	[ "$bytes" = "$(numfmt --from=iec "$size")" ] || problem "$size: $bytes bytes, numfmt says $(numfmt --from=iec "$size")"
done
conclude "sizes are those of numfmt"

tap_done
