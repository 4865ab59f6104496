"""One key for a name however it is spelled: in Kazakh or Russian letters, or in Latin ones.

Three keys, from strict to generous. *Exact* differs only in case and in letters that look the
same. *Folded* is one text for Айгүл, Айгуль, Aigul, Aıgúl and Aygül. *Loose* keeps the
consonants, for what was written by ear. Keys are for finding: they are never shown, and
never merge anybody by themselves.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

_APOSTROPHES: Final = "'’‘ʼ`´ʹʻ\u02bf"

# Letters of other alphabets and fonts that stand in real records for Kazakh ones.
_STAND_INS: Final = str.maketrans(
    {"ə": "ә", "Ə": "Ә", "ӛ": "ө", "Ӛ": "Ө", "ї": "і", "Ї": "І"}
    | dict.fromkeys(_APOSTROPHES, "'")
    | dict.fromkeys("‐‑–—", "-")
)
_LOOK_ALIKES: Final = str.maketrans("aceopxyikmthbnACEOPXYIKMTHB", "асеорхуікмтһьпАСЕОРХУІКМТНВ")

_CYRILLIC: Final = {
    **dict.fromkeys("аәя", "a"), "б": "b", "в": "v", **dict.fromkeys("гґғ", "g"), "д": "d",
    **dict.fromkeys("еэёє", "e"), "ж": "j", "з": "z", **dict.fromkeys("ийыі", "i"),
    **dict.fromkeys("кқ", "k"), "л": "l", "м": "m", **dict.fromkeys("нң", "n"),
    **dict.fromkeys("оө", "o"), "п": "p", "р": "r", "с": "s", "т": "t",
    **dict.fromkeys("уұүўю", "u"), "ф": "f", **dict.fromkeys("хһҳ", "h"), "ц": "x", "ч": "c",
    **dict.fromkeys("шщ", "w"), "ъ": "", "ь": "",
}  # fmt: skip

_LATIN_GROUPS: Final = (
    ("shch", "ш"), ("sch", "ш"), ("dzh", "ж"), ("sh", "ш"), ("ch", "ч"), ("zh", "ж"), ("dj", "ж"),
    ("gh", "г"), ("kh", "х"), ("ph", "ф"), ("ts", "ц"), ("tz", "ц"), ("ck", "к"),
    ("ye", "е"), ("yo", "е"), ("yu", "у"), ("ya", "а"),
)  # fmt: skip
_LATIN: Final = {
    "a": "а", "b": "б", "d": "д", "e": "е", "f": "ф", "g": "г", "h": "х", "i": "и", "j": "ж",
    "k": "к", "l": "л", "m": "м", "n": "н", "o": "о", "p": "п", "q": "к", "r": "р", "s": "с",
    "t": "т", "u": "у", "v": "в", "w": "у", "y": "и", "z": "з", "ı": "и", "ý": "у", "ş": "ш",
    "ç": "ч", "ø": "о", "æ": "а", "ß": "с",
}  # fmt: skip
_ONE_SOUND: Final = (("ng", "n"), ("sh", "w"), ("ch", "c"), ("ts", "x"))
_VOWELS: Final = "aeiou"
_CONSONANT_V: Final = re.compile(rf"(?<=[{_VOWELS}])v(?=[^{_VOWELS}v])")
_GLIDES: Final = re.compile(r"i([aue])")
_DOUBLED: Final = re.compile(r"(.)\1+")
_SEPARATORS: Final = re.compile(r"[\s\-_.,/]+")
_WORD: Final = re.compile(r"[^\W\d_]+", re.UNICODE)


def repaired(text: str) -> str:
    """The text with look-alike letters put right, in Unicode's composed form.

    A Latin letter inside a word that is otherwise Cyrillic was typed on the wrong layout:
    ``шiлде`` becomes ``шілде``. A word of one alphabet stays as it is.
    """
    composed = unicodedata.normalize("NFC", text).translate(_STAND_INS)
    return _WORD.sub(lambda match: _one_alphabet(match.group()), composed)


def _one_alphabet(word: str) -> str:
    cyrillic = sum("\u0400" <= letter <= "\u04ff" for letter in word)
    return word.translate(_LOOK_ALIKES) if 2 * cyrillic > len(word) > cyrillic else word


@lru_cache(maxsize=200_000)
def exact(text: str) -> str:
    """The name as written, whatever its case and its spaces."""
    return " ".join(_SEPARATORS.split(repaired(text).casefold())).strip()


@lru_cache(maxsize=200_000)
def folded(text: str) -> str:
    """One key for every spelling of a name; parts are run together, doubled letters are one.

    One letter stands for each sound, so that a slip of the finger is one letter in the key
    too: c, w and x are ч, ш and ц.
    Letters of scripts that are not Cyrillic or Latin stay themselves.
    """
    words = _SEPARATORS.split(exact(text).replace("'", ""))
    return "".join(_folded_word(word) for word in words)


def _folded_word(word: str) -> str:
    word = _in_cyrillic(word).replace("дж", "ж")
    key = "".join(_CYRILLIC.get(letter, letter) for letter in word)
    key = _DOUBLED.sub(r"\1", key)
    for pair, letter in _ONE_SOUND:
        key = key.replace(pair, letter)
    key = _CONSONANT_V.sub("u", key)
    return _DOUBLED.sub(r"\1", _GLIDES.sub(r"\1", key))


def _in_cyrillic(word: str) -> str:
    """Latin letters as the Cyrillic ones they stand for, others untouched."""
    if not re.search(r"[a-zı\u00c0-\u024f]", word):
        return word
    word = word.replace("ý", "u").replace("ş", "sh").replace("ç", "ch")
    word = _without_marks(word)
    word = re.sub(r"^x|x(?=[bcdfghjklmnpqrstvwz])", "kh", re.sub(r"^w", "v", word))
    word = re.sub(r"c(?=[eiy])", "ts", word.replace("x", "ks"))
    word = re.sub(r"c(?!h)(?!k)", "k", word)
    for group, letter in _LATIN_GROUPS:
        word = word.replace(group, letter)
    return "".join(_LATIN.get(letter, letter) for letter in word)


def _without_marks(word: str) -> str:
    apart = unicodedata.normalize("NFD", word)
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


@lru_cache(maxsize=200_000)
def loose(key: str) -> str:
    """The consonants of a folded key behind its first letter; any first vowel is the same."""
    if not key:
        return ""
    first = "*" if key[0] in _VOWELS else key[0]
    return (first + re.sub(f"[{_VOWELS}]", "", key[1:])).replace("h", "k")
