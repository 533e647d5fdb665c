#!/usr/bin/env bash
# Pictures and one report of a sweep, or of a matrix of Linux guests: plot.sh FILE.json|FILE.tsv [DIR]
#
# FILE.json is what `minivmm sweep --json` wrote (schema minivmm.sweep/2), FILE.tsv what stress-matrix.sh did. Into DIR, by
# default FILE without .json or .tsv and with -report behind it, go report.html, which holds everything and needs nothing else, and each picture as SVG and
# PNG. A directory that is there already is replaced only where it is empty or holds nothing but an earlier report.
# Needs jq and gnuplot (scripts/deps.sh plot). Status 2 for a wrong call, 1 for whatever else went wrong; then nothing
# is left behind.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) || exit 1
. "$here/lib.sh"
parts=$here/plot
# Names every file of a report; by it a report is known.
marker=.minivmm-report
# Numbers and order do not depend on who reads them.
export LC_ALL=C.UTF-8

plot_die() {
	die "plot: $*"
}

need_tools() {
	local tool missing=()
	for tool in jq gnuplot; do
		have "$tool" || missing+=("$tool")
	done
	[ ${#missing[@]} = 0 ] ||
		plot_die "${missing[*]} not installed: scripts/deps.sh plot, or apt-get install jq gnuplot-nox"
	[ "$(gnuplot -e 'set terminal svg; set terminal pngcairo; print "both"' 2>&1 | tail -n 1)" = both ] ||
		plot_die "this gnuplot has no terminal svg or none pngcairo: apt-get install gnuplot-nox"
}

# What a tool complained of, as one line.
complaint() {
	tr -c '[:print:]' ' ' <"$tmp/complaint" | cut -c1-200
}

# of NAME ARGUMENTS...: one pass of jq over what there is; the program is a file of scripts/plot.
pass() {
	jq -L "$parts" -f "$parts/$1.jq" "${@:2}" 2>"$tmp/complaint"
}

check_file() {
	local problem
	[ -e "$file" ] || plot_die "$file: no such file"
	[ -f "$file" ] && [ -r "$file" ] || plot_die "$file: not a file that can be read"
	if [[ $file == *.tsv ]]; then
		[[ $(head -n 1 "$file") == '#repeat'$'\t''backing'$'\t'* ]] || plot_die "$file: not of stress-matrix.sh"
		return 0
	fi
	problem=$(pass check -rs "$file") || plot_die "$file: no JSON: $(complaint)"
	[ -z "$problem" ] || plot_die "$file: $problem"
}

# Only what an earlier call made, or an empty directory, may be replaced.
check_target() {
	local name
	[ -e "$dir" ] || return 0
	[ -d "$dir" ] || plot_die "$dir: there already, and no directory"
	[ -n "$(ls -A "$dir")" ] || return 0
	[ -f "$dir/$marker" ] || plot_die "$dir: there already, and no report of plot.sh; name another directory"
	while IFS= read -r name; do
		[ "$name" = "$marker" ] || grep -qxF -- "$name" "$dir/$marker" ||
			plot_die "$dir: holds more than a report, $(printf '%q' "$name"); name another directory"
	done < <(ls -A "$dir")
}

# Everything is made beside the target, so that it gets there by a rename.
make_room() {
	local parent
	parent=$(dirname -- "$dir")
	tmp=$(mktemp -d -- "$parent/.minivmm-plot.XXXXXXXX" 2>/dev/null) ||
		plot_die "$parent: cannot be written; name a directory elsewhere: plot.sh FILE.json DIR"
	mkdir "$tmp/work" "$tmp/out" || plot_die "$parent: cannot be written"
}

tmp=
leave() {
	[ -z "$tmp" ] || rm -rf -- "$tmp"
}

# The lines "file <tab> row" of panels.jq into those files.
distribute() {
	awk -F '\t' '
		$1 !~ /^(p[0-9]+\.[a-z]+|absent)$/ { print "a row for no file"; exit 1 }
		$1 != file { if (file != "") close(file); file = $1 }
		{ row = $0; sub(/^[^\t]*\t?/, "", row); print row >>file }'
}

# The rows of a picture are data, its kind one of four words; what gnuplot may not say stops everything.
draw() {
	local id kind
	for ((number = 1; ; number++)); do
		id=p$number
		[ -e "$id.kind" ] || break
		kind=$(<"$id.kind")
		gnuplot -e "id = '$id'; kind = '$kind'; parts = '.'" picture.gp 2>"$tmp/complaint" </dev/null ||
			plot_die "gnuplot failed at picture $number: $(complaint)"
		# It walks once through a loop that is empty, and says so.
		sed -i '/no valid points$/d; /^$/d' "$tmp/complaint"
		[ ! -s "$tmp/complaint" ] || warn "plot: gnuplot about picture $number: $(complaint)"
		# gnuplot does not notice a full disk.
		tail -n 3 "$id.svg" 2>/dev/null | grep -qx '</svg>' && tail -c 8 "$id.png" 2>/dev/null | grep -aq '^IEND' ||
			plot_die "picture $number came out incomplete: is there room left in $(dirname -- "$dir")?"
		plain_fonts "$id.svg" || no_room
		cp "$id.svg" "$tmp/out/$kind-$number.svg" && cp "$id.png" "$tmp/out/$kind-$number.png" || no_room
	done
	pictures=$((number - 1))
}

# Fonts that every system has, and bold as SVG has it.
plain_fonts() {
	sed -i -E -e 's/font-family="[^"]*:Bold"/font-family="" font-weight="bold"/' \
		-e 's/font-family="[^"]*"/font-family="Helvetica, Arial, sans-serif"/' "$1"
}

no_room() {
	plot_die "cannot write to $(dirname -- "$dir"): is the disk full?"
}

# One picture within the page: without its prologue, and with names that no other picture has.
inline_svg() {
	sed -E -e '/<filter /,/<\/filter>/d' -e '/^<\?xml/d' -e '/^<desc>/d' -e 's/<title>[^<]*<\/title>//' -e "s/\bid ?= ?(['\"])/id=\1$1-/g" -e "s/href='#/href='#$1-/g" \
		-e "s/url\(#/url(#$1-/g" -e "s/^<svg *\$/<svg role=\"img\" style=\"max-width: $(sed -n 's/^width = //p' "$1.par")px\"/" "$1.svg"
}

figures() {
	local number
	echo '<section id="pictures"><h2>Pictures</h2>'
	[ "$pictures" != 0 ] || echo '<p>There is nothing to draw.</p>'
	for ((number = 1; number <= pictures; number++)); do
		printf '<figure>\n' && inline_svg "p$number" && printf '<figcaption>Figure %d. ' "$number" && cat "p$number.caption" &&
			printf '</figcaption></figure>\n' || return 1
	done
	if [ -s absent ]; then
		echo '<p>Not drawn:</p><ul>' && sed 's/.*/<li>&<\/li>/' absent && echo '</ul>'
	fi
	echo '</section>'
}

# Nothing of a page runs, and nothing is fetched, should a stranger's word ever get through as a tag. A picture has its own style.
policy="<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">"

# Of a matrix: the pictures alone. Its name is a stranger's.
stress_report() {
	printf '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">%s<title>minivmm</title><style>\n' "$policy" && cat "$parts/style.css" &&
		printf '</style></head><body>\n<h1>Linux guests: %s</h1>\n' "$(jq -rn --arg name "$name" '$name | @html')" && figures &&
		printf '</body>\n</html>\n'
}

make_report() {
	if [[ $file == *.tsv ]]; then
		stress_report
	else
		pass head -r --arg file "$name" --arg policy "$policy" --rawfile style "$parts/style.css" model.json &&
			figures &&
			pass tables -r model.json &&
			pass method -r --arg file "$name" model.json
	fi >"$tmp/out/report.html" || plot_die "the report could not be made: $(complaint)"
	[ "$(tail -n 1 "$tmp/out/report.html")" = "</html>" ] || no_room
	(cd "$tmp/out" && ls -A >"../$marker" && mv "../$marker" .) || no_room
}

# In one step, as far as a file system has one: the old report is there until the new one is whole.
put() {
	if [ -e "$dir" ]; then
		check_target
		mv -T -- "$dir" "$tmp/old" || plot_die "$dir: cannot be replaced"
	fi
	mv -T -- "$tmp/out" "$dir" || {
		[ ! -e "$tmp/old" ] || mv -T -- "$tmp/old" "$dir"
		plot_die "$dir: cannot be made"
	}
}

if [ $# -lt 1 ] || [ $# -gt 2 ] || [ "${1-}" = --help ] || [ -z "${1-}" ] || [ "${2-x}" = "" ]; then
	warn "usage: plot.sh FILE.json|FILE.tsv [DIR]    pictures and report of a sweep (schema minivmm.sweep/2) or of stress-matrix.sh"
	warn "       DIR: FILE without .json or .tsv and with -report behind it, unless named"
	exit 2
fi
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
need_tools
name=$(basename -- "$1")
file=$(readlink -m -- "$1")
dir=${1%.json}
dir=${2:-${dir%.tsv}-report}
while [[ $dir == ?*/ ]]; do dir=${dir%/}; done
! foreign_link "$dir" || plot_die "$dir: a link that another user left; name a directory of your own"
dir=$(readlink -m -- "$dir")
tmp=$(mktemp -d) || exit 1
check_file
check_target
leave
make_room
cd "$tmp/work" && cp "$parts"/*.gp . || no_room
if [[ $file == *.tsv ]]; then
	pass stress -Rrn "$file" >rows || plot_die "$name: it cannot be drawn: $(complaint)"
else
	pass model -c "$file" >model.json || plot_die "$name: it breaks schema minivmm.sweep/2, or there is no room to write: $(complaint)"
	pass panels -r model.json >rows || plot_die "$name: it cannot be drawn: $(complaint)"
fi
distribute <rows || no_room
draw
make_report
put
say "$dir/report.html; pictures, each as SVG and PNG beside it: $pictures"
