"""Small faults put into the sources, for scripts/mutate.sh: mutants.py OUT SEED CODE TEXT [REGEX].

Writes OUT/N/FILE, the whole of a source file with one fault in it, for N = 1..CODE+TEXT, and OUT/index.tsv: number, kind, file,
line, what it was, what it is. A kind has a fixed share; in a kind each place is as likely as another. Run at the top of the tree.
"""
import pathlib
import random
import re
import sys

# Shares of a hundred, about as often as a kind of place occurs where people err.
CODE = {"relation": 16, "arithmetic": 9, "logic": 8, "constant": 11, "condition": 13, "loop": 3, "call": 10,
        "assignment": 6, "return": 14, "told": 5, "locks": 3, "unlock": 2}
TEXT = {"hint word": 40, "hint deleted": 7, "error word": 27, "other word": 26}
SWAP = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "+": "-", "-": "+", "*": "/", "/": "*",
        "%": "*", "&": "|", "|": "&", "^": "&", "<<": ">>", ">>": "<<", "&&": "||", "||": "&&"}
MASKED = re.compile(r'/\*.*?\*/|//[^\n]*|^[ \t]*#(?:[^\n]*\\\n)*[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S | re.M)
FUNCTION = re.compile(r"^\{\n.*?^\}", re.S | re.M)


def matching(code, at):
    """Behind the bracket that closes the one at `at`."""
    depth = 0
    for i in range(at, len(code)):
        depth += {"(": 1, ")": -1}.get(code[i], 0)
        if depth == 0:
            return i + 1
    return len(code)


class Source:
    """One file: its text, its code (comments, strings and directives blanked, all at the same places), its functions."""

    def __init__(self, path):
        self.path = path
        self.text = pathlib.Path(path).read_text(encoding="utf-8")
        self.code = MASKED.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), self.text)
        self.bodies = [m.span() for m in FUNCTION.finditer(self.code)]
        self.sites = []
        for begin, end in self.bodies:
            self.operators(begin, end)
            self.conditions(begin, end)
            self.statements(begin, end)
            self.locks(begin, end)
        self.strings()

    def add(self, kind, *changes):
        """A change is (begin, end, text in its place); a site has one or more."""
        self.sites.append((kind, self, changes))

    def find(self, pattern, begin, end):
        return re.compile(pattern, re.M).finditer(self.code, begin, end)

    def operators(self, begin, end):
        for m in self.find(r"(?<= )(<=|>=|<|>|==|!=)(?= )", begin, end):
            self.add("relation", (*m.span(), SWAP[m[0]]))
        for m in self.find(r"(?<=[\w)\]] )([-+*/%&|^]|<<|>>)(?= )", begin, end):
            self.add("arithmetic", (*m.span(), SWAP[m[0]]))
        for m in self.find(r"(?<= )(&&|\|\|)(?=[ \n])", begin, end):
            self.add("logic", (*m.span(), SWAP[m[0]]))
        for m in self.find(r"(?<=[ (])!(?=[\w(])", begin, end):
            self.add("logic", (*m.span(), ""))
        for m in self.find(r"(?<![\w.])\d+(?=[uUlL]*\b)(?![xX.\w])", begin, end):
            if int(m[0]) >= 16 and self.code[m.start() - 1] == "[":
                continue  # The size of a buffer.
            for other in {0: ("1",), 1: ("0", "2")}.get(int(m[0]), (str(int(m[0]) + 1), str(int(m[0]) - 1))):
                self.add("constant", (*m.span(), other))

    def conditions(self, begin, end):
        for m in self.find(r"\b(if|while) (?=\()", begin, end):
            last = matching(self.code, m.end())
            inside = self.text[m.end() + 1:last - 1]
            for form in ("(!({}))", "(({}) && 0)") + (("(({}) || 1)",) if m[1] == "if" else ()):
                self.add("condition", (m.end(), last, form.format(inside)))
        for m in self.find(r"\bfor \([^;\n]*; ([\w>.\[\]-]+) < [^;\n]*;", begin, end):
            self.add("loop", (*m.span(1), m[1] + " + 1"))

    def statements(self, begin, end):
        for m in self.find(r"^\t+(?:\(void\))?([a-z]\w*)(?=\()", begin, end):
            last = matching(self.code, m.end())
            if self.code[last:last + 1] == ";":
                kind = "hint deleted" if m[1] == "error_hint" else "call"
                self.add(kind, (m.end() - len(m[0].lstrip("\t")), last, ""))
        for m in self.find(r"^\t+([\w>.\[\]*()-]+ [-+|&*/^]?=(?!=) [^;]*);", begin, end):
            self.add("assignment", (*m.span(1), ""))
        for m in self.find(r"\breturn ([^;]+);", begin, end):
            value = m[1]
            if re.match(r"error_(set|hint)\(", value):
                self.add("told", (*m.span(1), f"((void){self.text[m.start(1):m.end(1)]}, 0)"))
            elif value in ("true", "false"):
                self.add("return", (*m.span(1), "false" if value == "true" else "true"))
            elif value == "0":
                self.add("return", (*m.span(1), "-5"))
            elif re.fullmatch(r"-E[A-Z]+|-1|ret|-errno", value):
                self.add("return", (*m.span(1), "0"))

    def locks(self, begin, end):
        calls = [(m.start(), matching(self.code, m.end() - 1), "")
                 for m in self.find(r"(?:\(void\))?\bpthread_mutex_(?:un)?lock\(", begin, end)]
        if calls:
            self.add("locks", *calls)
        for call in calls:
            if "unlock" in self.code[call[0]:call[1]]:
                self.add("unlock", call)

    def strings(self):
        """A word of a string becomes another. Of what call a string is an argument decides the kind."""
        calls = [(m.end() - 1, matching(self.code, m.end() - 1), m[1])
                 for m in re.finditer(r"\berror_(set|hint)\(", self.code)]
        for m in MASKED.finditer(self.text):
            if not m[0].startswith('"'):
                continue
            inside = [what for begin, end, what in calls if begin < m.start() < end]
            kind = {"hint": "hint word", "set": "error word"}.get(inside[0] if inside else "", "other word")
            for word in re.finditer(r"(?<![%\w\\])[A-Za-z][A-Za-z-]{3,}", m[0]):
                self.add(kind, (m.start() + word.start(), m.start() + word.end(), "zzz"))


