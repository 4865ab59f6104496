"""Texts made comparable: case, accents and spelling folded; long ones cut; names as numbers."""

from __future__ import annotations

import hashlib
import unicodedata
from functools import lru_cache
from typing import Final

LONGEST: Final = 200
# Kazakh letters as Russian spelling writes them, and letters that have no parts to take apart.
LETTERS: Final = str.maketrans(
    {
        "ә": "а", "ғ": "г", "қ": "к", "ң": "н", "ө": "о", "ұ": "у", "ү": "у", "һ": "х", "і": "и",
        "ё": "е", "ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe",
    }
)  # fmt: skip


@lru_cache(maxsize=65_536)
def folded(text: str) -> str:
    """A text without case, accents, Kazakh letters and double spaces, at most 200 characters."""
    text = " ".join(text[: LONGEST * 2].replace("\0", "").split())
    if text.isascii():
        return text.lower()[:LONGEST]
    parts = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(p for p in parts if not unicodedata.combining(p))
    return plain.translate(LETTERS)[:LONGEST]


def written(text: str) -> str:
    """The first 200 characters of a text as it stands, for ``:exact``."""
    return text[:LONGEST].replace("\0", "")


def short(text: str) -> str:
    """A code, address or id as the index holds it: the end of a very long one as a digest."""
    text = text.replace("\0", "")
    if len(text) <= LONGEST:
        return text
    return f"{text[:160]}#{hashlib.blake2b(text.encode(), digest_size=16).hexdigest()}"


def code(text: str) -> str:
    """A code as the index holds it: without case, as FHIR advises where a system is silent."""
    return short(text.lower())


@lru_cache(maxsize=65_536)
def number(text: str) -> int:
    """A name as a number of 63 bits: the same text always gives the same; never 0 or below 1."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 1) or 1
