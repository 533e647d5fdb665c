#!/usr/bin/env bash
# Whoever reads help, a recorded host, a model, a comparison or a refusal reads the words and figures that were meant: each command
# of said.tsv says what its golden file holds, byte by byte, on every machine. A word, a column or a member could be lost in
# any of a hundred writers, and nothing else would miss it. MINIVMM_UPDATE_GOLDEN=1 writes the files.
. "$(dirname "$0")/lib.sh"

need_build

# say_all GROUP: its commands, what each says, but for how long it took, and its exit status.
say_all() {
	local group words
	grep -v '^#' e2e/said.tsv | while IFS=$'\t' read -r group words; do
		[ "$group" = "$1" ] || continue
		printf '$ minivmm %s\n' "$words"
		read -ra words <<<"$words"
		timeout -k 5 60 "$MINIVMM" "${words[@]}" >"$T/one" 2>&1 </dev/null
		printf '= %d\n\n' $? >"$T/status"
		grep -v '"smaps_ms": ' "$T/one" | sed "s|$MINIVMM|minivmm|"
		cat "$T/status"
	done
}

cd tests || exit 1
mapfile -t groups < <(grep -v '^#' e2e/said.tsv | cut -f1 | sort -u)
for group in "${groups[@]}"; do
	problems=() command_line=("said.tsv" "$group")
	say_all "$group" >"$T/said"
	[ -z "${MINIVMM_UPDATE_GOLDEN-}" ] || cp "$T/said" "golden/said/$group.txt"
	diff "golden/said/$group.txt" "$T/said" >"$T/out" || problem "it differs (< as it was, > as it is; make golden renews it)"
	: >"$T/err"
	conclude "what $group says"
done
tap_done
