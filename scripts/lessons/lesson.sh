# shellcheck shell=sh
# What every lesson is made of: text, commands that are shown and run, questions whose answers a command checks. Sourced by
# the lessons; POSIX sh and jq, so that they also run in a small initramfs.
#
#   LESSON.sh            text, commands with their output, questions with answers and what checks them
#   LESSON.sh --quiz     the questions alone, each with a line of input as the answer; the true one is told afterwards
#
# The program is $MINIVMM, else build/minivmm of this checkout, else minivmm from PATH. Status 0: all answers that can be
# checked here are right (in a quiz those of the student, too); 1: one is not, or a command failed; 77: none can be checked.

case $0 in
*/*) lesson_root=${0%/*}/../.. ;;
*) lesson_root=../.. ;;
esac
if [ -z "${MINIVMM-}" ]; then
	MINIVMM=minivmm
	[ ! -x "$lesson_root/build/minivmm" ] || MINIVMM=$lesson_root/build/minivmm
fi

lesson_quiz=no lesson_number=0 lesson_right=0 lesson_wrong=0 lesson_elsewhere=0 lesson_failed=0 lesson_points=0
case ${1-} in
"") ;;
--quiz) lesson_quiz=yes ;;
*)
	echo "usage: $0 [--quiz]" >&2
	exit 2
	;;
esac
for lesson_tool in jq fold "$MINIVMM"; do
	command -v "$lesson_tool" >/dev/null 2>&1 || {
		echo "$0: $lesson_tool is missing (scripts/deps.sh plot installs jq, make builds minivmm)" >&2
		exit 77
	}
done

# Words of this host by which answers may differ: ept, npt, shadow or none, and KVM's module. minivmm alone is asked, so
# that a test can put a host of another kind in its place. Without a /dev/kvm that may be opened it is none.
lesson_second=none lesson_module=none lesson_tdp_mmu=
lesson_words=$("$MINIVMM" check --quiet --json - 2>/dev/null | jq -r '
	(if .kvm.present == false or .kvm.permitted == false then "none" else .verdict.second_dimension end),
	.host.kvm_module, .host.params["kvm.tdp_mmu"] // ""')
[ -z "$lesson_words" ] || {
	read -r lesson_second
	read -r lesson_module
	read -r lesson_tdp_mmu
} <<END
$lesson_words
END

# The standard input in lines of so many columns.
lesson_wrap() {
	fold -s -w "$1" | sed 's/ *$//'
}

# say TEXT...: a paragraph. In a quiz this and all else that may hold an answer is left out.
say() {
	[ $lesson_quiz = no ] || return 0
	printf '%s\n' "$*" | lesson_wrap 96
	echo
}

# lesson NUMBER TITLE
lesson() {
	printf 'Lesson %s: %s\n' "$1" "$2"
	case $lesson_second in
	none) printf '(no KVM here: what needs a guest is left out)\n\n' ;;
	*) printf '(this host: %s, %s)\n\n' "$lesson_second" "$lesson_module" ;;
	esac
}

part() {
	[ $lesson_quiz = no ] || return 0
	printf -- '-- %s\n\n' "$1"
}

# try ARGUMENTS...: show the command, run it, show what it says.
try() {
	[ $lesson_quiz = no ] || return 0
	printf '$ minivmm %s\n' "$*"
	if "$MINIVMM" "$@" 2>&1; then
		echo
	else
		lesson_status=$?
		printf '(it ended with status %s)\n\n' "$lesson_status"
		# What this host cannot do at all is no failure of the lesson.
		[ $lesson_status = 77 ] || lesson_failed=$((lesson_failed + 1))
	fi
}

# live ARGUMENTS...: the same, where there is a KVM to boot a guest in.
live() {
	if [ $lesson_quiz = no ] && [ "$lesson_second" = none ]; then
		printf '$ minivmm %s\n(left out: no KVM here)\n\n' "$*"
	else
		try "$@"
	fi
}

# sees HOST TEXT: what one sees on such a host; an arrow marks this one.
sees() {
	[ $lesson_quiz = no ] || return 0
	lesson_mark="   on $1"
	[ "$1" != "$lesson_second" ] || lesson_mark="-> on $1 (this host)"
	printf '%s: %s\n' "$lesson_mark" "$2" | lesson_wrap 90 | sed '2,$s/^/      /'
	echo
}

# The answer for this host: "24", or the first word of "ept=24 npt=24 shadow=4 kvm_pvm=-" that names it; "" for none.
lesson_answer() {
	case $1 in
	*=*) ;;
	*)
		printf '%s' "$1"
		return
		;;
	esac
	for lesson_word in $1; do
		case ${lesson_word%%=*} in
		"$lesson_second" | "$lesson_module")
			printf '%s' "${lesson_word#*=}"
			return
			;;
		esac
	done
}

# question TEXT ANSWER FILTER ARGUMENTS...: what jq's FILTER makes of the JSON of `minivmm ARGUMENTS` has to be ANSWER.
# An answer that names hosts (see lesson_answer) is one about live guests.
question() {
	lesson_number=$((lesson_number + 1))
	lesson_expected=$(lesson_answer "$2")
	printf '%s\n' "Question $lesson_number: $1" | lesson_wrap 96
	lesson_filter=$3
	shift 3
	if [ -z "$lesson_expected" ] || [ "$lesson_expected" = - ]; then
		printf '   not answered on this kind of host\n\n'
		lesson_elsewhere=$((lesson_elsewhere + 1))
		return
	fi
	if [ $lesson_quiz = yes ]; then
		printf '   your answer: '
		read -r lesson_mine || lesson_mine=
		# "6,291,456" and "6 291 456" are the same number.
		if [ "$(printf '%s' "$lesson_mine" | tr -d ' ,')" = "$lesson_expected" ]; then
			echo "   right"
			lesson_points=$((lesson_points + 1))
		else
			echo "   it is another one"
		fi
	fi
	printf '   answer: %s\n' "$lesson_expected"
	printf "   check:  minivmm %s --quiet --json - | jq -r '%s'\n" "$*" "$lesson_filter"
	lesson_found=$("$MINIVMM" "$@" --quiet --json - 2>&1 | jq -r "$lesson_filter" 2>&1)
	if [ "$lesson_found" = "$lesson_expected" ]; then
		printf '   it says %s\n\n' "$lesson_found"
		lesson_right=$((lesson_right + 1))
	else
		printf '   IT SAYS %s\n\n' "$lesson_found"
		lesson_wrong=$((lesson_wrong + 1))
	fi
}

# The last line, and the status.
finish() {
	printf '%s questions: %s answers checked, %s wrong, %s for other hosts' "$lesson_number" "$lesson_right" \
		"$lesson_wrong" "$lesson_elsewhere"
	[ $lesson_failed = 0 ] || printf '; %s commands failed' "$lesson_failed"
	lesson_asked=$((lesson_number - lesson_elsewhere))
	[ $lesson_quiz = no ] || printf '\nyou had %s of %s right' "$lesson_points" "$lesson_asked"
	echo
	[ $((lesson_wrong + lesson_failed)) = 0 ] || exit 1
	[ $lesson_right != 0 ] || exit 77
	[ $lesson_quiz = no ] || [ $lesson_points = $lesson_asked ] || exit 1
	exit 0
}
