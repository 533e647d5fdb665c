# A picture as lines "file <tab> row" for plot.sh to take apart, and its kind.
include "base";

# Nothing a stranger wrote may end a line or name a file.
def row($file): map(tostring | one_line) | [$file] + . | join("\t");
def parameters: to_entries[] | [(if .value | type == "array" then "array \(.key)[\(.value | [length, 1] | max)]" +
	(if .value | length > 0 then " = [\(.value | map(tostring) | join(", "))]" else "" end)
	else "\(.key) = \(.value)" end)];
def emit($id): (.kind | [.] | row("\($id).kind")), (.par | parameters | row("\($id).par")), (.text[] | [.] |
	row("\($id).text")),
	(.caption | "\($id).caption\t" + gsub("[\\x00-\\x1f]+"; " ")), (.files | to_entries[] | .key as $name |
		if .value | length == 0 then "\($id).\($name)" else .value[] | row("\($id).\($name)") end);
