#!/usr/bin/env bash
# How much the tests hold: puts small faults into the sources, one at a time, in a copy below build/mutate, and says which of them no
# test finds. tests/README.md has the kinds of faults and how the table is read.
#
#   mutate.sh [--seed N] [--code N] [--text N] [--files REGEX] [--jobs N] [--e2e] [--only NUMBERS]
#
# --e2e tries the end-to-end files of the folder on what the unit tests let pass; --only tries again what the last call
# made, as "7,12,150".
set -u
cd "$(dirname "$0")/.." || exit 1
. scripts/lib.sh
. scripts/tap.sh

seed=1 code=150 text=40 files='' jobs=$(nproc) e2e='' only=''
while [ $# -gt 0 ]; do
	case $1 in
	--e2e) e2e=yes ;;
	--seed | --code | --text | --files | --jobs | --only)
		[ $# -gt 1 ] || die "mutate.sh: $1 wants a value"
		declare "${1#--}=$2"
		shift
		;;
	*) die "usage: mutate.sh [--seed N] [--code N] [--text N] [--files REGEX] [--jobs N] [--e2e] [--only NUMBERS]" ;;
	esac
	shift
done
work=$PWD/build/mutate
export work tree=$work/tree

# End-to-end files that look at a folder; the shortest first.
e2e_files() {
	case $1 in
	guest/*) echo main_job isolate_smp smp guests ;;
	vmm/core/memory/*) echo main_job bad_input hugepages limits ;;
	vmm/core/* | vmm/main.c) echo main_job core guests bad_input signals limits ;;
	vmm/host/pool/*) echo pool hugepages limits ;;
	vmm/host/*) echo check limits pool smp ;;
	vmm/lab/explain/*) echo explain ;;
	vmm/lab/observe/*) echo observe ;;
	vmm/lab/check/* | vmm/lab/advise/* | vmm/lab/calibrate/*) echo check predict model ;;
	vmm/lab/pmu/*) echo pmu ;;
	vmm/lab/compare/*) echo compare versus ;;
	vmm/lab/sweep/*) echo sweep sweep_file versus signals ;;
	vmm/lab/*) echo main_job formats native isolate_smp twin signals smp ;;
	vmm/theory/*) echo model predict ;;
	vmm/cli/*) echo bad_input main_job sweep model check ;;
	*) echo main_job bad_input formats model ;;
	esac
}

# copy_tree TO: the sources as they stand here, without what is built.
copy_tree() {
	mkdir -p "$1"
	find "$1" -mindepth 1 -maxdepth 1 ! -name 'build*' -exec rm -rf {} +
	git ls-files -co --exclude-standard -z | while IFS= read -r -d '' file; do
		{ [ ! -e "$file" ] && [ ! -L "$file" ]; } || printf '%s\0' "$file"
	done | tar --null -T - -cf - | tar -C "$1" -xf -
}

# A variable of the Makefile, as its recipes see it.
make_value() {
	# shellcheck disable=SC2016 # for make
	make -s -C "$tree" --no-print-directory --eval='value-%: ; $(info $($*)) @:' "value-$1"
}

# lines_of BINARY: runs it in the build that counts lines, and prints "FILE LINE BINARY" for each line it reached; of
# one never reached "FILE LINE -".
lines_of() {
	rm -rf "$work/gcov" && mkdir -p "$work/gcov"
	(cd "$tree" && timeout -k 5 300 "build-lines/unit/$1" >/dev/null 2>&1)
	(cd "$tree" && find build-lines/san -name '*.gcda' -exec gcov -t {} + 2>/dev/null) | awk -v binary="$1" -F: '
		/^ *-: *0:Source:/ { file = $4; next }
		{ gsub(/ /, "", $1); gsub(/ /, "", $2) }
		$1 ~ /^[0-9]+\*?$/ { print file, $2, binary; next }
		$1 ~ /^[#=]+$/ { print file, $2, "-" }'
	find "$tree/build-lines" -name '*.gcda' -delete
}

# The unit tests with their times, and which of them reaches which line.
prepare() {
	local sources binary started
	say "$(elapsed)  copy, build" >&2
	copy_tree "$tree"
	copy_tree "$work/texts"
	make -s -C "$tree" -j"$jobs" CC="${CC:-gcc}" all unit-binaries test-guests >"$work/make.log" 2>&1 || die "mutate.sh: see $work/make.log"
	make_value CC >"$work/cc"
	for sources in CPPFLAGS_ALL CFLAGS_SAN CFLAGS_VMM CFLAGS_GUEST LIBS_TEST; do make_value $sources >"$work/$sources"; done
	say "$(elapsed)  build that counts lines" >&2
	make -s -C "$tree" -j"$jobs" CC="${CC:-gcc}" BUILD=build-lines CFLAGS_SAN="-std=gnu11 -O1 -g -pthread --coverage -fprofile-update=atomic" \
		unit-binaries >"$work/make.log" 2>&1 || die "mutate.sh: see $work/make.log"
	say "$(elapsed)  which test reaches which line" >&2
	mkdir -p "$work/by-unit"
	for binary in "$tree"/tests/unit/test_*.c; do
		binary=$(basename "$binary" .c)
		[ ! "$work/by-unit/$binary.time" -nt "$tree/build-lines/unit/$binary" ] || continue
		lines_of "$binary" >"$work/by-unit/$binary.lines"
		started=$(date +%s%N)
		if (cd "$tree" && timeout -k 5 300 "build/unit/$binary" >/dev/null 2>&1); then
			echo "$binary $((($(date +%s%N) - started) / 1000000))" >"$work/by-unit/$binary.time"
		else
			say "without a fault $binary fails: it is left out" >&2
			: >"$work/by-unit/$binary.time"
		fi
	done
	cat "$work"/by-unit/*.time >"$work/times"
	sort -u "$work"/by-unit/*.lines >"$work/lines"
	git ls-files -co --exclude-standard | cksum >"$work/stamp"
}

# units_of FILE LINE: the tests that reach the line, or the last before it that can be reached, the quickest first; of a table all
# that run its file; where none is known, all.
units_of() {
	awk -v file="$1" -v line="$2" '
		FNR == NR { time[$1] = $2; next }
		$1 != file { next }
		{ runs[$3] }
		$2 <= line && $2 > at { at = $2; delete reach }
		$2 == at { reach[$3] }
		END {
			if (at != 0 && line - at < 12) { for (b in reach) if (b in time) print time[b], b; exit }
			for (b in runs) if (b in time) { print time[b], b; some = 1 }
			if (!some && at == 0) for (b in time) print time[b], b
		}' "$work/times" "$work/lines" | sort -n | cut -d' ' -f2
}

flags() {
	(cd "$work" && cat "$@" | tr '\n' ' ')
}

# compile WHAT FILE TO: as the Makefile does, warnings aside.
compile() {
	local command
	command="$(flags cc CPPFLAGS_ALL "$1") -w -I. -c -o '$3' '$2'"
	(cd "$tree" && eval "$command") 2>/dev/null
}

# try_units DIR FILE LINE: the first unit test that the fault in DIR/FILE lets fail.
try_units() {
	local unit wraps limit
	for unit in $(units_of "$2" "$3"); do
		wraps=$(sed 's/^/-Wl,--wrap=/' "$tree/tests/unit/$unit.wrap" 2>/dev/null | xargs)
		(cd "$tree" && eval "$(flags cc CPPFLAGS_ALL CFLAGS_SAN) -w -DTESTS_DIR='\"tests\"' -o '$1/unit' tests/unit/$unit.c \
			$wraps '$1/san.o' build/san/tests/unit/test.o build/san/libminivmm.a $(flags LIBS_TEST)") 2>/dev/null || continue
		limit=$(awk -v unit="$unit" '$1 == unit { print int($2 / 1000 * 4) + 30 }' "$work/times")
		if ! (cd "$tree" && UBSAN_OPTIONS=print_stacktrace=0 timeout -k 5 "$limit" "$1/unit" >"$1/unit.log" 2>&1 </dev/null); then
			echo "$unit"
			return 0
		fi
	done
	return 1
}

# What the lint says of texts.
try_texts() {
	local said
	(
		flock 9
		cp "$1/$2" "$work/texts/$2"
		said=$(cd "$work/texts" && scripts/cures.sh check)
		cp "$tree/$2" "$work/texts/$2"
		[ -n "$said" ]
	) 9>"$work/texts.lock"
}

# One fault: prints its row with what found it: same, nothing (does not compile), a unit test, texts, or - where none did.
try_one() {
	local number=$1 kind=$2 file=$3 line=$4 dir=$work/faults/$1 found=- as=CFLAGS_VMM
	case $file in guest/*) as=CFLAGS_GUEST ;; esac
	if ! compile $as "$dir/$file" "$dir/obj.o" || ! compile CFLAGS_SAN "$dir/$file" "$dir/san.o"; then
		found=nothing
	elif same_code "$dir/obj.o" "$tree/build/obj/${file%.c}.o" "$dir"; then
		found=same
	else
		case $kind in *word | "hint deleted") ! try_texts "$dir" "$file" || found=texts ;; esac
		[ "$found" != - ] || found=$(try_units "$dir" "$file" "$line") || found=-
	fi
	rm -f "$dir"/unit "$dir"/san.o "$dir"/[ab]
	printf '%s\t%s\n' "$number" "$found"
}

# same_code A B DIR: the same object, whatever a debugger reads of it?
same_code() {
	objcopy -g "$1" "$3/a" && objcopy -g "$2" "$3/b" && cmp -s "$3/a" "$3/b"
}

# try_e2e NUMBER FILE: the first end-to-end file in which a case fails, twice, that does not fail without the fault.
try_e2e() {
	local object=build/obj/${2%.c}.o name
	(cd "$tree" && cp "$object" "$work/object.o" && cp "$work/faults/$1/obj.o" "$object" && make -s all) >"$work/make.log" 2>&1
	for name in $(e2e_files "$2"); do
		fails_e2e "$name" "$work/e2e-without" || continue
		fails_e2e "$name" "$work/e2e-without" || continue
		echo "$name"
		break
	done
	cp "$work/object.o" "$tree/$object"
}

# fails_e2e NAME DIR: does a case fail now that is not among those in DIR/NAME?
fails_e2e() {
	(cd "$tree" && timeout -k 30 400 bash "tests/e2e/test_$1.sh" </dev/null 2>&1) >"$work/e2e.log"
	[ $? -lt 124 ] || return 0
	grep '^not ok' "$work/e2e.log" | sed 's/^not ok [0-9]* - //' | grep -qvxFf "$2/$1"
}

without_fault() {
	local name
	mkdir -p "$work/e2e-without"
	[ ! -e "$work/e2e-without/$1" ] || return
	(cd "$tree" && make -s all && bash "tests/e2e/test_$1.sh" </dev/null 2>&1) |
		sed -n 's/^not ok [0-9]* - //p' >"$work/e2e-without/$1"
	[ -s "$work/e2e-without/$1" ] || echo "(none)" >"$work/e2e-without/$1"
}

# The table: what was found by whom, by kind and folder, and what was not.
report() {
	awk -F '\t' '
		function add(table, key) {
			total[table, key]++
			if ($8 !~ /^(-|e2e:.*)$/) unit[table, key]++
			if ($8 != "-") all[table, key]++
			keys[table, key]
		}
		function show(table,    k, part, n) {
			for (k in keys) {
				split(k, part, SUBSEP)
				if (part[1] == table)
					printf "| %s | %d | %d | %d | %d %% |\n", part[2], total[k], unit[k], all[k], 100 * all[k] / total[k] | "sort"
			}
			close("sort")
		}
		function head(what) { printf "\n| %s | faults | found by units | found | |\n| --- | --- | --- | --- | --- |\n", what; fflush() }
		$8 == "same" || $8 == "nothing" { dropped++; next }
		{
			is_text = $2 ~ /word$|^hint deleted$/
			folder = $3
			sub(/\/[^\/]*$/, "", folder)
			add("kind", $2); add("sum", is_text ? "text" : "code"); if (!is_text) add("folder", folder)
			if ($8 == "-") left[++n] = "| " $1 " | " $3 ":" $4 " | " $2 " | `" substr($5, 1, 60) "` -> `" substr($6, 1, 60) "` | `" substr($7, 1, 80) "` |"
		}
		END {
			printf "%d faults; %d more are no change of the code, or do not compile\n", NR - dropped, dropped
			head("sum"); show("sum"); head("kind"); show("kind"); head("folder, code"); show("folder")
			printf "\n| not found | where | kind | was -> is | line |\n| --- | --- | --- | --- | --- |\n"
			for (i = 1; i <= n; i++) print left[i]
		}' "$work/result.tsv"
}

mkdir -p "$work"
# What was prepared holds until a file comes, goes or changes.
if [ ! -s "$work/stamp" ] || [ -n "$(find vmm guest tests include scripts Makefile -type f -newer "$work/stamp" | head -n 1)" ] ||
	[ "$(git ls-files -co --exclude-standard | cksum)" != "$(cat "$work/stamp")" ]; then
	prepare
fi
if [ -z "$only" ]; then
	rm -rf "$work/faults" && mkdir -p "$work/faults"
	(cd "$tree" && /usr/bin/python3 scripts/mutate/mutants.py "$work/faults" "$seed" "$code" "$text" "$files") || exit 1
fi
say "$(elapsed)  unit tests" >&2
export -f try_one try_units try_texts units_of compile flags same_code
awk -F '\t' -v only=",$only," 'only == ",," || index(only, "," $1 ",") { printf "%s%c%s%c%s%c%s%c", $1, 0, $2, 0, $3, 0, $4, 0 }' \
	"$work/faults/index.tsv" | xargs -0 -n 4 -P "$jobs" bash -c 'try_one "$@"' try_one >"$work/found"
if [ -n "$e2e" ]; then
	say "$(elapsed)  end-to-end files" >&2
	mapfile -t left < <(awk -F '\t' '$2 == "-" { print $1 }' "$work/found" | sort -n)
	for file in "${left[@]}"; do
		path=$(awk -F '\t' -v n="$file" '$1 == n { print $3 }' "$work/faults/index.tsv")
		for name in $(e2e_files "$path"); do without_fault "$name"; done
		name=$(try_e2e "$file" "$path")
		[ -z "$name" ] || sed -i "s/^$file\t-\$/$file\te2e:$name/" "$work/found"
	done
fi
sort -n "$work/found" | awk -F '\t' 'FNR == NR { row[$1] = $0; next } { print row[$1] "\t" $2 }' "$work/faults/index.tsv" - >"$work/result.tsv"
report
say "$(elapsed)  done; all of it in $work/result.tsv" >&2
