#!/usr/bin/env bash
# `minivmm check` says what the kernel's own files say, the same as a run's record, and answers each requirement both
# ways with the right status. It could break unseen, because a page of prose is never compared with sysfs by hand.
. "$(dirname "$0")/lib.sh"

need_build
need_tool jq

HOSTS=tests/fixtures/host
NOBODY=(setpriv --reuid=65534 --regid=65534 --clear-groups)

# check_json ARGS...: the report in $T/run.json.
check_json() {
	rm -f "$T/run.json"
	case_run check --json "$T/run.json" "$@"
}

outputs() {
	case_run check
	want_status 0
	want_text '^verdict +'
	want_text '^/dev/kvm'
	want_text 'hardware +enabled +effect'
	[ "$(wc -L <"$T/out")" -le 100 ] || problem "wider than 100 columns: $(awk 'length > 100' "$T/out" | head -n 1)"
	! grep -q "$(printf '\033')" "$T/out" || problem "colour without a terminal"
	[ ! -s "$T/err" ] || problem "stderr is not empty"
	conclude "the text: a verdict, narrow, on stdout"

	case_run check --json -
	want_status 0
	cp "$T/out" "$T/run.json"
	want_json '.schema == "minivmm.check/1"' "stdout is one report"
	want_schema_of minivmm.check-1
	grep -q '^verdict' "$T/err" || problem "the text did not go to stderr"
	conclude "--json - : the report on stdout, the text on stderr"

	check_json --quiet
	want_status 0
	[ ! -s "$T/out" ] && [ ! -s "$T/err" ] || problem "not quiet"
	want_schema_of minivmm.check-1
	conclude "--quiet says nothing"

	rm -f "$T/run.json"
	case_command sh -c 'exec "$1" check --json "$2" >&-' - "$MINIVMM" "$T/run.json"
	want_status 1
	want_schema_of minivmm.check-1
	conclude "stdout closed: the file is written all the same"

	case_run check --json /dev/full --quiet
	want_status 1
	want_text '/dev/full'
	conclude "a full disk under the report"
}

# What is read of hosts of all kinds fits a screen here, too. A pool of a size that a kernel does not have is an error.
every_host() {
	local host words list
	problems=() command_line=(on recorded hosts)
	for host in "$HOSTS"/*; do
		for words in "check" "pool" "pool plan -m 2G --page-size 2M" "pool plan -m 2G --page-size 1G"; do
			read -r -a list <<<"$words"
			"$MINIVMM" "${list[@]}" --root "$host" >"$T/out" 2>"$T/err"
			status=$?
			case $status in
			0 | 6) [ -s "$T/out" ] || problem "${host##*/}: $words says nothing" ;;
			77) grep -qE "no hugetlb pages of [12][MG]|pages of [12][MG] there are is not shown" "$T/err" || problem "${host##*/}: $words: $(cat "$T/err")" ;;
			*) problem "${host##*/}: $words: exit status $status" ;;
			esac
			[ "$(wc -L <"$T/out")" -le 100 ] || problem "${host##*/}: $words: too wide: $(awk 'length > 100' "$T/out" | head -n 1)"
		done
	done
	conclude "check and pool fit 100 columns on $(find "$HOSTS" -mindepth 1 -maxdepth 1 | wc -l) recorded hosts"
}

