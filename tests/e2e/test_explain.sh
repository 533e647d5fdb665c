#!/usr/bin/env bash
# explain on this machine's KVM, whatever that is: the guest's own tables, this host's pages, the picture, and what it says to
# bad input. It could break by an entry that is read wrongly, a page size that is assumed and not observed, or a number
# in the picture that is not in the list. (tests/hosts has the same on real EPT, NPT and shadow paging.)
. "$(dirname "$0")/lib.sh"

need_build
need_tool jq

case_explain() {
	rm -f "$T/run.json" "$T/walk.svg"
	case_run explain -m 64M "$@" --json "$T/run.json" --svg "$T/walk.svg"
	want_schema_of minivmm.explain-1
	[ ! -s "$T/out" ] || [ "$(wc -L <"$T/out")" -le 100 ] || problem "wider than 100 columns"
}

# A picture that a browser takes, with a box for each reference and no other number.
want_picture() {
	local boxes
	if have xmllint; then
		xmllint --noout "$T/walk.svg" 2>"$T/xml.err" || problem "no XML: $(head -c 200 "$T/xml.err")"
	fi
	boxes=$(grep -oE 'id="w[12]-ref-[0-9]+"' "$T/walk.svg" | wc -l)
	[ "$boxes" = "$(json '[.explanations[].references | length] | add')" ] ||
		problem "$boxes boxes for $(json '[.explanations[].references | length]') references"
	! grep -qiE '<script|href="http|@import|url\(http' "$T/walk.svg" || problem "the picture needs something from outside"
}

for bad in "--window 4K" "--window 4K/2M" "--window 4K/4K --gva 0" "--window 4K/4K --before-after 2M" "--gva 0x" "--gva arena+" "--gva -1" "--before-after 3M" "--guest-page 8K" "--smp 2" "--workload chase"; do
	# shellcheck disable=SC2086 # words
	case_run explain $bad
	want_status 2
	[ ! -s "$T/out" ] || problem "it printed on stdout"
	conclude "refused: explain $bad"
done

case_run explain --gva arena+0xffffffffffffffff
want_status 2
want_text 'more than 64 bits'
conclude "refused: an address past all addresses"

case_run explain -m 64M --guest-page 1G
want_status 2
want_text 'too small'
conclude "refused: a guest page larger than the guest"

case_run explain -m 64M --svg "$T/none/walk.svg"
want_status 1
want_text "$T/none"
conclude "a picture that cannot be written is told before a guest runs"

reason=$(no_kvm_reason)
if [ -n "$reason" ]; then
	case_run explain -m 64M
	want_status 77
	want_text 'kvm'
	conclude "without a KVM explain says so, with status 77"
	tap_skip "explain with a live guest" "$reason"
	tap_done
	exit
fi

case_explain
want_status 0
want_json '.explanations | length == 1 and (.[0] | .touched and .gva == "0x10000000000" and (.walks | length == 3))' "three moments"
want_json '.explanations[0].walks | all(.fault == "none" and .leaf_bytes == 4096 and (.steps | length == 4))' "four entries"
want_json '.explanations[0] | .walks[-1].steps | [.[].index] == [2, 0, 0, 0]' "the indexes of that address"
want_json '.explanations[0].walks[-1] | (.steps | all(.flags | test("(^| )A( |$)"))) and (.steps[-1].flags | test("(^| )D( |$)"))' \
	"after the write A everywhere and D in the leaf"
want_json '.explanations[0].walks[-1].data.page_bytes == 4096' "a 4K page of the host"
want_json '.explanations[0].kvm_translate | .asked and (.errno != null or .agrees)' "KVM's own walk agrees"
want_json '.explanations[0] | .references_total == (.references | length)' "as many as listed"
want_json '.explanations[0] | if .kind == "shadow" then .references_total == 4
	elif .host.levels == 5 then .references_total == 29 else .references_total == 24 end' "the count of this kind of host"
want_picture
# Root is shown where pages lie in the host's memory, which is nobody else's business.
[ "$(id -u)" != 0 ] || [ "$(stat -c %a "$T/run.json" "$T/walk.svg" | sort -u)" = 600 ] || problem "others may read the frames"
conclude "explain: 4K pages, three moments, the picture"

