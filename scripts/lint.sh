#!/usr/bin/env bash
# Every static check, as TAP: format, clang-tidy, cppcheck, shellcheck, layers, circles, who may print, sizes.
# lint.sh FILE... makes those checks that a file can be judged by alone, of these files.
set -u
cd "$(dirname "$0")/.." || exit 1
. scripts/lib.sh
. scripts/tap.sh

finish() {
	local status
	tap_done
	status=$?
	tap_tally $((TAP_COUNT - TAP_FAILED - TAP_SKIPPED)) "$TAP_FAILED" "$TAP_SKIPPED"
	exit $status
}

# The files to look at are those that git knows.
if ! git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
	tap_skip lint "this is not a git checkout, or git is not installed"
	finish
fi

mapfile -t scope < <(if [ $# -gt 0 ]; then printf '%s\n' "$@"; else git ls-files -co --exclude-standard; fi |
	while read -r file; do [ ! -f "$file" ] || echo "${file#./}"; done | sort -u)

# Of the files to look at, those whose path matches.
within() {
	printf '%s\n' "${scope[@]}" | grep -E "$1"
}

mapfile -t sources < <(within '\.[ch]$')
mapfile -t c_files < <(within '\.c$')
mapfile -t shell_files < <(within '\.sh$|^\.ci/run$')

# A check prints what is wrong and nothing else: silence is success.
verdict() {
	local name=$1 output
	shift
	output=$("$@" 2>&1)
	if [ -z "$output" ]; then
		tap_ok "$name"
	else
		tap_fail "$name" "$(head -n 80 <<<"$output")"
	fi
}

# A check that needs a tool.
verdict_with() {
	if have "$1"; then
		verdict "${@:2}"
	else
		tap_skip "$2" "$1 is not installed (scripts/deps.sh test)"
	fi
}

format() {
	clang-format --dry-run -Werror "${sources[@]}"
}

# The flags that a file is compiled with, as far as its meaning depends on them.
flags_of() {
	echo -std=gnu11 -Iinclude -I. -D_GNU_SOURCE '-DMINIVMM_VERSION="0"' '-DTESTS_DIR="tests"'
	case $1 in
	guest/* | tests/guests/*) echo -ffreestanding -mgeneral-regs-only ;;
	esac
}

# How many states of a function the analyzer looks at. Its own choice, 225000, costs three times as much in all.
export TIDY_STATES=${TIDY_STATES:-75000}

tidy_one() {
	# shellcheck disable=SC2046
	clang-tidy --quiet "$1" -- $(flags_of "$1") -Xclang -analyzer-config -Xclang "max-nodes=$TIDY_STATES" 2>&1 | grep -E ': (error|warning): ' | sed "s#^$PWD/##; s#^\./##"
	return 0
}

tidy() {
	export -f tidy_one flags_of
	printf '%s\n' "${c_files[@]}" | xargs -r -P "$(nproc)" -I{} bash -c 'tidy_one {}' | sort -u
}

# comparePointers: the two ends of the embedded guest are linker symbols of one object.
cpp_check() {
	cppcheck --quiet --error-exitcode=0 -j "$(nproc)" --std=c11 --language=c --inline-suppr \
		--enable=warning,performance,portability --suppress=missingInclude \
		--suppress=missingIncludeSystem --suppress=comparePointers -Iinclude -I. -D_GNU_SOURCE \
		'-DMINIVMM_VERSION="0"' '-DTESTS_DIR="tests"' "${c_files[@]}"
}

# Off: SC2317, functions called by name through verdict() or trap look unreachable to it; SC2015, "A && B || problem"
# is meant as it stands; SC2054, options take comma lists; SC2034 and SC2153, variables shared with a sourced file;
# SC2016, inner shells expand what is quoted for them.
shell_check() {
	shellcheck -x -e SC2317,SC2015,SC2016,SC2054,SC2034,SC2153 -P SCRIPTDIR "${shell_files[@]}"
}

# The include lines of files that match, as "file included". A name without a folder is one of include/.
includes() {
	within "$1" | xargs -r grep -HoE '^ *# *include *"[^"]+"' |
		sed -E 's/^([^:]+): *# *include *"([^"]+)"/\1 \2/; s,^([^ ]+) ([^/]+)$,\1 include/\2,'
}

two_worlds() {
	includes '^(vmm|guest|include)/' | awk '
		{ from = $1; to = $2; sub("/.*", "", from); sub("/.*", "", to) }
		from == "vmm" && to == "guest" || from == "guest" && to == "vmm" {
			print $1 " includes " $2 ": vmm/ and guest/ meet in include/ only" }
		from == "include" && to != "include" { print $1 " includes " $2 ": include/ depends on no other folder" }
		$2 ~ /\.\.\// { print $1 " includes " $2 ": paths start at the root" }'
}

# A folder of vmm/ knows itself and those of a lower rank. So core and theory do not know each other, and only
# main.c knows the whole request, which is a header of cli.
RANKS="util 0
output 1
host 2
core 3
theory 3
lab 4
cli 5
main.c 6"

layers() {
	{ printf '%s\n' "$RANKS" && includes '^vmm/'; } | awk '
		$2 ~ /^[0-9]+$/ { rank[$1] = $2; next }
		$2 ~ /^vmm\// {
			split($1, from, "/"); split($2, to, "/")
			if (!(from[2] in rank)) print $1 ": " from[2] " has no rank in scripts/lint.sh"
			else if (!(to[2] in rank)) print $2 ": " to[2] " has no rank in scripts/lint.sh"
			else if (from[2] != to[2] && rank[to[2]] >= rank[from[2]])
				print $1 " includes " $2 ": " from[2] " may not know " to[2]
		}'
}

# Of lines "file included from to", the steps that lie on a circle of from and to: those whose end leads back to their
# begin. One include for each step, and how many there are.
circles() {
	awk '
		function leads(at, goal, i, n, list) {
			if (at == goal) return 1
			if (at in seen) return 0
			seen[at]
			n = split(next_of[at], list, " ")
			for (i = 1; i <= n; i++) if (leads(list[i], goal)) return 1
			return 0
		}
		$3 == $4 { next }
		!count[$3 " " $4]++ {
			step[++steps] = $3 " " $4
			example[steps] = $1 " includes " $2
			next_of[$3] = next_of[$3] " " $4
		}
		END {
			for (i = 1; i <= steps; i++) {
				split(step[i], end, " ")
				delete seen
				if (leads(end[2], end[1]))
					print end[1] " -> " end[2] " leads back: " example[i] " (of " count[step[i]] ")"
			}
		}' | sort
}

file_circles() {
	includes '^(vmm|guest|include)/' | awk '{ print $0, $1, $2 }' | circles
}

folder_circles() {
	includes '^(vmm|guest|include)/' | awk '
		function folder(path) { sub("/[^/]*$", "", path); return path }
		{ print $0, folder($1), folder($2) }' | circles
}

# Errors are values: only main.c prints and exits. Writing to a FILE that the caller handed over is not printing, and the _exit(0)
# of a process that was forked ends no program.
who_prints() {
	within '^vmm/.*\.c$' | grep -vx vmm/main.c | xargs -r grep -HnE \
		'(^|[^_a-zA-Z0-9>.])(printf|vprintf|puts|putchar|perror|exit|_exit|_Exit|quick_exit|abort|errx?|warnx?) *\(' |
		grep -vE ':[0-9]+:\s*(\*|/\*|//|_exit\(0\);$)'
	within '^vmm/.*\.c$' | grep -vxE 'vmm/main\.c|vmm/output/output\.c' |
		xargs -r grep -HnE '\b(fprintf|fputs|fputc|vfprintf) *\((stderr|stdout)|, *(stderr|stdout)\)'
}

# 500 lines a file, 60 a function (kernel style: the braces of a function stand in the first column). A header of vmm/
# has 30 lines or more, or a comment that says "A header of its own:" and why.
sizes() {
	local file
	for file in "${sources[@]}" "${shell_files[@]}"; do
		awk -v file="$file" '
			/^\{$/ && previous !~ /=$/ { start = NR; name = signature }
			/^\}/ && start { if (NR - start + 1 > 60) print file ":" start ": " name " has " NR - start + 1 " lines (60 allowed)"; start = 0 }
			/^[a-zA-Z_].*\(/ { signature = $0 }
			/A header of its own:/ { reason = 1 }
			{ previous = $0 }
			END {
				if (NR > 500) print file ": " NR " lines (500 allowed)"
				if (NR < 30 && file ~ /^vmm\/.*\.h$/ && !reason)
					print file ": a header of " NR " lines: its neighbour can hold them"
			}' "$file"
	done
}

left_open() {
	within '^(vmm|guest|include|tests|scripts)/|^Makefile$' | xargs -r grep -HnwE 'TO''DO|FIX''ME|XX''X|HA''CK'
}

# Every test and every header says what it is for before anything else.
opening_comments() {
	local file
	for file in $(within '^tests/unit/[^/]*\.c$|^(vmm|guest|include)/.*\.h$|^vmm/main\.c$'); do
		head -n 1 "$file" | grep -q '^/\*' || echo "$file: does not open with a comment"
	done
	for file in $(within '^(tests/e2e|tests/hosts|scripts|scripts/lessons)/[^/]*\.sh$'); do
		sed -n 2p "$file" | grep -q '^# ' || echo "$file: does not open with a comment"
	done
}

[ ${#sources[@]} = 0 ] || verdict_with clang-format "clang-format" format
[ ${#c_files[@]} = 0 ] || verdict_with clang-tidy "clang-tidy" tidy
[ ${#c_files[@]} = 0 ] || verdict_with cppcheck "cppcheck" cpp_check
[ ${#shell_files[@]} = 0 ] || verdict_with shellcheck "shellcheck" shell_check
verdict "vmm/ and guest/ meet in include/ only" two_worlds
verdict "folders of vmm/ include downwards" layers
if [ $# = 0 ]; then
	verdict "no file includes itself in a circle" file_circles
	verdict "no folder includes itself in a circle" folder_circles
	verdict "every cure stands in tests/e2e/cures.tsv" scripts/cures.sh check
fi
verdict "only main.c prints and exits" who_prints
verdict "file and function sizes" sizes
verdict "nothing left open" left_open
verdict "opening comments" opening_comments
finish
