"""The classification of diseases as a tree: chapters, blocks, categories, subcategories."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from xml.etree import ElementTree as ET

WRITTEN: Final = re.compile(r"[A-Z]\d\d(\.\d{1,2})?")
"""A category or subcategory as it is written; whether it exists the classification knows."""


class Kind(StrEnum):
    """What an item is; only the last two are codes of a diagnosis."""

    CHAPTER = "chapter"
    BLOCK = "block"
    CATEGORY = "category"
    SUBCATEGORY = "subcategory"


@dataclass(frozen=True, slots=True)
class Item:
    """One item; ``parent`` is the code above it, empty for a chapter; ``title`` is English."""

    code: str
    kind: Kind
    parent: str
    title: str


Tree = Mapping[str, Item]
"""Every item by its code, in the order of the classification: a parent before its children."""


def read_xml(text: str | bytes) -> Iterator[Item]:
    """The items of a file of nested ``item`` elements, each with a ``name`` and ``description``.

    Raises:
        xml.etree.ElementTree.ParseError: it is no XML.
    """
    # A file of a package the lock file fixes by its hash, never one that somebody sent.
    for chapter in ET.fromstring(text):  # noqa: S314
        yield from _within(chapter, "")


def _within(element: ET.Element, parent: str) -> Iterator[Item]:
    code = (element.findtext("name") or "").strip()
    title = " ".join((element.findtext("description") or "").split())
    yield Item(code, Kind(element.attrib["type"]), parent, title)
    for child in element.iterfind("item"):
        yield from _within(child, code)


def compact(items: Iterable[Item]) -> str:
    """The items as one short text, read back ten times as fast as the XML."""
    listed, kinds = list(items), list(Kind)
    columns = [
        [one.code for one in listed],
        [kinds.index(one.kind) for one in listed],
        [one.parent for one in listed],
        [one.title for one in listed],
    ]
    return json.dumps(columns, ensure_ascii=False, separators=(",", ":"))


def read_compact(text: str) -> Tree:
    """What ``compact`` wrote.

    Raises:
        ValueError: it is something else.
    """
    kinds = list(Kind)
    codes, places, parents, titles = json.loads(text)
    return {
        code: Item(code, kinds[place], parent, title)
        for code, place, parent, title in zip(codes, places, parents, titles, strict=True)
    }


def ancestors(tree: Tree, code: str) -> Iterator[str]:
    """Codes above one, the nearest first; of a code the tree lacks those it is written below."""
    if code not in tree:
        shorter = (code[:5], code[:3]) if len(code) > 5 else (code[:3],)
        known = [one for one in shorter if one in tree and one != code]
        yield from known[:1]
        code = known[0] if known else ""
    while code in tree and tree[code].parent:
        code = tree[code].parent
        yield code


def children(tree: Tree) -> dict[str, list[str]]:
    """Codes right below each, in the order of the classification."""
    found: dict[str, list[str]] = {}
    for item in tree.values():
        if item.parent:
            found.setdefault(item.parent, []).append(item.code)
    return found


def nearest(codes: Sequence[str], code: str, *, limit: int = 5) -> list[str]:
    """Codes that stand nearest to one that is not there: of its category, else beside it.

    Args:
        codes: every code that can be chosen, sorted.
    """
    same = [one for one in codes if one[:3] == code[:3]]
    if same:
        last = _last(code)
        return sorted(same, key=lambda one: (len(one) > 3, abs(_last(one) - last), one))[:limit]
    beside = [one for one in codes if len(one) == 3 and one[0] == code[0]]
    number = int(code[1:3])
    return sorted(sorted(beside, key=lambda one: abs(int(one[1:3]) - number))[:limit])


def _last(code: str) -> int:
    digits = code[4:6]
    return int(digits.ljust(2, "0")) if digits else 0
