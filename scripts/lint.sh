#!/usr/bin/env bash
# Every static check, as TAP: format, clang-tidy, cppcheck, shellcheck, layering, who may print, sizes.
# lint.sh [FILE.c ...] looks at those files only (format, clang-tidy).
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
	tap_skip lint "this is no git checkout, or git is not installed"
	finish
fi

mapfile -t sources < <(git ls-files -co --exclude-standard -- '*.c' '*.h')
mapfile -t c_files < <(printf '%s\n' "${sources[@]}" | grep '\.c$')
mapfile -t shell_files < <(git ls-files -co --exclude-standard -- '*.sh' .ci/run)
if [ $# -gt 0 ]; then
	sources=("$@") c_files=("$@")
fi

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

tidy_one() {
	# shellcheck disable=SC2046
	clang-tidy --quiet "$1" -- $(flags_of "$1") 2>&1 | grep -E ': (error|warning): ' | sed "s#^$PWD/##; s#^\./##"
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

# The include lines of .c, .h and .S files as "file included".
includes() {
	git grep -noE '^ *# *include *"[^"]+"' -- "$@" | sed -E 's/^([^:]+):[0-9]+: *# *include *"([^"]+)"/\1 \2/'
}

two_worlds() {
	includes vmm | awk '$2 ~ /guest\// { print $1 " includes " $2 ": vmm/ and guest/ meet in include/ only" }'
	includes guest | awk '$2 ~ /vmm\// { print $1 " includes " $2 ": vmm/ and guest/ meet in include/ only" }'
	includes include | awk '$2 ~ /(vmm|guest)\// { print $1 " includes " $2 ": include/ depends on nobody" }'
	includes vmm guest | awk '$2 ~ /\.\.\// { print $1 " includes " $2 ": paths start at the root" }'
}

# Rooms of vmm/ and their rank: a room includes its own headers and those of lower ranks.
layers() {
	includes vmm | awk '
		BEGIN {
			n = split("util:0 host:1 model:1 cli:2 simulate:2 machine:3 pool:3 mem:4 boot:4 kvm:4 pmu:4 report:5 check:6 run:6 matrix:6 theory:6 native:7 sweep:7 compare:7 explain:7 calibrate:8 command:9 main:10", pair, " ")
			for (i = 1; i <= n; i++) { split(pair[i], kv, ":"); rank[kv[1]] = kv[2] }
		}
		function room(path, part) {
			if (path == "vmm/main.c") return "main"
			split(path, part, "/")
			return part[2]
		}
		$2 ~ /^vmm\// {
			from = room($1); to = room($2)
			if (!(from in rank)) print $1 ": room " from " has no rank in scripts/lint.sh"
			else if (!(to in rank)) print $2 ": room " to " has no rank in scripts/lint.sh"
			else if (from != to && rank[to] >= rank[from])
				print $1 " includes " $2 ": " from " may not know " to
		}'
}

# Errors are values: only main.c prints and exits. Writing to a FILE that the caller handed over is not printing.
quiet_rooms() {
	git grep -nE '(^|[^_a-zA-Z0-9>.])(printf|vprintf|puts|putchar|perror|exit|_exit|_Exit|quick_exit|abort|errx?|warnx?) *\(' \
		-- 'vmm/*.c' ':!vmm/main.c' | grep -vE ':[0-9]+:\s*(\*|/\*|//)'
	git grep -nE '\b(fprintf|fputs|fputc|vfprintf) *\((stderr|stdout)|, *(stderr|stdout)\)' -- 'vmm/*.c' ':!vmm/main.c' \
		':!vmm/output/output.c'
}

# 500 lines a file, 60 a function (kernel style: the braces of a function stand in the first column).
sizes() {
	local file
	for file in "${sources[@]}" "${shell_files[@]}"; do
		awk -v file="$file" '
			/^\{$/ && previous !~ /=$/ { start = NR; name = signature }
			/^\}/ && start { if (NR - start + 1 > 60) print file ":" start ": " name " has " NR - start + 1 " lines (60 allowed)"; start = 0 }
			/^[a-zA-Z_].*\(/ { signature = $0 }
			{ previous = $0 }
			END { if (NR > 500) print file ": " NR " lines (500 allowed)" }' "$file"
	done
}

left_open() {
	git grep -nwE 'TO''DO|FIX''ME|XX''X|HA''CK' -- vmm guest include tests scripts Makefile
}

# Every test says what it is for before anything else.
opening_comments() {
	local file
	for file in tests/unit/*.c vmm/*.[ch] vmm/*/*.h guest/*/*.h include/*.h; do
		[ -e "$file" ] || continue
		head -n 1 "$file" | grep -q '^/\*' || echo "$file: does not open with a comment"
	done
	for file in tests/e2e/*.sh tests/hosts/*.sh scripts/*.sh scripts/lessons/*.sh; do
		[ -e "$file" ] || continue
		sed -n 2p "$file" | grep -q '^# ' || echo "$file: does not open with a comment"
	done
}

verdict_with clang-format "clang-format" format
verdict_with clang-tidy "clang-tidy" tidy
if [ $# = 0 ]; then
	verdict_with cppcheck "cppcheck" cpp_check
	verdict_with shellcheck "shellcheck" shell_check
	verdict "vmm/ and guest/ meet in include/ only" two_worlds
	verdict "rooms include downwards" layers
	verdict "only main.c prints and exits" quiet_rooms
	verdict "file and function sizes" sizes
	verdict "nothing left open" left_open
	verdict "opening comments" opening_comments
fi
finish
