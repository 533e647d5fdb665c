#!/usr/bin/env bash
# scripts/plot.sh draws what is in the file and nothing else: figures, marks and states in the pictures are the file's,
# the page is whole and needs no network, and a hostile file stays text. It could break by a quote that reaches gnuplot or
# the page, by a rounding of its own, or by half a report on a full disk. The files are synthetic (plot_sweep.jq).
. "$(dirname "$0")/lib.sh"

need_tool jq
need_tool gnuplot
PLOT=$PWD/scripts/plot.sh

sweep() {
	jq -n --arg preset "$1" -f tests/e2e/plot_sweep.jq >"$T/$1.json" || problem "no synthetic file $1"
}

# plot NAME: its report is then in $T/NAME-report.
plot() {
	sweep "$1"
	case_command "$PLOT" "$T/$1.json"
	report=$T/$1-report/report.html
	want_status 0
	[ ! -s "$T/err" ] || problem "gnuplot has something to say"
	[ -s "$report" ] || problem "no report"
}

# The words of a picture, one a line.
words() {
	sed -n 's/.*<text[^>]*>\(.*\)<\/text>.*/\1/p' "$1" | sed 's/<[^>]*>//g'
}

want_words() {
	words "$1" | grep -qxF -- "$2" || problem "${1##*/} does not say: $2"
}

want_report() {
	grep -qE -- "$1" "$report" || problem "the report does not say: $1"
}

# Pictures are XML, the page closes what it opens and no name is twice in it; nothing comes from elsewhere, nothing runs.
want_sound() {
	local picture
	for picture in "$(dirname "$report")"/*.svg; do
		[ -e "$picture" ] || continue
		! have xmllint || xmllint --noout "$picture" 2>"$T/xml.err" || problem "${picture##*/}: $(head -n 1 "$T/xml.err")"
		[ -s "${picture%.svg}.png" ] || problem "no PNG beside ${picture##*/}"
	done
	if /usr/bin/python3 -c 'import html.parser' 2>/dev/null; then
		/usr/bin/python3 tests/e2e/plot_page.py "$report" >"$T/page.err" 2>&1 || problem "page: $(head -n 3 "$T/page.err")"
	fi
	! sed 's/xmlns[:a-z]*="[^"]*"//g' "$report" | grep -qiE 'https?://|<script|<iframe|<link|<img|@import|src=|[^-]url\([^#]' ||
		problem "the page has a script, or asks for something from elsewhere"
}

# Nothing half-made beside a report.
want_no_rest() {
	[ -z "$(find "$T" -maxdepth 2 -name '.minivmm-plot*')" ] || problem "left behind: $(find "$T" -name '.minivmm-plot*')"
}

# A matrix of Linux guests, three repeats; one cell was not proven, and one name is hostile.
linux_guests() {
	local backing guest repeat
	printf '#repeat\tbacking\thost_thp\tguest_thp\tstressor\tinstances\tops_per_s\tverdict\tleaves_4k\tleaves_2m\tleaves_1g\toom_kills\n' >"$T/guests.tsv"
	for repeat in 1 2 3; do
		for backing in anon hpvh '"; print 1<b>'; do
			for guest in never always; do
				printf '%s\t%s\tnever\t%s\tmalloc\t1\t%s\tproven\t1\t2\t0\t0\n' $repeat "$backing" $guest $((1000 * repeat))
			done
		done
		printf '%s\tshmem-thp\tnever\tnever\tmalloc\t1\t99\tnot-2M\t1\t2\t0\t0\n' $repeat
	done >>"$T/guests.tsv"
	case_command "$PLOT" "$T/guests.tsv"
	report=$T/guests-report/report.html
	want_status 0
	[ ! -s "$T/err" ] || problem "gnuplot has something to say"
	want_sound
	want_no_rest
	want_words "${report%/*}/bars-1.svg" "malloc x 1"
	want_words "${report%/*}/bars-1.svg" "not-2M"
	want_words "${report%/*}/bars-1.svg" "guest THP always"
	want_words "${report%/*}/bars-1.svg" "operations a second"
	want_report '75 % interval'
	conclude "a matrix of Linux guests: bars of what is proven, verdicts of what is not"

	sed -i 1s/backing/kind/ "$T/guests.tsv"
	case_command "$PLOT" "$T/guests.tsv" "$T/none"
	want_status 1
	want_text 'not of stress-matrix.sh'
	[ ! -e "$T/none" ] || problem "something was made"
	conclude "another TSV is refused"
}

