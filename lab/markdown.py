# SPDX-License-Identifier: Apache-2.0
"""Compares two rendered reports, of plain words and of attacks: both must consist of the
same elements, and of none but text, lists and tables."""
import sys
from html.parser import HTMLParser

ALLOWED = set("h1 h2 h3 h4 p ul ol li strong code table thead tbody tr th td".split())


class Elements(HTMLParser):
    """Lists the elements of a page in their order."""

    def __init__(self, file):
        super().__init__(convert_charrefs=True)
        self.found, self.strange, self.text = [], [], ""
        with open(file, encoding="utf-8") as page:
            self.feed(page.read())

    def handle_starttag(self, tag, attrs):
        if tag != "code":
            self.found.append(tag)
        if tag not in ALLOWED or attrs:
            self.strange.append(self.get_starttag_text())

    def handle_comment(self, data):
        self.strange.append(f"<!--{data}-->")

    def handle_decl(self, decl):
        self.strange.append(f"<!{decl}>")

    def handle_pi(self, data):
        self.strange.append(f"<?{data}>")

    def handle_data(self, data):
        self.text += data


def main(name, plain, hostile):
    wrong = []
    pages = [Elements(plain), Elements(hostile)]
    for page in pages:
        wrong += page.strange
    first = next((i for i, (a, b) in enumerate(zip(*(p.found for p in pages))) if a != b), None)
    if first is not None or len(pages[0].found) != len(pages[1].found):
        wrong.append(f"other elements: {[p.found[first:first + 5] if first is not None else len(p.found) for p in pages]}")
    if name == "github" and "table" not in pages[0].found:
        wrong.append("no table")
    if "javascript:" not in pages[1].text:
        wrong.append("the hostile report shows nothing of its texts")
    if wrong:
        sys.exit("\n".join(f"markdown: {name}: {what[:300]}" for what in wrong[:10]))
    rows = pages[1].found.count("tr")
    print(f"{name}: {len(pages[1].found)} elements, {rows} rows of tables, the same with plain words and with attacks")


main(*sys.argv[1:])
