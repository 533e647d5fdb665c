# Pieces of the page: paragraphs and tables. Whatever a cell of a table holds is escaped here.
include "base";

# A table's column: {name, of: its text in each row, number: whether it is one}. Rows: arrays of texts, as many as columns.
# Numbers to the right, and only running text ($class "w") may be broken into lines.
def cell($class): if $class == true then "<td class=\"n\">\(html)</td>" elif $class == "w" then "<td class=\"w\">\(html)</td>"
	else "<td>\(html)</td>" end;
def table($names; $numbers):
	"<div class=\"scroll\"><table><thead><tr>" + ($names | to_entries |
		map("<th\(if $numbers[.key] == true then " class=\"n\"" else "" end)>\(.value | html)</th>") | join("")) +
		"</tr></thead><tbody>",
	(.[] | (.[-1] | if type == "object" then .span else null end) as $span |
		"<tr>" + ((if $span == null then . else .[:-1] end) | to_entries | map(.key as $i | .value | cell($numbers[$i])) | join("")) +
		(if $span == null then "" else "<td class=\"state\" colspan=\"\(($names | length) - length + 1)\">\($span | html)</td>" end) + "</tr>"),
	"</tbody></table></div>";

# Rows are objects; one with a member span has its columns up to the first that is not $identity, then that text. Columns without a value anywhere are left out, those with one and the same value everywhere are said
# once above the table ($fixed: only of these columns).
def slim_table($columns):
	. as $rows | [$columns[] | . as $c | ([$rows[] | select(.span == null or $c.leads) | .[$c.of] | . // ""] | unique) as $all | $c + {all: $all} |
		select($all - ["", "–"] != [])] as $used |
	[$used[] | (if .loose then .all -= [""] else . end) | select(.may_hide and (.all | length == 1) and ($rows | length) > 1)] as $hidden |
		[$used[] | select(.of as $of | $hidden | map(.of) | index($of) | not)] as $shown |
	(if $hidden | length > 0 then
		"<p>The same in all rows\(if any($rows[]; .span != null) then " that have figures" else "" end): \([$hidden[] | "\(.name) \(.all[0])"] | join(", ") | html).</p>" else empty end),
	([$rows[] | . as $row | [$shown[] | select(.leads or $row.span == null) | $row[.of] // ""] +
		(if $row.span == null then [] else [{span: $row.span}] end)] | table($shown | map(.name); $shown | map(.number)));
def column($name; $of): {name: $name, of: $of, number: "w", may_hide: false};
def numbers($name; $of): {name: $name, of: $of, number: true, may_hide: false};
def fixed_column($name; $of): {name: $name, of: $of, number: false, may_hide: true};
# A number that is said above the table where it is the same everywhere.
def fixed_numbers($name; $of): numbers($name; $of) | .may_hide = true;
# A column in which nothing means no other value.
def loose: .loose = true;
# A column that says which row it is, and stands first.
def leading: .leads = true;
# What repeats in many rows, as numbers of notes below the table: rows with members reason and notes -> {rows, notes}.
def footnotes: . as $rows | (reduce ($rows[].notes[] | select(. != "")) as $note ([]; if index([$note]) then .
	else . + [$note] end)) as $notes | {$notes, rows: ($rows | map(. as $row | .marks = ([.notes[] | select(. != "") |
	. as $note | $notes | index([$note]) + 1 | "[\(.)]"] | unique | join(" "))))};
def footnote_list: if length == 0 then empty else "<ol class=\"notes\">\(map("<li>\(html)</li>") | join(""))</ol>" end;
def span($ci): $ci | interval | if . == null then "–" else "\(.[0] | figure) to \(.[1] | figure)" end;
