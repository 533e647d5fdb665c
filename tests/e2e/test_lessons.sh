#!/usr/bin/env bash
# Lessons teach what is so: each command in them runs here, and each answer that this kind of host can give is what the
# command beside it says. They break when an output, an option or a figure changes and the lesson does not.
# What they say depends on the kind of host, so those of all other kinds are told by a stand-in, on every machine.
. "$(dirname "$0")/lib.sh"

need_build
need_tool jq

# What a teacher shows has to fit a screen; commands to copy are one line each.
want_narrow() {
	local wide
	wide=$(grep -vE '^   check: |^\$ ' "$T/out" | awk 'length > 100' | head -n 3)
	[ -z "$wide" ] || problem "wider than 100 columns: $wide"
}

# want_answers CHECKED [OTHERS]: so many answers were checked, none wrong, and the others are for other hosts.
want_answers() {
	want_text "^3 questions: $1 answers checked, 0 wrong, $((3 - $1)) for other hosts\$"
	want_status 0
	want_narrow
}

export MINIVMM
for lesson in scripts/lessons/[0-9]*.sh; do
	case_command sh "$lesson"
	want_answers "$(sed -n 's/^3 questions: \([123]\) answers.*/\1/p' "$T/out")"
	sed -n 's/^   answer: //p' "$T/out" >"$T/${lesson##*/}.answers"
	conclude "${lesson##*/}: $(tail -n 1 "$T/out")"
done

# A kind of host, how it is recorded, whose records its guests are, and how many answers of each lesson it can check.
kinds() {
	cat <<-END
		ept kvm_intel intel-ept kvm_intel_ept 3 3 3 3 3 3 3 3
		ept kvm_intel intel-ept:tdp_mmu=N kvm_intel_ept 3 3 3 2 3 3 3 3
		npt kvm_amd amd-npt kvm_amd_npt 3 3 2 3 3 3 3 3
		shadow kvm_intel intel-ept-off kvm_intel_shadow 3 3 3 3 3 3 3 2
		shadow kvm_amd amd-npt-off kvm_amd_shadow 3 3 3 3 3 3 3 2
		shadow kvm_pvm pvm kvm_pvm_shadow 3 3 3 3 3 1 3 2
		unknown kvm_intel odd-values kvm_intel_ept 3 1 2 1 1 3 1 1
		none none no-kvm - 3 1 2 1 1 1 1 1
	END
}

# kind SECOND MODULE HOST RECORDS ANSWERS...
kind() {
	local second=$1 module=$2 host=${3%:*} name=$3 records=$4 lesson arrows=1
	shift 4
	STAND_IN_HOST=tests/fixtures/host/$host
	if [ "$name" != "$host" ]; then
		rm -rf "$T/host" && cp -r "$STAND_IN_HOST" "$T/host"
		echo "${name#*=}" >"$T/host/sys/module/kvm/parameters/tdp_mmu"
		STAND_IN_HOST=$T/host
	fi
	case $second in
	unknown | none) arrows=0 ;;
	esac
	for lesson in scripts/lessons/[0-9]*.sh; do
		case_command env MINIVMM=tests/e2e/stand_in.sh REAL_MINIVMM="$MINIVMM" STAND_IN_HOST="$STAND_IN_HOST" \
			STAND_IN_RECORDS="$records" sh "$lesson"
		want_answers "$1"
		case $second in
		none) want_text '^\(no KVM here: ' ;;
		*) want_text "^\(this host: $second, $module\)\$" ;;
		esac
		[ "$(grep -c "^-> on $second (this host): " "$T/out")" = $arrows ] || problem "not $arrows arrow at $second"
		[ ${#problems[@]} = 0 ] || break
		shift
	done
	conclude "$second by $module, as $name: all lessons"
}
while read -r -a words; do
	kind "${words[@]}"
done < <(kinds)

first=$(find scripts/lessons -name '1-*.sh')
printf '6291456\nnonsense\n' >"$T/answers"
case_command sh -c 'exec sh "$1" --quiz < "$2"' - "$first" "$T/answers"
want_text 'your answer: *right'
want_text 'it is another one'
want_text '^you had 1 of 3 right$'
want_status 1
# Nothing stands before a question that could give its answer away: not the text, not what the commands show.
awk '/^Question/ { asks = 1 } /your answer:/ { asks = 0 } /^Lesson|^\(|^$|your answer:/ { next }
	/^   (answer|check|it says|it is another one|right)/ || asks || /^3 questions|^you had/ { next } { print }' \
	"$T/out" >"$T/early"
[ ! -s "$T/early" ] || problem "said before it asks: $(head -n 3 "$T/early")"
conclude "--quiz asks before it tells, and counts what the student knew"

for lesson in scripts/lessons/[0-9]*.sh; do
	points=$(wc -l <"$T/${lesson##*/}.answers")
	case_command sh -c 'exec sh "$1" --quiz < "$2"' - "$lesson" "$T/${lesson##*/}.answers"
	want_text "^you had $points of $points right\$"
	want_status 0
	[ ${#problems[@]} = 0 ] || break
done
conclude "--quiz: who knows all passes, in each lesson"

# A wrong answer has to be noticed, or nothing above means anything.
cp scripts/lessons/lesson.sh "$T/" && sed 's/ 6291456 / 6291457 /' "$first" >"$T/1.sh"
case_command sh "$T/1.sh"
want_status 1
want_text '1 wrong'
conclude "a wrong answer fails the lesson"
tap_done
