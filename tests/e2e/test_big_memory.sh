#!/usr/bin/env bash
# RAM far above the 4 GiB hole: 12 GiB lazily on anonymous memory cost nothing until touched, and the arena above
# the hole works. It could break in every 32-bit product, in the second memory slot and in the size of the tables.
. "$(dirname "$0")/lib.sh"

need_build
need_kvm
need_tool jq

before=$(host_state)
for memory in 64M 3G 3073M 4G 12G; do
	total_mib=$(awk '/^(MemTotal|SwapTotal):/ { sum += $2 } END { print int(sum / 1024) }' /proc/meminfo)
	if [ "$memory" = 12G ] && [ "$total_mib" -lt 12288 ]; then
		tap_skip "$memory" "this host has $total_mib MiB"
		continue
	fi
	case_record -m $memory --workload none
	want_status 0
	want_schema
	conclude "$memory boots and ends"

	case_record -m $memory --workload chase --working-set 4M --repeat 3 --accesses 65536
	want_status 0
	want_json '.verdict == "ok" and .results[0].checksum != null and .results[0].exits == 0' "a true chase"
	want_json '.observed.rss_bytes < 400000000' "only what was touched is resident"
	echo "$memory $(json '.results[0].checksum')" >>"$T/checksums"
	conclude "$memory chases 4M"
done

# Ten bytes for each 4K of slots, which are no process's: 31T of them once had the kernel kill everything but minivmm.
if [ "$total_mib" -lt 65536 ] && [ "$(json .host.second_dimension)" = shadow ]; then
	case_record -m 31T --alias-memory 1G --guest-page 2M --workload none --timeout 20
	want_status 1
	want_text "MiB to spare"
	want_text "try: --memory"
	conclude "more slots than the host has memory for are refused"

	case_record -m 32G --alias-memory 1G --guest-page 2M --workload none
	want_status 0
	want_json '.requested.note | test("KVM keeps 8[0-9] MiB about its memory slots")' "what slots cost"
	conclude "what KVM keeps about many slots is said"
else
	tap_skip "more slots than the host has memory for" "they cost little here, or fit"
	tap_skip "what KVM keeps about many slots" "not known here"
fi
problems=() command_line=(big memory)
[ "$(awk '{ print $2 }' "$T/checksums" | sort -u | wc -l)" = 1 ] || problem "checksums: $(xargs <"$T/checksums")"
conclude "the cycle does not depend on where the arena lies"
problems=()
want_same_host "$before"
conclude "nothing left behind"
tap_done
