"""The parts of a name as keys: endings that come and go are cut before folding."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from qamqor.engine.identity.letters import exact, folded, loose

# Longest first. A patronymic of either style leads back to the father's name.
_PATRONYMIC: Final = re.compile(
    r"[\s-]*(?:ұлы|улы|үлы|қызы|кызы|қизи|угли|уулу|оглы|"
    r"ьевич|ьевна|иевич|иевна|ович|евич|овна|евна|ьинична|инична|ична|ич|"
    r"uly|ūly|uli|ulı|qyzy|kyzy|qızı|kizi|qizi|ugli|oglu|ogly|"
    r"yevich|yevna|iyevich|ievich|iyevna|ievna|ovich|evich|ovna|evna|inichna|ichna|yich|ich)$"
)
_FAMILY: Final = re.compile(
    r"[\s-]*(?:ұлы|улы|қызы|кызы|тегі|теги|uly|ūly|ulı|qyzy|kyzy|qızı|tegi|"
    r"ова|ева|ёва|ов|ев|ёв|"
    r"ova|eva|yeva|yova|ov|ev|yev|yov|off|eff)$"
)
_WOMANS: Final = (
    ("ина", "ин"), ("ына", "ын"), ("ская", "ский"), ("цкая", "цкий"), ("ая", "ый"),
    ("ina", "in"), ("yna", "yn"), ("skaya", "skii"), ("skaia", "skii"), ("aya", "yi"),
)  # fmt: skip
SHORTEST_STEM: Final = 3  # letters left of a name when its ending is cut; Лев keeps its own
SHORTEST_FATHER: Final = 2  # Юрьевич leads back to Юр


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a name in its keys.

    Attributes:
        exact: as written, without case.
        folded: the same for every spelling, its ending kept.
        root: the folded key without the ending that a sex, a language or a custom adds.
        loose: the consonants of the root.
    """

    exact: str
    folded: str
    root: str
    loose: str


@lru_cache(maxsize=200_000)
def given_part(text: str) -> Part:
    """A given name; it has no endings to cut."""
    key = folded(text)
    return Part(exact(text), key, key, loose(key))


@lru_cache(maxsize=200_000)
def family_part(text: str) -> Part:
    """A family name: Ахметов, Ахметова and Ахмет have one root."""
    written = exact(text)
    cut = _cut(_FAMILY, written, SHORTEST_STEM)
    if cut == written:
        for woman, man in _WOMANS:
            if written.endswith(woman) and len(written) - len(woman) >= SHORTEST_STEM:
                cut = written[: len(written) - len(woman)] + man
                break
    root = folded(cut)
    return Part(written, folded(text), root, loose(root))


@lru_cache(maxsize=200_000)
def patronymic_part(text: str) -> Part:
    """A patronymic: Серікұлы, Серикович and Serikuly have the father's name as their root."""
    written = exact(text)
    root = folded(_cut(_PATRONYMIC, written, SHORTEST_FATHER))
    if len(root) > SHORTEST_STEM:
        root = root.removesuffix("i")  # Андреевич and Андрейұлы
    return Part(written, folded(text), root, loose(root))


def _cut(endings: re.Pattern[str], written: str, shortest: int) -> str:
    stem = endings.sub("", written)
    return stem if len(stem) >= shortest else written


@dataclass(frozen=True, slots=True)
class FullName:
    """A name as a register has it; a part that is not known is an empty text."""

    family: str = ""
    given: str = ""
    patronymic: str = ""

    def parts(self) -> tuple[Part, Part, Part]:
        """Family name, given name and patronymic, in keys."""
        return family_part(self.family), given_part(self.given), patronymic_part(self.patronymic)
