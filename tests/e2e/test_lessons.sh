#!/usr/bin/env bash
# Lessons teach what is so: each command in them runs here, and each answer that this kind of host can give is what the
# command beside it says. They break when an output, an option or a figure changes and nobody reads the lessons again.
. "$(dirname "$0")/lib.sh"

have jq || {
	tap_skip lessons "jq is not installed (scripts/deps.sh plot)"
	tap_done
	exit
}
for lesson in scripts/lessons/[0-9]*.sh; do
	out=$(MINIVMM=$MINIVMM timeout 120 sh "$lesson" 2>&1)
	status=$?
	last=$(tail -n 1 <<<"$out")
	if [ $status = 0 ] && [[ $last =~ ^3\ questions:\ [123]\ answers\ checked,\ 0\ wrong ]]; then
		tap_ok "${lesson##*/}: $last"
	else
		tap_fail "${lesson##*/}" "status $status: $(tail -n 40 <<<"$out")"
	fi
	# What a teacher shows has to fit a screen.
	[ -z "$(grep -vE '^   check: |^\$ ' <<<"$out" | awk 'length > 100')" ] && tap_ok "${lesson##*/} fits 100 columns" ||
		tap_fail "${lesson##*/} fits 100 columns" "$(grep -vE '^   check: |^\$ ' <<<"$out" | awk 'length > 100' | head -n 3)"
done

lesson=$(find scripts/lessons -name '1-*.sh')
out=$(printf '6291456\nnonsense\n' | MINIVMM=$MINIVMM sh "$lesson" --quiz 2>&1)
grep -q 'your answer: *right' <<<"$out" && grep -q 'it is another one' <<<"$out" && tap_ok "--quiz judges answers" ||
	tap_fail "--quiz judges answers" "$(tail -n 20 <<<"$out")"

# A wrong answer has to be noticed, or nothing above means anything.
wrong=$(mktemp -d)
cp scripts/lessons/lesson.sh "$wrong/" && sed 's/ 6291456 / 6291457 /' "$lesson" >"$wrong/1.sh"
out=$(MINIVMM=$PWD/${MINIVMM#"$PWD/"} sh "$wrong/1.sh" 2>&1)
status=$?
rm -rf "$wrong"
[ $status = 1 ] && grep -q '1 wrong' <<<"$out" && tap_ok "a wrong answer fails the lesson" ||
	tap_fail "a wrong answer fails the lesson" "status $status: $(tail -n 5 <<<"$out")"
tap_done
