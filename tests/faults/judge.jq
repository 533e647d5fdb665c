# What came of each trial (a line of inject.c), against trials in which nothing failed: $base, a list of such lines.
# Out: {row, class, bad}; class is "same", "less" (status 0, something not known any more), "told", or the worst of bad.

# Every value of a record by its path; of a list, what has a name or number goes by that. Samples and what is told for
# readers alone are no values.
def leaves:
  if type != "object" then {} else
    walk(if type == "array" and length > 0 and all(type == "object" and (has("name") or has("pid") or has("cause")))
      then map({ key: "\(.name)\(.pid)\(.cause)", value: . }) | from_entries else . end)
    | [paths(type != "object" and type != "array") as $p | select($p | any(. == "samples" or . == "reasons") | not)
      | { key: ($p | map(tostring) | join(".")), value: getpath($p) }] | from_entries
  end;

# What is measured, or differs from run to run, and what counts or explains failures: no wrong word can be seen by it.
def measured:
  test("timing|samples|tsc|started|seconds|faults|switches|interrupts|rss|_ns|core_clock|min$|max$|median|mad$|ratio|within|ci95|quantile|cycles|marks|stable|throttled|kvm_tables|steal|available|free|waited|version|command|checksum|in_core|node_pages|pages_4k|leaves|held|load|percent|busy|clock|figure|spread|interval|mean|hva|hpa|frame|coverage|failed_runs|disturbed|reason|cure|effect|not_seen|on_demand|largest|missing|exits|sealed|asked|sandbox|notes|counts.runs|^pool\\.");

def unknown: . == null or (type == "string" and test("^(|unknown|none|not known|-|n/a)$|cannot be read|not known|unknown"));

($base[0].record | leaves) as $first
| ([$base[] | .record | leaves | to_entries[] | select($first[.key] != .value) | .key] | unique) as $varies
| ($first | with_entries(select((.key | measured) or (.key | IN($varies[])) | not))) as $fixed
| ($base[0].files | to_entries | map(select(.value == "new").key)) as $made
| ($base[0].stdout | contains("\nverdict")) as $concludes
| inputs
| (.record | leaves) as $now
| [$fixed | to_entries[] | select(.value | unknown | not)
    | select(.key as $k | $now | has($k) | not)] as $gone
| [$fixed | to_entries[] | select(.key as $k | $now | has($k)) | select($now[.key] != .value)
    | select(.value | unknown | not) | . + { now: $now[.key] }] as $changed
# A failure of a stream that should tell it cannot be told.
| ((.call | test("^writev?$")) and (.argument <= 2 or .from)) as $mute
| (.stderr | split("\n") | map(select(startswith("minivmm: ")))) as $lines
| (.errno != "EOF" and .errno != "-") as $fails
| . + {
    row: "\($name) \(.call) \(.at) \(.errno)\(if .from then " from" else "" end)",
    # The C library's own end, before main() or where it cannot start a thread.
    class: (if .stderr | test("^Fatal glibc error|error while loading shared libraries") then "libc" elif .status != 0 then "told" elif $gone + $changed == [] then "same" else "less" end),
  }
| .bad = [
      (select(.signal != 0 and (.hung | not)) | "CRASH by signal \(.signal)"),
      (select(.hung) | "HANG"),
      (select(.left_threads != 0) | "LEFT \(.left_threads) threads"),
      (.files | to_entries[] | select(.value == "broken" or .value == "gone") | "BROKEN \(.key) \(.value)"),
      # A sweep that failed keeps its journal, for --resume.
      (.status as $status | .files | to_entries[] | select(.value == "left" and ($status == 0 or (.key | endswith(".journal") | not)))
        | "LEFT file \(.key)"),
      (select(.signal == 0 and (.status | IN(0, 1, 5, 6, 77) | not) and (.status == 2 and .call == "sched_setaffinity" and .errno == "EINVAL" | not)) | "STATUS \(.status)"),
      (select(.status == 77 and $fails and .call != "KVM_CREATE_VM" and (.errno | IN("ENOMEM", "EMFILE", "ENFILE", "EIO", "EINTR", "EAGAIN", "EFAULT", "EINVAL", "ENOSPC")))
        | "STATUS 77 for \(.errno)"),
      (select(.status == 0) | .files as $f | $made[] | select($f[.] != "new") | "STATUS 0 without \(.)"),
      (select(.status == 0 and (.stdout | endswith("\n") and ($concludes == contains("\nverdict")) | not)) | "STATUS 0, text cut"),
      (select(.status != 0 and ($mute | not)) | (
        (select($lines == [] and (.record.reasons // []) == [] and (.status == 5 and .stdout != "" | not)) | "SILENT"),
        (select($lines != [] and .status != 5 and ($lines[0] | test("^minivmm: [^:]+: .") | not)) | "NO PLACE told"),
        (select($lines != [] and .status != 5 and ($lines | any(startswith("minivmm: try: ")) | not)) | "NO CURE"),
        (select($lines != [] and $fails) | . as $t | $lines | join(" ") | ascii_downcase
          | select(contains($t.strerror | ascii_downcase) or test("errno \($t.number)\\b") or contains($t.errno | ascii_downcase)
              or ($t.errno == "ENOMEM" and test("pthread_create: .*errno 11")) | not)
          | "ERRNO not named"))),
      # A file may well be empty: EOF is no error that had to be told.
      (select(.status == 0 and .stderr == "" and $fails) | $changed[] | select(.now | unknown | not) | select(.key | test("(^|\\.)(verdict|makes_vm|present|permitted)$") | not) | "SAID \(.key): \(.value) became \(.now)")
  ]
| if .class == "libc" then .bad |= map(select(test("^(BROKEN|LEFT|HANG)"))) else . end
| del(.record, .stdout)