matrix() {
	local picture
	plot walk-cost
	want_sound
	want_no_rest
	picture=$(dirname "$report")/heat-1.svg
	# Every figure of the largest working set, rounded as it stands in its cell.
	jq -r '.cells | map(select(.workload == "chase" and .working_set_bytes == 67108864 and .state == "ok"))[] |
		.figures[0] | .value * 100 | round | tostring | .[:-2] + "." + .[-2:]' "$T/walk-cost.json" | sort >"$T/expected"
	words "$picture" | grep -xE '[0-9]+\.[0-9]{2}' | sort >"$T/found"
	[ -s "$T/expected" ] && cmp -s "$T/expected" "$T/found" || problem "the heat map has other figures: $(diff "$T/expected" "$T/found" | head -n 4 | xargs)"
	[ "$(words "$picture" | grep -cx unavailable)" = 4 ] || problem "cells that could not run are not marked"
	want_words "$picture" "24 refs"
	# An interval stands there as it is; the synthetic ones are lopsided.
	jq -r '.cells[] | select(.workload == "chase" and .working_set_bytes == 67108864 and .state == "ok").figures[0].interval |
		map(. * 10 | round | tostring | .[:-1] + "." + .[-1:]) | join(" to ")' "$T/walk-cost.json" | sort >"$T/expected"
	words "$picture" | grep -xE '[0-9]+\.[0-9] to [0-9]+\.[0-9]' | sort >"$T/found"
	[ -s "$T/expected" ] && cmp -s "$T/expected" "$T/found" || problem "other intervals: $(diff "$T/expected" "$T/found" | head -n 4 | xargs)"
	words "$picture" | grep -q ': core cycles an access$' || problem "the title has no unit"
	want_words "$picture" "15 refs"
	conclude "the matrix: every figure of the file, theory, and the state of cells that have none"

	problems=()
	jq -r '.translation | map(select(.working_set_bytes == 67108864))[] | .cost * 100 | round | tostring | .[:-2] + "." + .[-2:]' \
		"$T/walk-cost.json" | sort >"$T/expected"
	words "$(dirname "$report")/heat-2.svg" | grep -xE '[0-9]+\.[0-9]{2}' | sort >"$T/found"
	[ -s "$T/expected" ] && cmp -s "$T/expected" "$T/found" || problem "translation cost differs"
	want_report '40 cells unavailable: .* the pool of hugetlb:1G pages is empty'
	want_report '160 cells: 120 with figures that may be compared, 40 unavailable'
	want_report 'In 600 of 600 runs the kernel'
	want_report 'not a two-dimensional walk|Nothing here is a two-dimensional walk'
	want_report 'The host is itself a virtual machine'
	want_report '120 figures with n = 5: 93.75 %'
	want_report 'Below a figure: its 93.75 % interval'
	! grep -qE 'waited|quiet machine' "$report" || problem "a wait of 0 is told"
	# Cells that could not run: one row for all working sets, with the number of a reason that is said once.
	[ "$(grep -cE '<td class="n">256K to 64M</td><td class="state" colspan="[0-9]+">unavailable \[1\], 5 cells</td></tr>' "$report")" = 8 ] ||
		problem "cells without figures are not short"
	[ "$(grep -oE '<li>the pool of hugetlb:1G pages is empty' "$report" | wc -l)" = 2 ] || problem "a reason is repeated"
	want_report 'The same in all rows that have figures: .*unit core cycles/access, n 5'
	want_report 'minivmm sweep --preset walk-cost --json s.json'
	[ "$(grep -o '<h3>Figures</h3>' "$report" | wc -l)" = 1 ] || problem "no table of figures"
	conclude "the report: translation cost, reasons, proof, limits"
}

