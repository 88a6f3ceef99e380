"""The incipit of a tune: the first line of its sheet, without the title."""

from __future__ import annotations

import re
from xml.etree import ElementTree

_SVG = "http://www.w3.org/2000/svg"
_ABOVE, _BELOW = 650, 650  # units of the drawing around the staff; four of them lie between two lines of it
_LINE = re.compile(r"M(\d+) (\d+) L(\d+) \2")
_SHIFT = re.compile(r"translate\((\d+), (\d+)\)")


def incipit(sheet: str) -> str:
    """The first line as SVG; empty if the sheet has none. `sheet` is from `generator.rendering.sheet.engraving`."""
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", "http://www.w3.org/1999/xlink")
    root = ElementTree.fromstring(sheet)  # noqa: S314 — written by us
    content = root.find(f"{{{_SVG}}}svg")
    page = content.find(f"{{{_SVG}}}g[@class='page-margin']") if content is not None else None
    shift = _SHIFT.match(page.get("transform", "")) if page is not None else None
    if content is None or page is None or shift is None:
        return ""
    for block in content.findall(f"{{{_SVG}}}g"):
        if block is not page:
            content.remove(block)
    systems = [system for system in page if system.get("class") == "system"]
    for system in systems[1:]:
        page.remove(system)
    for parent in page.iter():
        for name in [each for each in parent if each.get("class") == "reh"]:
            parent.remove(name)  # the name of the part, which would be cut
    lines = [
        tuple(map(int, found.groups()))
        for system in systems[:1]
        for staff in system.iter(f"{{{_SVG}}}g")
        if staff.get("class") == "staff"
        for path in staff.findall(f"{{{_SVG}}}path")
        if (found := _LINE.fullmatch(path.get("d", "")))
    ]
    if not lines:
        return ""
    left, right = min(line[0] for line in lines) + int(shift[1]), max(line[2] for line in lines) + int(shift[1])
    top, bottom = min(line[1] for line in lines) + int(shift[2]), max(line[1] for line in lines) + int(shift[2])
    box = (left, top - _ABOVE, right - left, bottom - top + _ABOVE + _BELOW)
    content.set("viewBox", " ".join(map(str, box)))
    root.set("viewBox", f"0 0 {box[2] // 10} {box[3] // 10}")
    return ElementTree.tostring(root, encoding="unicode")
