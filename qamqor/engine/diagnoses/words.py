"""What each code is called: words of content, of an ending's pattern, of what stands above it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

from qamqor.engine.diagnoses.classification import Item, Kind, Tree, ancestors, children
from qamqor.engine.words import LANGUAGES
from qamqor.errors import InvalidPack, Problem

HOLE: Final = "{}"
"""Where a pattern takes the words of the code above."""
Row = Mapping[str, str]
Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Ending:
    """How codes with one ending are called, by the words of the code above them.

    Attributes:
        first, last: categories from and to which it holds. ending: such as ``.9``.
        title: a pattern the English title must have (``*, unspecified``); ``*`` = any. For a code
            the classification lacks, a further digit of one that it has, it is ``+``.
    """

    first: str
    last: str
    ending: str
    title: str
    words: Texts


@dataclass(frozen=True, slots=True)
class Closed:
    """Codes that cannot be chosen: those that begin so; ``use``: codes to choose instead."""

    begins: str
    why: str
    use: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Spoken:
    """What content says of codes.

    Attributes:
        words: code → language → words. synonyms: code → other words that find it.
        common: codes often met in primary care. late: beginnings of codes that stand last.
    """

    words: Mapping[str, Texts] = field(default_factory=dict)
    endings: tuple[Ending, ...] = ()
    synonyms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    closed: tuple[Closed, ...] = ()
    common: frozenset[str] = frozenset()
    late: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Named:
    """A code in a reader's language.

    Attributes:
        words: its own, or else those of the nearest code above that has any; may be empty.
        title: in English, where there are no words of its own.
    """

    code: str
    words: str
    title: str = ""

    @property
    def text(self) -> str:
        """Both in one line, for where no language can be marked."""
        return ": ".join(filter(None, [self.words, self.title])) or self.code


def read_words(rows: Iterable[Row], where: str) -> dict[str, Texts]:
    """Words of a table with the columns ``code`` and a language each; empty cells are left out.

    Raises:
        InvalidPack: a code twice, or without any words.
    """
    found: dict[str, Texts] = {}
    problems: list[Problem] = []
    for row in rows:
        code = row["code"]
        said = {one: row[one].strip() for one in LANGUAGES if (row.get(one) or "").strip()}
        if code in found or not said:
            problems.append(Problem(f"{where}: {code}", "stands twice" if said else "has no words"))
        found[code] = said
    if problems:
        raise InvalidPack(problems)
    return found


def read_endings(rows: Iterable[Row]) -> tuple[Ending, ...]:
    """Patterns of a table with the columns first, last, ending, title and the languages."""
    return tuple(
        Ending(
            row["first"],
            row["last"],
            row["ending"],
            row["title"] or "*",
            {one: row[one] for one in LANGUAGES if row.get(one)},
        )
        for row in rows
    )


def by_pattern(tree: Tree, spoken: Spoken) -> dict[str, Texts]:
    """Code → words that an ending's pattern makes of the words above; those of content win."""
    found: dict[str, Texts] = {}
    by_ending: dict[str, list[Ending]] = {}
    for one in spoken.endings:
        by_ending.setdefault(one.ending, []).append(one)
    for item in tree.values():
        if item.kind is Kind.SUBCATEGORY and item.code not in spoken.words:
            above = spoken.words.get(item.parent) or found.get(item.parent) or {}
            said = next((one for one in by_ending.get(item.code[3:], ()) if _fits(one, item)), None)
            if said is not None and (made := _filled(said, above)):
                found[item.code] = made
    return found


def _fits(ending: Ending, item: Item) -> bool:
    return ending.first <= item.code[:3] <= ending.last and fnmatchcase(item.title, ending.title)


def _filled(ending: Ending, above: Texts) -> Texts:
    """The pattern with the words above; none where those say already what it would add."""
    return {
        language: pattern.replace(HOLE, above[language])
        for language, pattern in ending.words.items()
        if above.get(language) and pattern.replace(HOLE, "").strip(" ,:") not in above[language]
    }


def further_digit(tree: Tree, endings: Iterable[Ending], code: str) -> Ending | None:
    """The pattern of a code that adds a digit to one of the tree; nothing where none holds."""
    if len(code) != 6 or code in tree or code[:5] not in tree:
        return None
    for one in endings:
        if one.title == "+" and one.first <= code[:3] <= one.last and code[5] == one.ending:
            return one
    return None


class Names:
    """Says what codes are called."""

    def __init__(self, tree: Tree, spoken: Spoken) -> None:
        self._tree, self._spoken = tree, spoken
        self.words: Mapping[str, Texts] = {**by_pattern(tree, spoken), **spoken.words}

    def of(self, code: str, language: str) -> Named:
        """What a code is called in a language; one nobody knows is called by its code."""
        own = self.own(code, language)
        if own:
            return Named(code, own)
        item = self._tree.get(code)
        title = item.title if item else self.own(code, "en")
        if language == "en" and title:
            return Named(code, title)
        return Named(code, self._above(code, language), title)

    def own(self, code: str, language: str) -> str:
        """The words of a code itself; empty where nobody has written any."""
        said = self.words.get(code, {}).get(language, "")
        if said or (ending := further_digit(self._tree, self._spoken.endings, code)) is None:
            return said
        above = self.of(code[:5], language)
        made = _filled(ending, {language: above.words if not above.title else ""})
        return made.get(language, "")

    def _above(self, code: str, language: str) -> str:
        said = (self.words.get(one, {}).get(language, "") for one in ancestors(self._tree, code))
        return next(filter(None, said), "")

    def designations(self, code: str) -> Iterator[tuple[str, str]]:
        """Language and words of a code itself, in every language it has words in."""
        for language in LANGUAGES:
            if said := self.own(code, language):
                yield language, said


class Choosable:
    """Which codes can be chosen, and what to choose where one cannot."""

    def __init__(self, tree: Tree, spoken: Spoken) -> None:
        self._tree, self._spoken = tree, spoken
        self._closed = {one.begins: one for one in spoken.closed}
        above = {one for one, item in tree.items() if item.kind in (Kind.CHAPTER, Kind.BLOCK)}
        known = (set(tree) | set(spoken.words)) - above
        self.codes = sorted(code for code in known if self.closed(code) is None and _is_code(code))
        self._open = frozenset(self.codes)
        self.parts = {
            code: [one for one in below if one in self._open]
            for code, below in children(tree).items()
            if len(code) <= 5 and code in self._open
        }

    @property
    def is_known(self) -> bool:
        """Whether there is a classification at all to look a code up in."""
        return bool(self._tree)

    def closed(self, code: str) -> Closed | None:
        """Why a code cannot be chosen although it stands in the classification."""
        beginnings = (code[:length] for length in range(len(code), 0, -1))
        return next((self._closed[one] for one in beginnings if one in self._closed), None)

    def __contains__(self, code: str) -> bool:
        return code in self._open or (
            further_digit(self._tree, self._spoken.endings, code) is not None
            and code[:5] in self._open
        )


def _is_code(code: str) -> bool:
    return len(code) >= 3 and code[0].isupper() and code[1:3].isdigit() and "-" not in code
