# What keeps a file from being drawn, as one line; nothing where it can be. All values of the file come in as one array.
include "base";
def schema: .schema | if . == null then "none" else plain end;
if length == 0 then "it is empty; a file of schema minivmm.sweep/2 is needed (minivmm sweep --json FILE)"
elif length > 1 then "it holds \(length) JSON values; one of schema minivmm.sweep/2 is needed"
else .[0] |
	if type != "object" then
		"it holds a JSON \(type); an object of schema minivmm.sweep/2 is needed (minivmm sweep --json FILE)"
	elif .schema != "minivmm.sweep/2" and .schema != "minivmm.sweep/1" then
		"its schema is \(schema); minivmm.sweep/2 is needed (minivmm sweep --json FILE)"
	else . as $file | [("cells", "translation", "speed_ups", "knees") | select($file[.] | type != "array") |
		"\(.) is not an array"] +
		[("host", "counts", "plan", "axes") | select($file[.] | type != "object") | "\(.) is not an object"] +
		(if $file.cells | type == "array" then
			[$file.cells | to_entries[] | .key as $i | .value | if type != "object" then "cells[\($i)] is not an object"
			else (("key", "state", "workload") as $name | select(.[$name] | type != "string") |
				"cells[\($i)].\($name) is not a string"),
				(("figures", "runs") as $name | select(.[$name] | type != "array") |
					"cells[\($i)].\($name) is not an array"),
				(("figures", "runs") as $name | select(.[$name] | type == "array" and any(.[]; type != "object")) |
					"cells[\($i)].\($name) holds a member that is not an object")
			end] else [] end) +
		[("translation", "speed_ups", "knees") as $name | $file[$name] | select(type == "array" and any(.[];
			type != "object")) |
			"\($name) holds a member that is not an object"] |
		if length > 0 then "it breaks schema minivmm.sweep/2: \(.[0])"
		elif any($file.cells[]; any(.figures[]; .value | number != null)) then empty
		else "none of its \($file.cells | length | plural("cell")) has a figure\($file.cells | map(select(.state != "ok")) | group_by(.state) |
			map("; \(length) \(.[0].state | plain): \(.[0].reason | plain)") | join(""))" end
	end
end
