#!/usr/bin/env bash
# Stands in for minivmm on another kind of host, for scripts that depend on the kind: `check` reads the recorded host
# $STAND_IN_HOST, a guest's record is one that such a host once made, $STAND_IN_RECORDS of tests/fixtures/lessons.json,
# and a prediction is computed. Other text depends on no kind of host, or is a guest's, and there is none of it.
#
# lessons.json holds, for each kind, command lines and what the lessons read of their JSON: made with --json on the hosts
# of tests/hosts, and with kvm_pvm.
set -u
command_line=$*
case $1 in
check) exec "$REAL_MINIVMM" "$@" --root "$STAND_IN_HOST" ;;
run | explain)
	[ "$STAND_IN_RECORDS" != - ] || {
		echo "stand_in.sh: no guest can run on this host: $*" >&2
		exit 1
	}
	;;
esac
[[ $command_line == *" --json -" ]] || exit 0
[ "$1" != model ] || exec "$REAL_MINIVMM" "$@"
exec jq -e --arg kind "$STAND_IN_RECORDS" --arg line "${command_line% --quiet --json -}" \
	'.[$kind][$line] // error("nothing recorded of \($line)")' tests/fixtures/lessons.json