def flat(text):
    return re.sub(r"\s+", " ", text).strip()


def write(out, number, kind, source, changes):
    text, was, now = source.text, [], []
    for begin, end, other in sorted(changes, reverse=True):
        # As many lines as before: what the map of lines says stays true.
        text = text[:begin] + other + "\n" * (source.text[begin:end].count("\n") - other.count("\n")) + text[end:]
        was.append(flat(source.text[begin:end]))
        now.append(flat(other) or "(nothing)")
    path = out / str(number) / source.path
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    first = min(begin for begin, _, _ in changes)
    line = source.text.count("\n", 0, first) + 1
    begin, end = source.text.rfind("\n", 0, first) + 1, source.text.find("\n", first)
    return (number, kind, source.path, line, " ; ".join(reversed(was)), now[-1], flat(source.text[begin:end]))


def main():
    out, seed, code, text = pathlib.Path(sys.argv[1]), *map(int, sys.argv[2:5])
    wanted = re.compile(sys.argv[5] if len(sys.argv) > 5 else "")
    paths = sorted(str(p) for top in ("vmm", "guest") for p in pathlib.Path(top).rglob("*.c") if wanted.search(str(p)))
    by_kind = {kind: [] for kind in (*CODE, *TEXT)}
    for path in paths:
        for site in Source(path).sites:
            by_kind[site[0]].append(site)
    chance = random.Random(seed)
    rows = []
    for shares, count in ((CODE, code), (TEXT, text)):
        kinds = [kind for kind in shares for _ in range(shares[kind])]
        for i in range(count):
            # Spread over the kinds: the rates of two seeds are of the same mix.
            sites = by_kind[kinds[i * len(kinds) // count]]
            if sites:
                rows.append(write(out, len(rows) + 1, *sites.pop(chance.randrange(len(sites)))))
    (out / "index.tsv").write_text("".join("\t".join(map(str, row)) + "\n" for row in rows), encoding="utf-8")


main()