case_explain --guest-page 2M --gva arena+0x212345
want_status 0
want_json '.explanations[0] | .walks[-1].leaf_bytes == 2097152 and (.walks[-1].steps | length == 3) and
	.walks[-1].steps[-1].index == 1 and (.walks[-1].gpa | endswith("12345"))' "a 2M leaf, the second one"
want_picture
conclude "explain: a 2M leaf of the guest, an address inside it"

for fault in "0x20000000000 not.present #PF" "0x8000000000000000 not.canonical #GP" "0 not.present #PF" "arena+1T not.present #PF"; do
	read -r gva what exception <<<"$fault"
	case_explain --gva "$gva"
	want_status 0
	want_json '.explanations[0] | (.touched | not) and .references_total == null and (.walks | length == 1) and
		(.walks[0].fault | test($what)) and .walks[0].exception == $exception' "the fault by its name" \
		--arg what "$what" --arg exception "$exception"
	want_text "$exception"
	want_picture
	conclude "explain: $gva is $what, $exception"
done

case_explain --guest-ad on
want_status 0
want_json '.explanations[0].walks[0].steps | all(.flags | test("(^| )A( |$)")) or (.[0:2] | length == 2)' "A beforehand"
want_json '.explanations[0].walks[0].steps[-1].flags | test("(^| )D( |$)")' "D beforehand"
conclude "explain: --guest-ad on starts with the bits set"

case_explain --before-after guest:2M
want_status 0
want_json '.explanations | length == 2 and ([.[].walks[-1].leaf_bytes] == [4096, 2097152])' "before and after"
want_text 'before'
want_picture
conclude "explain --before-after guest:2M: two guests, one picture"

if is_root && have setpriv; then
	case_command setpriv --bounding-set -sys_admin --inh-caps -sys_admin "$MINIVMM" explain -m 64M --json "$T/run.json"
	want_status 0
	want_json '.explanations[0] | .host.frames_refused and ([.walks[].steps[].place.frame] | all(. == null))' "no frames"
	want_json '.explanations[0].walks[-1].data.page_bytes == 4096 and .explanations[0].references_total != null' "the rest is there"
	want_text 'CAP_SYS_ADMIN|permission'
	conclude "explain without CAP_SYS_ADMIN: frames are hidden, and it says so; the rest is shown"
else
	tap_skip "explain without CAP_SYS_ADMIN" "root and setpriv are needed to take it away"
fi

if pool_reserve 2M 32 && mount_at mnt-2M hugetlbfs pagesize=2M; then
	case_explain --guest-page 2M --mem-path "$T/mnt-2M"
	want_status 0
	want_json '.explanations[0].walks[-1] | .leaf_bytes == 2097152 and .data.page_bytes == 2097152' "2M on both sides"
	want_picture
	conclude "explain: 2M pages in both dimensions"
	for window in 4K/4K 4K/2M 2M/4K 2M/2M; do
		case_explain --mem-path "$T/mnt-2M" --window $window --gva arena+2M
		want_status 0
		want_json '.explanations[0] | [.walks[].moment] == ["before", "after read"] and (.walks[-1].steps[-1].flags | test("(^| )A( |$)"))' "read"
		want_json '.explanations[0] | {"4K": 4096, "2M": 2097152} as $bytes | ($window / "/" | map($bytes[.])) as [$guest, $host] |
			.walks[-1] as $last | $last.leaf_bytes == $guest and ($last.data |
			.slot > 0 and .page_bytes == 2097152 and .hva_less_gpa_bytes == $host % 2097152) and
			if .kind == "shadow" then .shadow_leaf_bytes == ([$guest, $host] | min) else $last.data.host_leaf_bytes == $host end' \
			"leaves of both dimensions" --arg window $window
		want_text "$window: slot"
		want_picture
		conclude "explain: the window $window, whose slot is shifted"
	done
else
	tap_skip "explain: 2M pages in both dimensions, and windows" "${pool_reason:-$(cat "$T/mount.log")}"
fi
pool_restore

case_run explain -m 64M --json - --svg "$T/walk.svg"
want_status 0
cp "$T/out" "$T/run.json"
want_json '.schema == "minivmm.explain/1"' "stdout is one document"
grep -q 'PML4E' "$T/err" || problem "the text did not go to stderr"
conclude "explain --json -: the document on stdout, the text on stderr"

case_run explain -m 64M --svg /dev/full
want_status 1
want_text '/dev/full'
conclude "a picture that cannot be written is an error"
tap_done
