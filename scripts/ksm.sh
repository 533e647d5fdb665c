#!/usr/bin/env bash
# Switch KSM on for a measurement, and put it back as it was.
#
#   ksm.sh on      on, and fast enough that three scans take seconds
#   ksm.sh off     as it was before; pages that were merged meanwhile are separate again
#   ksm.sh show    what it is set to, and what it has merged
#
# How it was is noted in a file below /run first, so that off also works after this script was killed.
set -u
. "$(dirname "$0")/lib.sh"

dir=${MINIVMM_KSM_ROOT-}/sys/kernel/mm/ksm
state=${MINIVMM_KSM_STATE:-$(state_file ksm)}
# In the order in which they can be put back: an advisor that is at work sets pages_to_scan itself.
knobs="pages_to_scan sleep_millisecs advisor_mode run"

value() {
	sed -E 's/.*\[([^]]*)\].*/\1/' "$dir/$1"
}

set_knob() {
	[ -e "$dir/$1" ] || return 0
	root_write "$dir/$1" "$2" 2>/dev/null || die "ksm: cannot write $dir/$1: root is needed"
	warn "ksm: $1 = $(value "$1")"
}

on() {
	local knob
	if [ ! -e "$state" ]; then
		{
			echo "boot $(boot_id)"
			for knob in $knobs; do
				[ ! -e "$dir/$knob" ] || echo "$knob $(value "$knob")"
			done
		} >"$state" || die "ksm: cannot write $state"
	fi
	set_knob advisor_mode none
	set_knob pages_to_scan 20000
	set_knob sleep_millisecs 20
	set_knob run 1
}

off() {
	local knob was
	[ -e "$state" ] || {
		say "ksm: nothing was changed"
		return 0
	}
	# 2 separates what is merged; KSM that was on before goes on with what it has.
	grep -qx 'run 1' "$state" || set_knob run 2
	while read -r knob was; do
		case " $knobs " in
		*" $knob "*) set_knob "$knob" "$was" ;;
		esac
	done <"$state"
	rm -f "$state"
}

usage() {
	warn "usage: ksm.sh on | off | show"
	exit 2
}

[ $# = 1 ] || usage
[ -e "$dir/run" ] || die "ksm: this kernel has no KSM (CONFIG_KSM)"
case $1 in
on | off)
	state_check "$state"
	"$1"
	;;
show) grep -H . "$dir"/{run,pages_to_scan,sleep_millisecs,pages_shared,pages_sharing,full_scans} | sed 's,.*/,,; s/:/ /' ;;
*) usage ;;
esac
