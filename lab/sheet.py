# SPDX-License-Identifier: Apache-2.0
"""Counts what LibreOffice made of each file: cells, formulas, links. Fails if there is a
formula or a link, and if the file called control has no formula."""
import os
import sys
import xml.etree.ElementTree as tree

TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
LINK = "{http://www.w3.org/1999/xlink}href"


def main(files):
    wrong = 0
    for file in files:
        name = os.path.splitext(os.path.basename(file))[0]
        elements = list(tree.parse(file).iter())
        cells = sum(1 for e in elements if e.tag == TABLE + "table-cell" and len(e))
        formulas = [e.get(TABLE + "formula") for e in elements if e.get(TABLE + "formula")]
        links = [e.get(LINK) for e in elements if e.get(LINK) and not e.tag.endswith("}script")]
        print(f"{os.path.basename(os.path.dirname(file))}: {name}: {cells} cells, {len(formulas)} formulas, {len(links)} links")
        if (name == "control") != bool(formulas) or links:
            print(f"sheet: {name}: {(formulas + links)[:5]}", file=sys.stderr)
            wrong += 1
    sys.exit(1 if wrong or not files else 0)


main(sys.argv[1:])
