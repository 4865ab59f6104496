"""Reads the narrative of a resource: well-formed, something to see, nothing that acts."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from xml.parsers import expat

XHTML: Final = "http://www.w3.org/1999/xhtml"
_LISTED: Final = """
a abbr acronym address area b bdo big blockquote br caption center cite code col colgroup dd del
dfn div dl dt em font h1 h2 h3 h4 h5 h6 hr i img ins kbd li map ol p pre q s samp small span strike
strong sub sup table tbody td tfoot th thead tr tt u ul var
"""
ELEMENTS: Final = frozenset(_LISTED.split())
ADDRESSES: Final = frozenset({"href", "src", "longdesc", "cite", "background"})
ACTING: Final = re.compile(r"[\s\x00-\x1f]*(?:javascript|vbscript|data)[\s\x00-\x1f]*:", re.I)
PICTURE: Final = re.compile(r"data:image/(?:png|jpeg|gif|webp|svg\+xml)[;,]", re.I)
DECLARED: Final = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.I)


class _Reader:
    """What was seen while reading one narrative."""

    def __init__(self) -> None:
        self.problem: str | None = None
        self.depth = 0
        self.has_content = False

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        space, _, local = name.rpartition(" ")
        self.depth += 1
        if self.depth == 1 and local != "div":
            self.problem = self.problem or f"the outermost element is {local}, not div"
        if space not in {"", XHTML} or local not in ELEMENTS:
            self.problem = self.problem or f"the element {local} is not allowed"
        self.has_content |= local == "img"
        for attribute, value in attributes.items():
            self.read(attribute.rpartition(" ")[2].lower(), value)

    def read(self, attribute: str, value: str) -> None:
        if attribute.startswith("on"):
            self.problem = self.problem or f"the attribute {attribute} is not allowed"
        if attribute in ADDRESSES and ACTING.match(value) and not PICTURE.match(value):
            self.problem = self.problem or f"the address in {attribute} may run a script"

    def closed(self, _: str) -> None:
        self.depth -= 1

    def said(self, text: str) -> None:
        self.has_content = self.has_content or bool(text.strip())

    def skipped(self, _: str, __: bool) -> None:
        self.has_content = True


@lru_cache(maxsize=64)
def problem(div: str) -> tuple[str, str] | None:
    """The rule that a narrative breaks and how, or nothing.

    HTML's own entities (``&nbsp;``) are read as a sign; document types are refused, and with them
    every entity that could grow.
    """
    if DECLARED.search(div):
        return "txt-1", "it declares a document type"
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.UseForeignDTD(True)
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.StartElementHandler = reader.opened
    parser.EndElementHandler = reader.closed
    parser.CharacterDataHandler = reader.said
    parser.SkippedEntityHandler = reader.skipped
    try:
        parser.Parse(div.encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        return "txt-1", f"it is not well formed in line {error.lineno}"
    if reader.problem is not None:
        return "txt-1", reader.problem
    return None if reader.has_content else ("txt-2", "it shows nothing")
