# SPDX-License-Identifier: Apache-2.0
"""Counts what LibreOffice made of each file: cells, formulas, links. Fails if there is a
formula or a link, if the file called control has no formula, and if a hostile file that was
opened by its own separator has other cells than the plain one."""
import os
import sys
import xml.etree.ElementTree as tree

TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
LINK = "{http://www.w3.org/1999/xlink}href"


def main(files):
    wrong, all_cells = 0, {}
    for file in files:
        name = os.path.splitext(os.path.basename(file))[0]
        elements = list(tree.parse(file).iter())
        cells = sum(1 for e in elements if e.tag == TABLE + "table-cell" and len(e))
        formulas = [e.get(TABLE + "formula") for e in elements if e.get(TABLE + "formula")]
        links = [e.get(LINK) for e in elements if e.get(LINK) and not e.tag.endswith("}script")]
        all_cells[name] = cells
        print(f"{os.path.basename(os.path.dirname(file))}: {name}: {cells} cells, {len(formulas)} formulas, {len(links)} links")
        if (name == "control") != bool(formulas) or links:
            print(f"sheet: {name}: {(formulas + links)[:5]}", file=sys.stderr)
            wrong += 1
    separator = os.path.basename(os.path.dirname(files[0])).removeprefix("by-")
    for form in "csv", "request":
        plain, hostile = (all_cells[f"{kind}-{form}-{separator}"] for kind in ("plain", "hostile"))
        if plain != hostile:
            print(f"sheet: {form}: {hostile} cells instead of {plain}", file=sys.stderr)
            wrong += 1
    sys.exit(1 if wrong else 0)


main(sys.argv[1:])
