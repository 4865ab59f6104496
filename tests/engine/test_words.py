"""Words of content: what is there is read, what is lacking is said by its language."""

from qamqor.engine.words import read_words
from qamqor.errors import Problem


def test_words_are_read_from_among_other_entries() -> None:
    problems: list[Problem] = []
    entry = {"id": "walk", "en": "Walk", "ru": "Ходить", "kk": "Жүру", "for": ["x"]}
    assert read_words(entry, "offer: walk", problems) == {
        "en": "Walk", "ru": "Ходить", "kk": "Жүру",
    }  # fmt: skip
    assert problems == []


def test_each_language_that_lacks_is_said() -> None:
    problems: list[Problem] = []
    read_words({"en": "Walk", "ru": "  ", "kk": None}, "offer: walk", problems)
    assert [(one.where, one.what) for one in problems] == [
        ("offer: walk", "has no words in ru"),
        ("offer: walk", "has no words in kk"),
    ]
    problems.clear()
    read_words("Walk", "offer: walk", problems)
    assert len(problems) == 3
