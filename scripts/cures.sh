#!/usr/bin/env bash
# The cures that the sources offer, one a line, as their format strings stand there; cures.sh check: what of them
# stands in no row of tests/e2e/cures.tsv, which row is of no source, and which has no situation yet. Prints nothing where the two are the same.
set -u
cd "$(dirname "$0")/.." || exit 1
table=tests/e2e/cures.tsv

# A cure is the second argument of error_hint(), the third of append() to a hint, the last of a row FAILURE(). Its string
# literals are joined; a name among them is a macro of the same file, or one of inttypes.h, whose place is a "*".
cures() {
	grep -rlE '\<error_hint\(|append\([a-z>.-]*hint,|^FAILURE\(' vmm --include='*.c' --include='*.def' | sort |
		while read -r file; do
			awk '
			function text_of(s,    out, name) {
				out = ""
				while (s != "") {
					if (match(s, /^"([^"\\]|\\.)*"/)) out = out substr(s, 2, RLENGTH - 2)
					else if (match(s, /^[A-Za-z_][A-Za-z_0-9]*/)) {
						name = substr(s, 1, RLENGTH)
						out = out (name in macro ? text_of(macro[name]) : name ~ /^PRI/ ? "*" : "")
					} else {
						RLENGTH = 1
						# Of a choice, each text by itself.
						if (s ~ /^[?:]/ && out != "") out = out "\n"
					}
					s = substr(s, RLENGTH + 1)
				}
				return out
			}
			# The arguments of the call whose "(" has just gone, as argument[1..count].
			function split_call(s,    depth, piece) {
				count = 1; depth = 0; delete argument
				while (s != "") {
					if (match(s, /^"([^"\\]|\\.)*"/)) piece = substr(s, 1, RLENGTH)
					else piece = substr(s, 1, 1)
					s = substr(s, length(piece) + 1)
					if (piece ~ /^[(\[{]$/) depth++
					if (piece ~ /^[)\]}]$/ && depth-- == 0) return
					if (piece == "," && depth == 0) count++
					else argument[count] = argument[count] piece
				}
			}
			/^#define [A-Z_]+ +"/ { name = $2; sub(/^#define [A-Z_]+ +/, ""); macro[name] = $0; next }
			{ all = all " " $0 }
			END {
				gsub(/\/\*([^*]|\*[^\/])*\*\//, "", all)
				while (match(all, /error_hint\(|append\([a-z>.-]*hint,|FAILURE\(/)) {
					call = substr(all, RSTART, RLENGTH)
					all = substr(all, RSTART + RLENGTH)
					split_call(all)
					which = call ~ /^error/ ? 2 : call ~ /^append/ ? 2 : count
					if (text_of(argument[which]) != "") print text_of(argument[which])
				}
			}' "$file"
		done | sort -u
}

case ${1-} in
check)
	diff <(cures) <(grep -v '^#' $table | cut -f1 | sort -u) |
		sed -n "s/^< /in no row of ${table//\//\\/}: /p; s/^> /in no source: /p"
	awk -F '\t' '$2 == "open" { print "no situation yet: " $1 }' $table
	;;
*) cures ;;
esac
