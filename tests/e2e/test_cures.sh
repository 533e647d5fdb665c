#!/usr/bin/env bash
# Every cure is run in a situation that it is offered for: the command fails and prints it, what it says is done as
# printed, and the command works. It could break with any message, as nobody who writes one is ever in that situation.
# cures.tsv lists them; scripts/cures.sh holds that list against the sources. test_cures.sh REGEX runs some rows.
. "$(dirname "$0")/lib.sh"

need_build
self=$PWD/tests/e2e/test_cures.sh
table=$PWD/tests/e2e/cures.tsv
. tests/e2e/situations.sh

# --- One row, in a process of its own. Prints what is wrong; "SKIP reason" where it cannot be tried.

# The command of a row, with the options of the cure in place of its own.
extra=()
minivmm() {
	local words=() word drop=
	for word in "$@"; do
		[ "$word" != -m ] || word=--memory
		if [ -n "$drop" ]; then
			drop=
		elif [[ " ${extra[*]} " == *" $word "* && $word == --* ]]; then
			drop=yes
		else
			words+=("$word")
		fi
	done
	timeout -k 5 30 "${prefix[@]}" "$program" "${words[@]}" "${extra[@]}" >"$T/out" 2>"$T/err" </dev/null
	status=$?
	said=$(sed -n 's/^minivmm: //p' "$T/err" | head -n 1)
	try=$(sed -n 's/^minivmm: try: //p' "$T/err" | tail -n 1)
}

# The format string of a cure as a regular expression that its text matches.
regex_of() {
	sed -E 's/\\"/"/g; s/[][\.()+?^$|{}*]/\\&/g; s/\\\{[a-z]+\\\}/.*/g; s/%(\\\*|[a-z]+)/.*/g' <<<"$1"
}

run_row() {
	local cure=$1 needs=$2 command=$3 by=$4 first
	eval "$command"
	[ "$status" != 0 ] || { echo "it does not fail: $command" && return; }
	grep -qxE -- "$(regex_of "$cure")" <<<"$try" || echo "another cure is printed: $said: try: $try"
	first=$said
	case $by in
	nobody:*)
		grep -qF -- "${by#nobody: }" <<<"$try" || echo "it does not say who can help: $try"
		return
		;;
	=) read -ra extra <<<"$try" && eval "$command" ;;
	'$')
		"${inside[@]}" bash -c "$try" >"$T/cure.log" 2>&1 || echo "the cure fails: $try: $(tail -n 1 "$T/cure.log")"
		[[ $try == minivmm\ * ]] && return
		eval "$command"
		;;
	.) prefix=(bash -c "$try"$'\nexec "$@"' - "${prefix[@]}") && eval "$command" ;;
	*) eval "$by" ;;
	esac
	if [[ ,$needs, == *,next,* ]]; then
		[ "$said" != "$first" ] || echo "after the cure it says the same: $said"
	else
		[ "$status" = 0 ] || echo "after the cure ($try): status $status: $said: $try"
	fi
}

if [ "${1-}" = --row ]; then
	mkdir "$T/bin" && ln -s "$MINIVMM" "$T/bin/minivmm" && PATH=$T/bin:$PATH
	IFS=$'\t' read -r cure needs setup command by < <(row "$2")
	situation "$needs" "$setup" "$by" && run_row "$cure" "$needs" "$command" "$by"
	exit 0
fi
each_row "${1-}"
tap_done