# What the kernel itself says of its modules, as "name value" lines.
kernel_params() {
	local file name
	for file in /sys/module/kvm/parameters/* /sys/module/"$1"/parameters/*; do
		[ -f "$file" ] && [ -r "$file" ] || continue
		name=${file#/sys/module/}
		printf '%s %s\n' "${name/\/parameters\//.}" "$(head -n 1 "$file" 2>/dev/null | tr -d '\000')"
	done | sort -u
}

agrees_with_kernel() {
	local module name value
	check_json --quiet
	module=$(json .host.kvm_module)
	case $module in
	kvm_*) [ -d "/sys/module/$module" ] || problem "no /sys/module/$module" ;;
	none) [ ! -e /dev/kvm ] || problem "/dev/kvm is there, but no module is named" ;;
	esac
	while read -r name value; do
		want_json '.host.params[$name] == $value' "$name is $value" --arg name "$name" --arg value "$value"
		# Where the table shows this parameter, it shows this value.
		want_json '[.features[] | select(.name == $name) | .enabled] | all(. == $value or . == null)' \
			"the table's $name" --arg name "${name#*.}" --arg value "$value"
	done < <(kernel_params "$module")
	want_json '.host.kernel | startswith($r)' "kernel release" --arg r "$(uname -r)"
	want_json '.host.cpus == $n' "CPUs" --argjson n "$(nproc)"
	want_json '.host.hypervisor == $h' "hypervisor" --argjson h "$(grep -qw hypervisor /proc/cpuinfo && echo true || echo false)"
	for name in ept vpid flexpriority pdpe1gb svm vmx la57; do
		value=false
		grep -E '^(vmx )?flags' /proc/cpuinfo | grep -qw "$name" && value=true
		want_json '[.features[] | select(.name == $name) | .hardware] | all(. == $has)' "hardware $name" \
			--arg name "$name" --argjson has $value
	done
	case $module in
	kvm_intel) want_json '.verdict.second_dimension == $d' "EPT or shadow" \
		--arg d "$(grep -qx '[Y1]' /sys/module/kvm_intel/parameters/ept && echo ept || echo shadow)" ;;
	kvm_amd) want_json '.verdict.second_dimension == $d' "NPT or shadow" \
		--arg d "$(grep -qx '[Y1]' /sys/module/kvm_amd/parameters/npt && echo npt || echo shadow)" ;;
	kvm_pvm) want_json '.verdict.second_dimension == "shadow"' "PVM shadows" ;;
	esac
	conclude "agrees with the kernel's own files (module $module)"
}

agrees_with_run() {
	local command=run
	[ -z "$(no_kvm_reason)" ] || command=native
	check_json --quiet
	jq '.host | del(.tsc_khz)' "$T/run.json" >"$T/check.host"
	case_record "$command" -m 64M --workload none --quiet
	want_status 0
	jq '.host | del(.tsc_khz)' "$T/run.json" >"$T/run.host"
	cmp -s "$T/check.host" "$T/run.host" || problem "hosts differ: $(diff "$T/check.host" "$T/run.host" | head -n 6)"
	want_json '.host.second_dimension | IN("ept", "npt", "shadow", "none", "unknown")' "a label"
	conclude "agrees with the record of a $command about the host"
}

device() {
	local name="/dev/kvm there, missing, refused"
	if [ -z "$(no_kvm_reason)" ]; then
		check_json --quiet --require kvm,stats
		want_status 0
		want_json '.kvm.present and .kvm.permitted and .kvm.api_version == 12' "it may be opened"
		want_json '[.kvm.capabilities[] | select(.required)] | length > 0 and all(.value > 0)' "what is needed"
		want_json '.met' "requirements"
		conclude "/dev/kvm is asked; kvm and stats are met"
		check_json --quiet --require 1g-guest,prefault
		want_json '.requirements[0].met == .kvm.guest_1g_pages' "1G guest pages as KVM's CPUID has them"
		want_json '.requirements[1].met == (.kvm.capabilities.KVM_CAP_PRE_FAULT_MEMORY.value > 0)' "prefault as KVM says"
		want_status "$(json 'if .met then 0 else 6 end')"
		conclude "1g-guest and prefault are what /dev/kvm says"
	fi
	if ! is_root || ! unshare -m true 2>/dev/null; then
		tap_skip "$name" "needs root and mount namespaces"
		return
	fi
	rm -f "$T/run.json"
	case_command unshare -m bash -c 'mount -t tmpfs none /dev && exec "$@"' - \
		"$MINIVMM" check --json "$T/run.json" --require kvm
	want_status 6
	want_text 'not there'
	want_json '.kvm.present == false and (.kvm.api_version == null) and .met == false' "missing"
	want_schema_of minivmm.check-1
	conclude "no /dev/kvm: a report all the same"

	chmod 777 "$T" && cp "$MINIVMM" "$T/minivmm" && rm -f "$T/run.json"
	case_command unshare -m bash -c 'mount -t tmpfs -o mode=755 none /dev && mknod -m 600 /dev/kvm c 10 232 && exec "$@"' - \
		"${NOBODY[@]}" "$T/minivmm" check --json "$T/run.json" --require kvm
	chmod 755 "$T"
	want_status 6
	want_text 'Permission denied'
	want_json '.kvm.permitted == false and .kvm.errno == 13' "refused"
	want_schema_of minivmm.check-1
	conclude "/dev/kvm that may not be opened"
}

# The table: a host, what it has, what it has not. Between them every name is met once and not met once, but for those
# that only a real /dev/kvm can meet, and undisturbed (corner_cases).
requirement_table() {
	cat <<-END
		intel-ept ept,tdp,vpid,flexpriority,1g-backing,1g-leaf,pmu,bare-metal,thp,memory=50G,vcpus=5,nodes=2 npt,shadow,kvm,stats,prefault,1g-guest,memory=100G,vcpus=6,nodes=3,undisturbed
		intel-ept hugepages=2M:24,hugepages=2M:10@1,hugepages=1G:1,hugepages=1G:1@0 hugepages=2M:25,hugepages=2M:11@1,hugepages=2M:1@7,hugepages=1G:2,hugepages=1G:1@1
		intel-ept kvm_intel.ept=Y,kvm.nx_huge_pages=1 kvm_intel.ept=N,kvm_intel.nothing=Y
		intel-ept-off shadow,vpid ept,npt,tdp,memory=1,vcpus=1,nodes=1
		intel-vpid-off ept vpid,flexpriority
		amd-npt npt,tdp,kvm_amd.npt=Y ept,shadow,vpid,flexpriority,kvm_amd.avic=Y
		amd-npt-off shadow npt,tdp
		pvm shadow ept,npt,tdp,bare-metal,pmu,vpid
		no-kvm memory=1G,vcpus=1 kvm,ept,npt,tdp,shadow,1g-leaf,1g-guest,1g-backing,hugepages=2M:1,thp,vpid,bare-metal
		odd-values - ept,npt,tdp,shadow,vpid,flexpriority,1g-leaf,1g-guest,bare-metal,thp,memory=1,vcpus=1,nodes=1
	END
}

requirements() {
	local host has lacks name names
	while read -r host has lacks; do
		if [ "$has" != - ]; then
			check_json --root "$HOSTS/$host" --require "$has" --quiet
			want_status 0
			want_json '.met and (.requirements | length > 0 and all(.met))' "all met"
			want_schema_of minivmm.check-1
			conclude "$host has $has"
		fi
		check_json --root "$HOSTS/$host" --require "$lacks" --quiet
		want_status 6
		want_json '.met == false and (.requirements | all(.met | not))' "none met: $(json '[.requirements[] | select(.met) | .requirement] | join(" ")')"
		for name in ${lacks//,/ }; do
			want_json '[.requirements[] | select(.requirement == $n and (.reason | length > 0))] | length == 1' "$name" --arg n "$name"
		done
		grep -q "${lacks%%,*} (" "$T/err" || problem "stderr does not name ${lacks%%,*}"
		conclude "$host has none of $lacks"
	done < <(requirement_table)

	problems=() command_line=(check --require help)
	names=$("$MINIVMM" check --require help | awk '/^  [a-z0-9]/ { sub(/=.*/, "", $1); print $1 }')
	[ "$(wc -w <<<"$names")" -gt 10 ] || problem "the help lists: $names"
	for name in $names; do
		requirement_table | awk -v n="$name" '{ gsub(/=[^,]*/, "", $3); if (("," $3 ",") ~ ("," n ",")) found = 1 } END { exit !found }' ||
			problem "$name is never tested as not met"
		case $name in kvm | stats | prefault | 1g-guest | undisturbed) continue ;; esac
		requirement_table | awk -v n="$name" '{ gsub(/=[^,]*/, "", $2); if (("," $2 ",") ~ ("," n ",")) found = 1 } END { exit !found }' ||
			problem "$name is never tested as met"
	done
	conclude "every requirement of the help is tested both ways"
}

