"""Which members of the schemas no document holds a value in: members.py DIRECTORY, beside tests/golden. Run at the top of the tree.

A member that is null or missing in every document that the tests make could be lost, and no test would miss it. Prints
"SCHEMA MEMBER" for each; those of tests/schema/unseen.txt, which hosts of other kinds fill, are left out.
"""
import json
import pathlib
import re
import sys

DEEPEST = 8  # A schema may hold itself.


def resolve(schema, root):
    while "$ref" in schema:
        target = root
        for part in schema["$ref"].lstrip("#/").split("/"):
            target = target[part]
        schema = target
    return schema


def members(schema, root, path=""):
    if path.count(".") > DEEPEST:
        return
    schema = resolve(schema, root)
    for name, of in schema.get("properties", {}).items():
        yield f"{path}.{name}"
        yield from members(of, root, f"{path}.{name}")
    if isinstance(schema.get("items"), dict):
        yield from members(schema["items"], root, path + "[]")
    for how in ("anyOf", "oneOf", "allOf"):
        for part in schema.get(how, []):
            yield from members(part, root, path)


def values(value, path=""):
    if isinstance(value, dict):
        for name, inner in value.items():
            if inner is not None:
                yield f"{path}.{name}"
            yield from values(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from values(inner, path + "[]")


def documents(directory):
    """Whole files, and those that stand in a text between lines of "{" and "}"."""
    for path in pathlib.Path(directory).rglob("*"):
        if path.is_file() and path.suffix in (".json", ".txt"):
            for m in re.finditer(r"^\{\n.*?^\}$", path.read_text(encoding="utf-8", errors="replace"), re.S | re.M):
                try:
                    yield json.loads(m[0])
                except ValueError:
                    pass


def main():
    seen = {}
    for directory in ["tests/golden", *sys.argv[1:]]:
        for document in documents(directory):
            seen.setdefault(str(document.get("schema")).replace("/", "-"), set()).update(values(document))
    unseen = pathlib.Path("tests/schema/unseen.txt").read_text(encoding="utf-8").splitlines()
    for path in sorted(pathlib.Path("tests/schema").glob("*.json")):
        root = json.loads(path.read_text(encoding="utf-8"))
        for member in dict.fromkeys(members(root, root)):
            if member not in seen.get(path.stem, ()) and f"{path.stem} {member}" not in unseen:
                print(f"{path.stem} {member}")


main()
