# Pieces of the page: paragraphs and tables. Whatever a cell of a table holds is escaped here.
include "base";

# A table's column: {name, of: its text in each row, number: whether it is one}. Rows: arrays of texts, as many as columns.
def cell($class): if $class then "<td class=\"n\">\(html)</td>" else "<td>\(html)</td>" end;
def table($names; $numbers):
	"<div class=\"scroll\"><table><thead><tr>" + ($names | to_entries |
		map("<th\(if $numbers[.key] then " class=\"n\"" else "" end)>\(.value | html)</th>") | join("")) +
		"</tr></thead><tbody>",
	(.[] | "<tr>" + (to_entries | map(.key as $i | .value | cell($numbers[$i])) | join("")) + "</tr>"),
	"</tbody></table></div>";

# Rows are objects. Columns without a value anywhere are left out, those with one and the same value everywhere are said
# once above the table ($fixed: only of these columns).
def slim_table($columns):
	. as $rows | [$columns[] | . as $c | ([$rows[] | .[$c.of] | . // ""] | unique) as $all | $c + {all: $all} |
		select($all != [""] and $all != ["–"])] as $used |
	[$used[] | select(.may_hide and (.all | length == 1) and ($rows | length) > 1)] as $hidden |
		($used - $hidden) as $shown |
	(if $hidden | length > 0 then
		"<p>The same in all rows: \([$hidden[] | "\(.name) \(.all[0])"] | join(", ") | html).</p>" else empty end),
	([$rows[] | . as $row | [$shown[] | $row[.of] // ""]] | table($shown | map(.name); $shown | map(.number)));
def column($name; $of): {name: $name, of: $of, number: false, may_hide: false};
def numbers($name; $of): {name: $name, of: $of, number: true, may_hide: false};
def fixed_column($name; $of): {name: $name, of: $of, number: false, may_hide: true};
def span($ci): $ci | interval | if . == null then "–" else "\(.[0] | figure) to \(.[1] | figure)" end;
def value_list: list | map(if type == "string" then . else tojson end) | join(", ");