tap_output() {
	case_run check --root "$HOSTS/intel-ept" --require ept,npt,hugepages=2M:1,vpid --tap
	want_status 6
	tap_count_file "$T/out" 0
	[ "$tap_passed $tap_failed $tap_skipped" = "3 1 0" ] || problem "counted $tap_passed $tap_failed $tap_skipped"
	grep -q '^1\.\.4$' "$T/out" || problem "no plan"
	grep -q '^not ok 2 - npt$' "$T/out" || problem "npt is not test 2"
	! grep -vE '^(1\.\.4|(not )?ok [1-4] - .*|# .*)$' "$T/out" || problem "lines that are no TAP"
	conclude "--tap: one line a requirement, facts as comments"

	case_run check --tap --root "$HOSTS/pvm"
	want_status 0
	want_text '^1\.\.0 # SKIP'
	conclude "--tap without requirements is a plan of none"
}

# flip NAME FILE VALUE FILTER: one file of a recorded Intel host with EPT changes, and the report with it.
flip() {
	rm -rf "$T/host" && cp -r "$HOSTS/intel-ept" "$T/host"
	printf '%s\n' "$3" >"$T/host/$2"
	check_json --quiet --root "$T/host"
	want_status 0
	want_json "$4" "$1"
	want_schema_of minivmm.check-1
	conclude "flip: $1"
}

