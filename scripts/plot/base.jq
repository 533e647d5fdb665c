# What every part of plot.sh shares: numbers, sizes and names as text; what leaves towards HTML and towards gnuplot.
# The file is a stranger's: text reaches a page only through html or h, a picture only through plain.

# A number that can be drawn and written, or null.
def number: if type == "number" and fabs < 1e300 then . else null end;
def interval: if type == "array" and length == 2 and (map(number) | all(. != null)) then . else null end;
def text: if . == null then "" elif type == "string" then . else tojson end;
def list: if type == "array" then . else [] end;
def object: if type == "object" then . else {} end;

# One line: tabs, line ends and other control characters are blanks.
def one_line: text | if test("[\\x00-\\x1f\\x7f]") then gsub("[\\x00-\\x1f\\x7f]+"; " ") else . end;
def html: one_line | @html;
# For gnuplot's data files: letters that mean nothing to it, short enough to fit.
def plain: one_line | if test("[^A-Za-z0-9 ._:/+=,()±–-]") then gsub("[^A-Za-z0-9 ._:/+=,()±–-]"; "?") else . end |
	if length > 44 then .[0:42] + ".." else . end;

def scaled($of; $by; $names):
	. as $x | [range($names | length) | select($x >= pow($by; .) * $of)] | (max // 0) as $n | [$x / pow($by; $n),
		$names[$n]];
# Bytes: 4096 -> 4K.
def size:
	number | if . == null then "?" elif . < 1024 then "\(.)"
		else scaled(1; 1024; ["", "K", "M", "G", "T", "P"]) | "\(.[0] * 100 | round / 100)\(.[1])" end;
# With so many decimals: 2 | fixed(1) is 2.0.
def fixed($decimals): if $decimals == 0 then round | tostring
	else (if . < 0 then "-" else "" end) + (fabs * pow(10; $decimals) | round | tostring | if length <= $decimals then
		("0" * ($decimals + 1 - length)) + . else . end |
	.[:-$decimals] + "." + .[-$decimals:]) end;
# Of a number: what it is divided by, the name of that, and decimals: four significant digits, whole ones up to a million.
def form: fabs as $a | if $a >= 1e6 then ($a | scaled(1; 1000; ["", "k", "M", "G", "T", "P"]) | [$a / .[0], " " +
	.[1], 2])
	else [1, "", (if $a >= 1000 then 0 elif $a >= 100 then 1 elif $a >= 0.1 or $a == 0 then 2 else 4 end)] end;
def figure: number | if . == null then "–" elif . == 0 then "0" else form as [$by, $name, $decimals] | (. / $by |
	fixed($decimals)) + $name end;
# Three significant digits, for ends of an interval: 88.8, 221, 24500.
def brief: number | if . == null then "–" else fabs as $a | if $a < 0.005 then "0" elif $a >= 1e6 then figure
	elif $a >= 1000 then ($a | log10 | floor - 2) as $drop | . / pow(10; $drop) | round * pow(10; $drop) | round | tostring
	else fixed(if $a >= 100 then 0 elif $a >= 10 then 1 else 2 end) end end;
# An interval as it is, from its lower end to its upper: half a width would hide that it is lopsided.
def brief_span: interval | if . == null then "no interval" else map(brief) | if .[0] == .[1] then .[0] else join(" to ") end end;
# Intervals of n allocations: from 6 on 95 %, below that least to greatest, which cover less (vmm/lab/sweep/estimate.c).
def coverage: if . >= 6 then 95 else (1 - pow(2; 1 - .)) * 10000 | round / 100 end;
# Of figures, each with its n: what their intervals are called.
def interval_words: map(.n | [., 6] | min) | unique | if length == 1 then (if .[0] < 2 then "no interval"
	else "\(.[0] | coverage) % interval" end) else "interval (how sure: see the end)" end;
def plural($word): if . == 1 then "1 \($word)" else "\(.) \($word)s" end;

def guest_name: if .kind == "native" then "native" elif .guest_page_bytes == null then "?" else .guest_page_bytes |
	size end;
# As the command line names it, where it says anything: anon, thp, hugetlb:2M, memfd:2M, file:/dev/hugepages.
def backing_name:
	(.backing | text) as $name |
	if $name == "file" and .path != null then "file:\(.path | text)"
	elif $name == "anon" or $name == "thp" or .page_bytes == null then $name
	else "\($name):\(.page_bytes | size)" end;
def guest_rank: if .kind == "native" then 1e18 else .guest_page_bytes | number // 1e17 end;
def backing_rank: [(.page_bytes | number // 1e17), (.backing | if . == "anon" then 0 elif . == "thp" then
	1 elif . == "memfd" then 2 else 3 end), backing_name];
def prealloc_rank: . as $p | ["off", "on", "near", "far", "nodes", "prefault"] | index([$p]) // 2;

# Words of a shell, for people to copy.
def command_line: list | map(one_line | if test("^[A-Za-z0-9_./:=,+@%-]+$") then . else @sh end) | join(" ");