# What a report says of its host's kind, whatever kind is at hand.
kinds() {
	local second words
	problems=() command_line=(method.jq, by second dimension)
	while read -r second words; do
		jq --argjson second "$second" '.host.second_dimension = $second | .host.hypervisor = null' "$T/walk-cost.json" |
			jq -c -L scripts/plot -f scripts/plot/model.jq >"$T/model.json" &&
			jq -r -L scripts/plot -f scripts/plot/method.jq --arg file x "$T/model.json" >"$T/out" || problem "$second: no text"
		want_text "$words"
		[ "$(grep -cE 'shadow tables|second dimension' "$T/out")" = 1 ] || problem "$second: not one sentence about it"
	done <<-END
		"ept" The second dimension is EPT\.
		"npt" The second dimension is NPT\.
		"shadow" This host pages by shadow tables
		"none" The second dimension of this host is none\.
		"unknown" The second dimension of this host is unknown\.
		null The second dimension of this host is not known\.
	END
	want_text 'Whether a hypervisor lies below this host is not known'
	conclude "the report names the second dimension, of whatever kind"
}

curves() {
	local picture knee
	plot tlb-reach
	want_sound
	picture=$(dirname "$report")/lines-1.svg
	want_words "$picture" "4K on thp"
	want_words "$picture" "native on thp"
	want_words "$picture" "packed"
	want_words "$picture" "core cycles an access"
	[ "$(grep -c "<path stroke='rgb(154, 154, 154)'" "$picture")" = 3 ] || problem "packed is not drawn for each configuration"
	knee=$(jq -r '.knees | min_by(.pages_below) | "\(.pages_below)-\(.pages_above)"' "$T/tlb-reach.json")
	words "$picture" | grep -qE "^$knee \(3 curves\)\$" || problem "no mark for the knee $knee"
	# Costs around 0 and costs of hundreds on one axis.
	want_words "$(dirname "$report")/lines-2.svg" "0"
	want_words "$(dirname "$report")/lines-2.svg" "1"
	want_words "$(dirname "$report")/lines-2.svg" "10"
	want_report 'The upright axis is logarithmic but for values around 0'
	[ ! -e "$(dirname "$report")/heat-1.svg" ] || problem "a heat map of one column"
	conclude "curves: one a configuration, with knees"

	problems=()
	jq '.counts.waited_ns = 3.2e9 | .cells |= map(.figures |= map(.allocations = 2))' "$T/tlb-reach.json" >"$T/waited.json"
	case_command "$PLOT" "$T/waited.json"
	report=$T/waited-report/report.html
	want_status 0
	want_report 'it waited 3.2 s for the turn of another sweep on this host'
	want_report 'with its 50 % interval as a bar'
	conclude "a wait, and what two allocations can say"

	plot terabyte
	want_sound
	want_words "$(dirname "$report")/lines-1.svg" "1T"
	conclude "curves over working sets"

	plot smp
	want_sound
	want_words "$(dirname "$report")/lines-1.svg" "vCPUs"
	conclude "curves over vCPUs"

	plot walk-cost
	jq '.cells |= map(select(.workload == "packed")) | .translation = [] | .knees = [] | .speed_ups = []' \
		"$T/walk-cost.json" >"$T/packed.json"
	case_command "$PLOT" "$T/packed.json"
	want_status 0
	want_words "$T/packed-report/lines-1.svg" "core cycles an access"
	want_words "$T/packed-report/lines-1.svg" "pages touched (K = 1024)"
	jq '.cells |= map(del(.operation, .over_pages))' "$T/packed.json" >"$T/older.json"
	case_command "$PLOT" "$T/older.json"
	want_status 0
	want_words "$T/older-report/lines-1.svg" "core cycles an operation"
	want_words "$T/older-report/lines-1.svg" "working set, bytes (K = 1024)"
	conclude "what an operation is and what its cost goes with: as the file says, or in general where it is older"
}

others() {
	plot first-touch
	want_sound
	want_words "$(dirname "$report")/bars-1.svg" "guest page 2M"
	want_words "$(dirname "$report")/bars-1.svg" "0.002"
	[ "$(words "$(dirname "$report")/bars-1.svg" | grep -cx unavailable)" = 3 ] || problem "bars that are missing are not named"
	want_report 'The matrix as a heat map: it takes figures of chase'
	conclude "first touch: bars, faults on top, what is missing by name"

	plot exit-cost
	want_sound
	# The file's figure and its exits, beside its dot.
	words "$(dirname "$report")/dots-2.svg" | grep -qE "^$(jq -r '.cells[0].figures | map(select(.variant == "port-user"))[0].value | round' "$T/exit-cost.json") \([0-9]+ to [0-9]+\); 1 exit\$" ||
		problem "no figure with its exits"
	conclude "other workloads: dots with figures"

	problems=()
	jq '.cells |= map(.figures |= map(.allocations = 1))' "$T/exit-cost.json" >"$T/single.json"
	case_command "$PLOT" "$T/single.json"
	report=$T/single-report/report.html
	want_status 0
	want_report 'the dot is its one allocation, so without interval'
	! words "$T/single-report/dots-2.svg" | grep -qE ' \(.* to ' || problem "an interval of one allocation"
	conclude "one allocation has no interval"
}

