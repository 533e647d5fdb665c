"""The texts of the sources that stand nowhere in the tests, each after its file; for test_texts.sh. Run at the top of the tree.

A text is a string literal, neighbours joined, with a word of four letters. It stands in the tests where each of its pieces between
two conversions does: in a golden file, a table, an assertion; wherever lines end there.
"""
import pathlib
import re

LITERAL = re.compile(
    r'/\*.*?\*/|^[ \t]*#include[^\n]*|\b(?:_Static_assert|__asm__|__attribute__)\b.*?;|"(?:\\.|[^"\\\n])*"|'
    r"'(?:\\.|[^'\\\n])*'|\bPRI\w+\b|\s+|.", re.S | re.M)
CONVERSION = re.compile(r"%[-+ #0]*[\d*]*(?:\.[\d*]+)?(?:hh|h|ll|l|z|t|j)?[a-zA-Z%]|\*|\\.")
WORD = re.compile(r"[A-Za-z][A-Za-z-]{3,}")
OWN = "tests/golden/texts.txt"


def squeezed(text):
    return " ".join(text.split())


def files(tops, suffixes):
    paths = sorted(p for top in tops for p in pathlib.Path(top).rglob("*") if p.suffix in suffixes)
    return [(str(p), p.read_text(encoding="utf-8", errors="replace")) for p in paths if p.is_file()]


def texts(source):
    joined = ""
    for m in LITERAL.finditer(source):
        if m[0].startswith('"'):
            joined += m[0][1:-1]
        elif m[0].startswith("PRI") and joined:
            joined += "*"
        elif not m[0].isspace() and not m[0].startswith("/*"):
            if WORD.search(joined):
                yield joined
            joined = ""


def main():
    tests = squeezed(" ".join(text for path, text in files(["tests"], {".txt", ".json", ".csv", ".tsv", ".tap", ".svg", ".sh", ".c", ".h"})
                              if path != OWN and "/fixtures/" not in path))
    for path, source in files(["vmm", "guest"], {".c", ".h", ".def"}):
        for text in texts(source):
            pieces = [squeezed(piece) for piece in CONVERSION.split(text) if WORD.search(piece)]
            if not all(piece in tests for piece in pieces):
                print(f"{path}\t{text}")


main()
