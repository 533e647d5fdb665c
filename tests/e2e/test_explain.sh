#!/usr/bin/env bash
# explain on this machine's own KVM, whatever that is: what it read is what was asked for and what KVM's own walker says, an
# address without a translation is an answer, and what cannot be is refused before a guest runs. It could break where a host
# differs from the emulated ones: software shadow paging, a user without the right to see frames, no KVM at all.
. "$(dirname "$0")/lib.sh"

need_build
need_tool jq

refused() {
	local name=$1 expected=$2 text=$3
	shift 3
	case_run explain "$@"
	want_status "$expected"
	want_text "$text"
	conclude "$name"
}

refused "an address that is none" 2 '--gva' --gva elsewhere
refused "an address past all addresses" 2 'more than 64 bits' --gva arena+0xffffffffffffffff
refused "JSON and picture in one file" 2 'both name' --json "$T/one" --svg "$T/one"
refused "a guest page larger than the guest" 2 'too small' -m 64M --guest-page 1G
refused "a picture that cannot be written" 1 "$T/none" --svg "$T/none/walk.svg"

if [ -n "$(no_kvm_reason)" ]; then
	refused "without KVM it says so" 77 'kvm'
	tap_skip "explain" "$(no_kvm_reason)"
	tap_done
	exit
fi

explained() {
	rm -f "$T/run.json"
	case_run explain --json "$T/run.json" "$@"
	want_status 0
	want_json '.schema == "minivmm.explain/1"' "schema"
	want_json 'all(.explanations[]; .kvm_translate | .agrees or (.asked | not))' "KVM's own walker agrees"
}

# Of the last moment: pages of both dimensions, and A and D in the leaf.
pages_are() {
	want_json "all(.explanations[$1].walks[]; .leaf_bytes == $2)" "guest pages"
	want_json ".explanations[$1].walks[-1].data | .present and .page_bytes == $3" "host pages"
	want_json ".explanations[$1].walks | map(.moment) == [\"before\", \"after read\", \"after write\"]" "three moments"
}

explained -m 128M --gva arena+5M
pages_are 0 4096 4096
want_json '.explanations[0].references_total > 3' "references"
want_json '.explanations[0].walks[0].data.present == false' "nobody was there before"
conclude "4K guest pages on 4K backing"

explained -m 128M --before-after guest:2M --svg "$T/both.svg" --quiet
pages_are 0 4096 4096
pages_are 1 2097152 4096
[ -s "$T/both.svg" ] || problem "no picture"
[ ! -s "$T/out" ] || problem "--quiet, but it printed"
conclude "before and after"

explained -m 128M --gva arena+1G
want_json '.explanations[0].walks | length == 1 and .[0].fault == "not present" and .[0].exception == "#PF"' "fault"
conclude "an address past the arena"

explained -m 128M --gva 0x8000000000000000
want_json '.explanations[0].walks[0] | .fault == "not canonical" and .exception == "#GP" and .steps == []' "fault"
conclude "an address that is not canonical"

# Without CAP_SYS_ADMIN pagemap shows which pages are there, but no frames.
if is_root && have setpriv; then
	rm -f "$T/run.json"
	case_command setpriv --bounding-set -sys_admin --inh-caps -sys_admin "$MINIVMM" explain -m 128M --json - --quiet
	cp "$T/out" "$T/run.json"
	want_status 0
	want_json '.explanations[0] | .host.frames_refused and (.walks[-1].data | .present and .frame == null)' "frames hidden"
	conclude "frames that may not be seen"
else
	tap_skip "frames that may not be seen" "root and setpriv are needed"
fi

if pool_reserve 2M 64 && mount_at mnt-2M hugetlbfs pagesize=2M; then
	explained -m 128M --guest-page 2M --mem-path "$T/mnt-2M"
	pages_are 0 2097152 2097152
	conclude "2M guest pages on 2M backing"
else
	tap_skip "2M guest pages on 2M backing" "${pool_reason:-$(cat "$T/mount.log")}"
fi
pool_restore
tap_done
