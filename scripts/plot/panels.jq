# Every picture of a sweep, as lines "file <tab> row" for plot.sh to take apart, and pN.kind for each picture.
include "base";
include "panel";
include "lines";
include "dots";
include "bars";
include "heat";
include "emit";

def most_pictures: 60;
def absent($heat; $bars; $lines; $all):
	(if $heat | length == 0 then "The matrix as a heat map: it takes figures of chase with several guest pages and several backings." else empty end),
	(if $lines.pictures | length == 0 then
		"Curves: nothing was measured at three or more working sets or numbers of vCPUs." else empty end),
	(if $bars.pictures | length == 0 then "First touch as bars: fewer than two cells of touch have a figure."
		else empty end),
	([.cells[] | select(.state == "ok") | . as $cell | .figures[] | select(.value == null) | {note, part: ($cell + . |
		part)}] | group_by(.note)[] | "\(map(.part) | unique | join(", ")): \(.[0].note | if . == "" then "no value" else . end)"),
	(if any(.cells[]; .state == "mismatch") then
		"Figures of cells in state mismatch: their page sizes are not those asked for." else empty end),
	(if ($all | length) > most_pictures then
		"\($all | length - most_pictures) further pictures: \(most_pictures) are enough for one page; their figures are in the table."
		else empty end);

heat as $heat | bars as $bars | lines($bars.pictures | length > 0) as $lines | dots([$lines.drawn[],
	$bars.drawn[]]) as $dots |
[$heat[], $lines.pictures[], $bars.pictures[], $dots[]] as $all | ($all[:most_pictures] | to_entries[] | (.key +
	1) as $n | .value | emit("p\($n)")),
(absent($heat; $bars; $lines; $all) | "absent\t\(html)")
