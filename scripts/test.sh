#!/usr/bin/env bash
# Everything that is tested, with one command: install what the tests need, build with both compilers, lint,
# units under sanitizers, end to end, on emulated hosts. Ends with one line of counts; status 0 only where nothing failed.
#
#   test.sh [STAGE...]    stages: deps build lint units fuzz e2e hosts (default: all, in this order)
set -u
cd "$(dirname "$0")/.." || exit 1
. scripts/lib.sh
. scripts/tap.sh

work=$(mktemp -d) || exit 1
# Also gives back the pool when the units are interrupted.
leave() {
	MINIVMM_POOL_STATE=$work/pool.state scripts/hugepages.sh restore
	rm -rf "$work"
}
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
export MINIVMM_TALLY=$work/tally
: >"$MINIVMM_TALLY"
# What the tests let minivmm write, for members().
export MINIVMM_DOCUMENTS=$work/documents
mkdir -m 777 "$MINIVMM_DOCUMENTS" && chmod 755 "$work"
jobs=$(nproc)

stage() {
	say "== $(elapsed)  $*"
}

# One command that either works or does not: counts as one test, shows its output only where it failed.
check() {
	local name=$1 status
	shift
	"$@" >"$work/check.log" 2>&1
	status=$?
	if [ $status = 0 ]; then
		say "$(elapsed)  ok      $name"
		tap_tally 1 0 0
	else
		say "$(elapsed)  FAILED  $name (exit status $status)"
		grep -vE '^  [A-Z]+ +[^ ]+( \(sanitized\))?$' "$work/check.log" | tail -n 60 | sed 's/^/    | /'
		tap_tally 0 1 0
	fi
	return $status
}

# A build that cannot be made here because its tool is missing: a skip with the reason.
check_with() {
	local tool=$1
	shift
	if have "$tool"; then
		check "$@"
	else
		say "$(elapsed)  skipped $1 ($tool is not installed)"
		tap_tally 0 0 1
	fi
}

stage_deps() {
	scripts/deps.sh test || say "going on with what is there"
}

stage_build() {
	local builds=(build build-dynamic)
	! have clang || builds+=(build-clang)
	check "build with gcc" make -j"$jobs" CC=gcc
	check_with clang "build with clang" make -j"$jobs" CC=clang BUILD=build-clang
	check "build that links the C library dynamically" make -j"$jobs" CC=gcc STATIC=0 BUILD=build-dynamic
	check "binaries are hardened" tests/hardened.sh "${builds[@]}"
	check "install into a staging directory" installs
}

# What `make install` puts down has to run from there, and from an initramfs: no interpreter is asked for.
installs() {
	make install CC=gcc PREFIX=/usr DESTDIR="$work/stage" && "$work/stage/usr/bin/minivmm" --version &&
		[ -s "$work/stage/usr/lib/minivmm/guest.elf" ] && ! readelf -lW "$work/stage/usr/bin/minivmm" | grep INTERP &&
		readelf -lW build-dynamic/minivmm | grep -q INTERP && build-dynamic/minivmm --version
}

stage_lint() {
	scripts/lint.sh
}

# A few huge pages for the tests that want some; those tests skip by name where there are none.
stage_units() {
	MINIVMM_POOL_STATE=$work/pool.state scripts/hugepages.sh reserve 2M 32 2>&1
	units
	MINIVMM_POOL_STATE=$work/pool.state scripts/hugepages.sh restore
}

units() {
	check "build the unit tests (gcc, ASan and UBSan)" make -j"$jobs" CC=gcc unit-binaries &&
		make -s CC=gcc check
}

# Two seconds each: what a change has broken at once. Longer: make fuzz SECONDS=600.
stage_fuzz() {
	if ! echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' |
		clang -fsanitize=fuzzer,address -x c -o "$work/fuzzer" - 2>/dev/null; then
		say "$(elapsed)  skipped fuzz (no clang that has libFuzzer)"
		tap_tally 0 0 1
		return
	fi
	check "build the fuzz targets" make -j"$jobs" CC=gcc fuzz-binaries && tap_file tests/fuzz/run.sh
}

# What times nothing, in two lanes side by side: the second takes no pages that the first counts. The rest is alone.
LANES=("cures situations" "plot model lessons observe compare formats check sweep_file")

stage_e2e() {
	local file name lane as=()
	check "build minivmm for the end-to-end tests" make -j"$jobs" CC=gcc all || return
	[ ! -e tests/guests/guests.mk ] || check "build the negative guests" make -j"$jobs" CC=gcc test-guests
	if [ "$(id -u)" != 0 ] && can_root; then
		say "running the end-to-end tests through sudo: they make mounts and pools of their own"
		as=(as_root)
	fi
	for lane in "${LANES[@]}"; do
		for name in $lane; do
			tap_file "tests/e2e/test_$name.sh" "${as[@]}"
		done &
	done
	wait
	for file in tests/e2e/test_*.sh tests/faults/run.sh; do
		name=${file##*/test_}
		[[ " ${LANES[*]} " == *" ${name%.sh} "* ]] || tap_file "$file" "${as[@]}"
	done
	# Where units ran before, all documents are there.
	case " ${stages[*]} " in
	*" units "*) [ ! -w /dev/kvm ] || check "each member of each schema has a value in some test" members ;;
	esac
}

# What has a value in no document that the tests have made is printed, and is a failure.
members() {
	! /usr/bin/python3 tests/e2e/members.py "$MINIVMM_DOCUMENTS" 2>&1 | grep .
}

# Intel and AMD kernels of our own, in emulation: needs no KVM and no root.
stage_hosts() {
	check "build minivmm for the emulated hosts" make -j"$jobs" CC=gcc all || return
	TAP_SECONDS=1500 tap_file tests/hosts/run.sh
}

# tap_file FILE [as_root]: run one TAP file; its lines go to a log that is shown where something failed.
tap_file() {
	local log=$work/${1##*/}.log status started=$SECONDS word=ok
	printf '%s  ...     %s\n' "$(elapsed)" "$1"
	"${@:2}" timeout -k 30 "${TAP_SECONDS:-600}" bash "$1" >"$log" 2>&1
	status=$?
	tap_count_file "$log" $status
	[ "$tap_passed" != 0 ] || word=skipped
	[ "$tap_failed" = 0 ] || word=FAILED
	printf '%s  %-7s %s (%d s): %d passed, %d failed, %d skipped\n' "$(elapsed)" "$word" "$1" \
		$((SECONDS - started)) "$tap_passed" "$tap_failed" "$tap_skipped"
	tap_show_skips "$log"
	[ "$tap_failed" = 0 ] || tap_show_failures "$log" $status
	tap_tally "$tap_passed" "$tap_failed" "$tap_skipped"
}

stages=("$@")
[ ${#stages[@]} -gt 0 ] || stages=(deps build lint units fuzz e2e hosts)
for name in "${stages[@]}"; do
	case $name in
	deps | build | lint | units | fuzz | e2e | hosts) ;;
	*)
		warn "test.sh: no stage '$name'; there are: deps build lint units fuzz e2e hosts"
		exit 2
		;;
	esac
done
for name in "${stages[@]}"; do
	stage "$name"
	"stage_$name"
done

stage "done"
read -r passed failed skipped < <(awk '{ p += $1; f += $2; s += $3 } END { print p + 0, f + 0, s + 0 }' "$MINIVMM_TALLY")
say "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