hostile() {
	problems=() command_line=(hostile file)
	sweep walk-cost
	jq --arg evil $'<script>alert(1)</script>"\'`touch EVIL`\n\tp1.kind\theat\n$(touch EVIL)\\"; system("touch EVIL") #{/Bold x}@' '
		.command += [$evil] | .preset = $evil | .teaches = $evil | .started = $evil | .minivmm_version = $evil | .baseline = $evil |
		.host.cpu_model = $evil | .host.params[$evil] = $evil | .plan.seed = $evil | .plan.allocations = {"a": $evil} |
		.cells |= map(.reason = (if .state != "ok" then $evil else .reason end) | .command += [$evil] | .operation = $evil |
			if .backing == "thp" then .backing = $evil else . end | .kernel_irqchip = $evil |
			.figures |= map(.note = $evil | .exits_per_operation = $evil | .variant = (if .pages == 64 then null else $evil end))) |
		.translation |= map(if .backing == "thp" then .backing = $evil else . end) | .knees |= map(.of = $evil) |
		.speed_ups |= map(.from = $evil | .dimension = $evil)' "$T/walk-cost.json" >"$T/hostile.json"
	case_command "$PLOT" "$T/hostile.json"
	report=$T/hostile-report/report.html
	want_status 0
	want_sound
	want_no_rest
	! grep -qE '<script|onerror' "$report" || problem "markup got through"
	want_report '&lt;script&gt;'
	[ -z "$(find "$T" . -maxdepth 3 -name 'EVIL*' -not -path './.git/*')" ] || problem "a command was run"
	[ "$(find "$T/hostile-report" -type f | grep -cvE '/(report\.html|\.minivmm-report|(heat|lines|dots|bars)-[0-9]+\.(svg|png))$')" = 0 ] || problem "a file was named by the data"
	conclude "a hostile file stays text"
}

# refused NAME FILE MESSAGE [DIR]
refused() {
	case_command "$PLOT" "${@:2:1}" "${@:4}"
	want_status 1
	want_text "$3"
	[ "$(wc -l <"$T/err")" = 1 ] && [ ! -s "$T/out" ] || problem "not one line"
	[ ! -e "${2%.json}-report" ] || problem "a report all the same"
	want_no_rest
	conclude "refused: $1"
}

bad_input() {
	local words
	for words in "" "--help" "a b c"; do
		read -r -a list <<<"$words"
		case_command "$PLOT" "${list[@]}"
		want_status 2
		want_text '^usage: plot.sh FILE.json'
		conclude "usage: plot.sh $words"
	done
	refused "no such file" "$T/none.json" 'no such file'
	refused "a directory" "$T" 'not a file that can be read'
	: >"$T/empty.json" && refused "an empty file" "$T/empty.json" 'it is empty'
	echo '{"schema": ' >"$T/broken.json" && refused "no JSON" "$T/broken.json" 'no JSON: .*line'
	echo '[1]' >"$T/array.json" && refused "no object" "$T/array.json" 'a JSON array'
	refused "another schema" tests/golden/run.json 'its schema is minivmm.run/2; minivmm.sweep/2 is needed'
	echo '{"schema": "minivmm.sweep/3"}' >"$T/next.json" && refused "another version" "$T/next.json" 'minivmm.sweep/3; minivmm.sweep/2 is needed'
	echo '{"schema": "minivmm.sweep/2"}' >"$T/bare.json" && refused "members that are missing" "$T/bare.json" 'breaks schema .*cells is not an array'
	jq '.cells[3].figures = "x"' "$T/walk-cost.json" >"$T/kind.json" && refused "a member of another kind" "$T/kind.json" 'cells\[3\].figures is not an array'
	sweep failed
	refused "no figure at all" "$T/failed.json" 'none of its [0-9]+ cells has a figure; [0-9]+ unavailable: the pool of'
	cp "$T/walk-cost.json" "$T/copy.json"
	refused "a directory that cannot be" "$T/copy.json" 'cannot be written' "$T/empty.json/report"
}

