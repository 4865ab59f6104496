"""What somebody typed who looks for a diagnosis: codes in any letters, beginnings of words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from qamqor.engine.diagnoses.classification import Tree
from qamqor.engine.diagnoses.words import Choosable, Names, Spoken
from qamqor.engine.fhir.search.folding import folded
from qamqor.engine.words import LANGUAGES

MISTYPED_FROM: Final = 4
"""Letters a word has at least before one of them may be wrong."""
_CODE: Final = re.compile(r"([^\W\d_])([\doо]{1,2})(?:[.,]?([\doо]{1,2}))?[.,]?", re.IGNORECASE)
_WORD: Final = re.compile(r"[^\W_]+")
# A Cyrillic letter in place of the Latin one of a code: the same shape first, then the same sound,
# then the same key.
_LATIN: Final = {
    "а": "af", "б": "b", "в": "bvd", "г": "gu", "д": "dl", "е": "et", "ё": "e", "ж": "j", "з": "zp",
    "и": "ib", "й": "jq", "к": "kr", "л": "lk", "м": "mv", "н": "hny", "о": "oj", "п": "pg",
    "р": "prh", "с": "csc", "т": "tn", "у": "yue", "ү": "y", "ұ": "y", "ф": "fa", "х": "xh",
    "һ": "h", "і": "i", "ц": "cw", "ч": "x", "ш": "i", "щ": "o", "ы": "s", "ь": "m", "я": "z",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One code that can be chosen, with every phrase that finds it, folded.

    Attributes:
        order: 0 of the usual codes, 1 of those that stand last. phrases: words of all languages,
            other words, the English title; each folded, single spaces between words.
    """

    code: str
    is_common: bool
    order: int
    phrases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One word of what was typed.

    Attributes:
        word: a beginning of a word, folded; empty where the text can only be a code.
        codes: beginnings of codes it may mean, without a dot, the likeliest first.
    """

    word: str
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What a text finds.

    Attributes:
        codes: the best, in order. total: how many there are. is_guess: whether a letter was taken
            for another.
    """

    codes: tuple[str, ...]
    total: int
    is_guess: bool = False


def entries(tree: Tree, spoken: Spoken, names: Names, choosable: Choosable) -> tuple[Entry, ...]:
    """Everything that can be found, in the order of the codes."""
    return tuple(_entry(code, tree, spoken, names) for code in choosable.codes)


def _entry(code: str, tree: Tree, spoken: Spoken, names: Names) -> Entry:
    said = [names.words.get(code, {}).get(language, "") for language in LANGUAGES]
    title = tree[code].title if code in tree else ""
    listed = [*said, *spoken.synonyms.get(code, ()), title]
    phrases = dict.fromkeys(filter(None, map(phrase, listed)))
    return Entry(code, code in spoken.common, int(code.startswith(spoken.late)), tuple(phrases))


def phrase(text: str) -> str:
    """A text as words without case, accents, Kazakh letters and signs."""
    # Not kept: thousands of titles would drive out what the index of the record keeps.
    return " ".join(_WORD.findall(folded.__wrapped__(text)))


def read(text: str) -> list[Part]:
    """What was typed, word by word."""
    parts: list[Part] = []
    for piece in text[:80].split():
        if match := _CODE.fullmatch(piece.strip(";:()")):
            word = phrase(piece)
            parts.append(Part("" if " " in word else word, _codes(*match.groups(default=""))))
        else:
            parts += [Part(word) for word in phrase(piece).split()]
    return parts


def _codes(letter: str, category: str, last: str) -> tuple[str, ...]:
    digits = (category + last).lower().replace("o", "0").replace("о", "0")
    letters = _LATIN.get(letter.lower(), letter.lower())
    return tuple(dict.fromkeys(f"{one.upper()}{digits}" for one in letters if one.isascii()))


def rank(entry: Entry, typed: str, whole: Sequence[str], own: frozenset[str]) -> tuple[object, ...]:
    """The smaller the sooner: the code itself, the person's own, the common, the best match.

    What begins with a code that was typed stands in the order of the codes.

    Args:
        typed: all of it, folded. whole: codes it may be as a whole, the likeliest first.
        own: codes of the person.
    """
    bare = entry.code.replace(".", "")
    exact = whole.index(bare) if bare in whole else len(whole)
    likely = next((n for n, one in enumerate(whole) if bare.startswith(one)), len(whole))
    match = 2
    for said in entry.phrases:
        if said == typed:
            match = 0
            break
        if said.startswith(typed):
            match = 1
    return (
        exact,
        entry.code not in own,
        likely,
        not (entry.is_common or whole),
        entry.order,
        match,
        len(entry.code) > 3,
        entry.code,
    )


def whole_codes(parts: Sequence[Part]) -> tuple[str, ...]:
    """The codes a text may be where it is one code and nothing else."""
    return parts[0].codes if len(parts) == 1 else ()


def typed_of(parts: Sequence[Part]) -> str:
    """All words of what was typed."""
    return " ".join(one.word for one in parts if one.word)


def may_be_mistyped(part: Part) -> bool:
    """Whether one letter of a word may be wrong: it is long enough, and no number."""
    return len(part.word) >= MISTYPED_FROM and part.word.isalpha()


def written_code(text: str, known: Callable[[str], bool]) -> str:
    """The code somebody wrote, in the classification's letters; empty where it is no code.

    Args:
        known: whether a code can be chosen; of several readings the first that can is taken.
    """
    parts = read(text)
    found = [_dotted(one) for one in whole_codes(parts) if len(one) >= 3]
    return next((one for one in found if known(one)), found[0] if found else "")


def _dotted(bare: str) -> str:
    return bare if len(bare) == 3 else f"{bare[:3]}.{bare[3:]}"