flips() {
	local p=sys/module/kvm_intel/parameters
	flip "ept=N is shadow paging" $p/ept N '.verdict.second_dimension == "shadow" and .host.second_dimension == "shadow"'
	flip "ept=N in its row, the hardware as before" $p/ept N '.features[] | select(.name == "ept") | .hardware and .enabled == "N"'
	flip "vpid=0 in its row" $p/vpid 0 '.features[] | select(.name == "vpid") | .enabled == "0" and .hardware'
	flip "flexpriority=N in its row" $p/flexpriority N '.features[] | select(.name == "flexpriority") | .enabled == "N"'
	flip "a value that is neither" $p/vpid maybe '.features[] | select(.name == "vpid") | .enabled == null'
	flip "THP always disturbs, with a cure" sys/kernel/mm/transparent_hugepage/enabled "[always] madvise never" \
		'.disturbers[] | select(.what | test("THP|huge page"; "i")) | .command | test("transparent_hugepage")'
	flip "KSM disturbs, with a cure" sys/kernel/mm/ksm/run 1 '.disturbers[] | select(.what | test("KSM")) | .command | test("ksm")'
}

# A host that nothing disturbs, and a schema that does not take everything.
corner_cases() {
	rm -rf "$T/host" && cp -r "$HOSTS/amd-npt" "$T/host"
	echo 0 >"$T/host/sys/devices/system/cpu/cpufreq/boost"
	check_json --root "$T/host" --require undisturbed
	want_status 0
	want_json '.disturbers == []' "no disturbers"
	want_text 'none found'
	conclude "a host that nothing disturbs"

	for schema in minivmm.check-1 minivmm.pool-1 minivmm.pool-plan-1; do
		jq -e . "tests/schema/$schema.json" >"$T/out" 2>"$T/err" || tap_fail "$schema is JSON"
		[ -n "$SCHEMA_CHECK" ] || continue
		problems=()
		echo '{}' >"$T/run.json"
		want_schema_of "$schema"
		[ ${#problems[@]} != 0 ] && problems=() || problem "it accepts an empty object"
		conclude "$schema refuses an empty object"
	done
}

refusals() {
	local words list
	for words in "extra" "--memory 1G" "--require ''" "--require ep" "--require kvm," "--require hugepages=2M" \
		"--require hugepages=4K:1" "--require memory=x" "--require kvm=1" "--tap --quiet" "--root ''" "--csv x"; do
		read -r -a list <<<"$words"
		case_run check "${list[@]//\'\'/}"
		want_status 2
		[ ! -s "$T/out" ] || problem "something on stdout"
		conclude "check $words is usage"
	done
	case_run check --root "$T/none"
	want_status 1
	want_text "$T/none.*No such file"
	conclude "a recorded host that is not there"
	case_run check --help
	want_status 0
	want_text '--require LIST'
	[ ! -s "$T/err" ] || problem "not on stdout"
	conclude "check --help"
}

outputs
every_host
agrees_with_kernel
agrees_with_run
device
requirements
tap_output
flips
corner_cases
refusals
tap_done