no_gnuplot() {
	mkdir "$T/bin" && ln -s /usr/bin/* "$T/bin/" 2>/dev/null
	rm -f "$T"/bin/gnuplot*
	case_command env PATH="$T/bin" "$PLOT" "$T/copy.json"
	want_status 1
	want_text '^plot: gnuplot not installed: scripts/deps.sh plot, or apt-get install jq gnuplot-nox$'
	[ ! -e "$T/copy-report" ] || problem "a report all the same"
	conclude "without gnuplot: what is missing and how to get it"
}

targets() {
	problems=()
	mkdir "$T/own" && echo mine >"$T/own/notes"
	case_command "$PLOT" "$T/exit-cost.json" "$T/own"
	want_status 1
	want_text 'no report of plot.sh'
	[ "$(cat "$T/own/notes")" = mine ] && [ ! -e "$T/own/report.html" ] || problem "touched"
	rm "$T/own/notes"
	case_command "$PLOT" "$T/exit-cost.json" "$T/own"
	want_status 0
	case_command "$PLOT" "$T/first-touch.json" "$T/own"
	want_status 0
	[ -e "$T/own/bars-1.svg" ] && [ ! -e "$T/own/dots-1.svg" ] || problem "the old report was not replaced"
	echo mine >"$T/own/notes"
	case_command "$PLOT" "$T/exit-cost.json" "$T/own"
	want_status 1
	want_text 'holds more than a report'
	[ -e "$T/own/bars-1.svg" ] && [ -e "$T/own/notes" ] || problem "touched"
	want_no_rest
	conclude "only an earlier report, or an empty directory, is replaced"

	if ! is_root; then
		tap_skip "a link that another user left is not followed" "only root can make one"
		return
	fi
	problems=()
	mkdir "$T/shared" && chmod 1777 "$T/shared"
	ln -s "$T/elsewhere" "$T/shared/theirs" && chown -h 65534 "$T/shared/theirs"
	ln -s "$T/elsewhere" "$T/shared/mine"
	case_command "$PLOT" "$T/exit-cost.json" "$T/shared/theirs/"
	want_status 1
	want_text 'a link that another user left'
	[ ! -e "$T/elsewhere" ] || problem "made where the link leads"
	case_command "$PLOT" "$T/exit-cost.json" "$T/shared/mine"
	want_status 0
	[ -e "$T/elsewhere/report.html" ] || problem "a link of one's own was not followed"
	conclude "a link that another user left is not followed"
}

full_disk() {
	local kib
	if ! is_root || ! mount_at full tmpfs size=1m; then
		tap_skip "a full disk" "needs root and a mount"
		return
	fi
	problems=()
	for kib in 8 60 150 400; do
		mount -o "remount,size=${kib}k" "$T/full" || problem "no such size: $kib"
		case_command "$PLOT" "$T/walk-cost.json" "$T/full/report"
		want_status 1
		want_text '^plot: '
		[ -z "$(ls -A "$T/full")" ] || problem "at $kib KiB this was left: $(ls -A "$T/full")"
	done
	umount "$T/full"
	conclude "a full disk: one line, and nothing half-written"
}

# Of a CPU's time: others may be at work, too.
large() {
	local TIMEFORMAT='%0U %0S' user system
	{ time plot many; } 2>"$T/time"
	read -r user system <"$T/time"
	[ "$(jq '.cells | length' "$T/many.json")" -ge 1000 ] || problem "fewer than 1000 cells"
	[ $((user + system)) -le 30 ] || problem "it took $((user + system)) s"
	[ "$(wc -c <"$report")" -le 6000000 ] || problem "$(wc -c <"$report") bytes"
	want_sound
	conclude "1000 cells within 30 s"
}

linux_guests
matrix
kinds
curves
others
hostile
bad_input
no_gnuplot
targets
full_disk
large
tap_done
