#!/usr/bin/env bash
# No word that minivmm says changes by accident: each text of the sources stands in a test, or else in golden/texts.txt, where a
# change of it is read before it is committed. What no test makes fail is said so seldom that nobody would see it.
. "$(dirname "$0")/lib.sh"

need_tool /usr/bin/python3
problems=() command_line=(tests/e2e/texts.py)
/usr/bin/python3 tests/e2e/texts.py >"$T/texts" 2>"$T/err" || problem "it did not run"
[ -z "${MINIVMM_UPDATE_GOLDEN-}" ] || cp "$T/texts" tests/golden/texts.txt
diff tests/golden/texts.txt "$T/texts" >"$T/out" || problem "it differs (< as it was, > as it is; make golden renews it)"
conclude "each text is held by a test, or listed"
tap_done
