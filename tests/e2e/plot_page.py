"""Is a page whole? Every element that is opened is closed in its order, and no id is used twice. For test_plot.sh."""
import html.parser
import sys

VOID = {"meta", "br", "hr", "img", "link", "input", "wbr", "col"}


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.ids, self.wrong, self.policy = [], set(), [], None

    def note(self, attributes):
        for name, value in attributes:
            if name == "id":
                if value in self.ids:
                    self.wrong.append(f"line {self.getpos()[0]}: id {value} twice")
                self.ids.add(value)
            if name.startswith("on"):
                self.wrong.append(f"line {self.getpos()[0]}: a handler, {name}")
            if name in ("href", "xlink:href") and value.lstrip("#") not in self.ids:
                self.wrong.append(f"line {self.getpos()[0]}: {value} is not on the page")

    def handle_starttag(self, tag, attributes):
        self.note(attributes)
        if tag == "meta" and ("http-equiv", "Content-Security-Policy") in attributes:
            # Only in front of all that it is to hold for.
            self.policy = None if self.open != ["html", "head"] else dict(attributes)["content"]
        if tag in ("script", "link", "style") and not self.policy:
            self.wrong.append(f"line {self.getpos()[0]}: <{tag}> in front of the policy")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.note(attributes)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"line {self.getpos()[0]}: </{tag}> closes nothing")


page = Page()
with open(sys.argv[1], encoding="utf-8") as file:
    text = file.read()
page.feed(text)
page.close()
if not text.startswith("<!DOCTYPE html>"):
    page.wrong.append("no doctype")
rules = dict(rule.split(" ", 1) for rule in (page.policy or "").split("; ") if " " in rule)
if rules.get("default-src") != "'none'" or set(rules) & {"script-src", "img-src", "connect-src", "object-src", "frame-src"}:
    page.wrong.append(f"a policy that lets something in: {page.policy}")
page.wrong += [f"<{tag}> is not closed" for tag in page.open]
print("\n".join(page.wrong[:10]))
sys.exit(bool(page.wrong))
