"""Every sentence of the pages is there in Kazakh and Russian, in the letters of its language."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
# Look-alikes typed on other layouts, and Russian abbreviations that Kazakh has its own for.
LOOK_ALIKES = re.compile(r"[ӛəƏћљџѓ]|(?<=[а-яәғқңөұүһі])i|i(?=[а-яәғқңөұүһі])")
RUSSIAN_ONLY = re.compile(r"\b(?:ПМСП|ГОБМП|ВОП|УЗИ|ВПЧ|ОСМС|ФИО|ИИН)\b")
ENDING_ON_A_HOLE = re.compile(r"(?:\)s|\)d|\})-?[а-яәғқңөұүһі]")


def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("page_words", ROOT / "tools/page_words.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


WORDS = tool()


@pytest.mark.parametrize("language", WORDS.LANGUAGES)
def test_nothing_on_a_page_is_left_in_english(language: str) -> None:
    assert WORDS.problems(language) == []


@pytest.mark.parametrize("language", WORDS.LANGUAGES)
def test_no_ending_is_glued_to_a_value(language: str) -> None:
    assert [text for text in said(language) if ENDING_ON_A_HOLE.search(text)] == []


def test_kazakh_is_written_in_its_own_letters_and_abbreviations() -> None:
    wrong = [t for t in said("kk") if LOOK_ALIKES.search(t) or RUSSIAN_ONLY.search(t)]

    assert wrong == []


@pytest.mark.parametrize("language", WORDS.LANGUAGES)
def test_two_rooms_never_translate_one_sentence_differently(language: str) -> None:
    seen: dict[tuple[object, object], object] = {}
    for file in sorted((ROOT / "qamqor/locale" / language).glob("*.po")):
        with file.open("rb") as opened:
            for message in WORDS.read_po(opened, locale=language):
                if message.id:
                    key = (message.id, message.context)
                    assert seen.setdefault(key, message.string) == message.string, file.name


def said(language: str) -> list[str]:
    texts: list[str] = []
    for message in WORDS.known(language):
        if message.id:
            texts += [message.string] if isinstance(message.string, str) else list(message.string)
    return texts


def test_no_page_takes_the_day_of_a_moment_as_greenwich_has_it() -> None:
    """A moment's own date is that of Greenwich; ``dates.day_of`` and ``dates.moment`` know here."""
    pages = sorted((ROOT / "qamqor/web/templates").rglob("*.html"))
    assert pages
    assert [str(one) for one in pages if ".date()" in one.read_text(encoding="utf-8")] == []
