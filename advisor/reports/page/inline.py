"""A plot's SVG as part of a page: the page's colours, ids of its own, letters shared with all other plots."""

from __future__ import annotations

import copy
import re
import xml.etree.ElementTree as ET

from advisor.reports.plot.style import PALETTE

__all__ = ["inline"]

_SVG = "http://www.w3.org/2000/svg"
_HREF = "{http://www.w3.org/1999/xlink}href"
_LETTER = "DejaVu"
# A text's rim on a page, in the page's own pixels.
_RIM = "fill:none;stroke:var(--paper);stroke-width:3px;stroke-linejoin:round"
# Style that says what holds in any case.
_PLAIN = re.compile(r"\s*(?:stroke-linecap: butt|stroke-linejoin: miter|stroke-opacity: 1|opacity: 1)\s*(?:;|$)")


def inline(svg: str, name: str, letters: dict[str, str]) -> str:
    """The element without what the page has already; its letters' outlines are put into ``letters`` by their ids."""
    # What is read here was written by matplotlib a moment ago.
    root = ET.fromstring(svg)  # noqa: S314
    for element in root.iter():
        for child in list(element):
            if child.tag == f"{{{_SVG}}}path" and child.get("id", "").startswith(_LETTER):
                letters[child.get("id", "")] = _letter(child)
                element.remove(child)
            elif child.tag in (f"{{{_SVG}}}metadata", f"{{{_SVG}}}style"):
                element.remove(child)
    for element in root.iter():
        _own(element, name)
    _rimmed(root)
    _emptied(root)
    head = {"viewBox": root.get("viewBox", ""), "aria-hidden": "true", "focusable": "false"}
    root.attrib.clear()
    # The words of a plot stand in the caption below it.
    root.attrib.update(head)
    return _text(root)


def _letter(path: ET.Element) -> str:
    # A rim is as wide whatever the size of the letter.
    shape = " ".join(path.get("d", "").split())
    head = f'<path id="{path.get("id")}" d="{shape}" transform="{path.get("transform")}"'
    return f'{head} vector-effect="non-scaling-stroke"/>'


def _own(element: ET.Element, name: str) -> None:
    href = element.attrib.pop(_HREF, None)
    if href is not None:
        element.set("href", href if href.startswith(f"#{_LETTER}") else f"#{name}-{href[1:]}")
    for key, value in list(element.attrib.items()):
        if key == "id":
            element.set(key, f"{name}-{value}")
        elif "url(#" in value:
            element.set(key, value.replace("url(#", f"url(#{name}-"))
    for key in ("style", "fill", "stroke"):
        if (look := element.get(key)) is not None:
            for word, colour in PALETTE.items():
                look = look.replace(colour, f"var(--{word})")
            element.set(key, _PLAIN.sub("", look) if key == "style" else look)
    if element.get("d"):
        element.set("d", " ".join(element.get("d", "").split()))
    element.tail = element.text = None


def _rimmed(root: ET.Element) -> None:
    """Under each text that wants a rim, the same text in outline."""
    for element in root.iter():
        if "-rim-" in element.get("id", ""):
            for n, child in enumerate(list(element)):
                below = copy.deepcopy(child)
                below.set("style", _RIM)
                element.insert(2 * n, below)


def _emptied(root: ET.Element) -> None:
    """Ids that nothing refers to, and definitions without any, say nothing to a page."""
    text = ET.tostring(root, encoding="unicode")
    for element in root.iter():
        name = element.get("id")
        if name is not None and f"#{name})" not in text and f'"#{name}"' not in text:
            del element.attrib["id"]
        for child in list(element):
            if child.tag == f"{{{_SVG}}}defs" and not len(child):
                element.remove(child)


def _text(root: ET.Element) -> str:
    for element in root.iter():
        element.tag = element.tag.removeprefix(f"{{{_SVG}}}")
    return ET.tostring(root, encoding="unicode")
