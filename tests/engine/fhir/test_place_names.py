"""Names of organisations and places in each language of the record."""

from typing import Any

import pytest

from qamqor.engine.fhir.place_names import TRANSLATION, name_in


def translated(language: str, text: str) -> dict[str, Any]:
    return {
        "url": TRANSLATION,
        "extension": [
            {"url": "lang", "valueCode": language},
            {"url": "content", "valueString": text},
        ],
    }


@pytest.mark.parametrize(
    ("more", "language", "said"),
    [
        ({"alias": ["Аурухана", "Hospital"]}, "kk", "Аурухана"),
        ({"alias": ["Аурухана", "Hospital"]}, "en", "Hospital"),
        ({"alias": ["Аурухана", "Hospital"]}, "ru", "Больница"),
        ({"alias": ["БСНП"]}, "kk", "Больница"),
        ({}, "kk", "Больница"),
        ({"_name": {"extension": [translated("kk-KZ", "Емхана")]}}, "kk", "Емхана"),
        (
            {"alias": ["А", "B"], "_name": {"extension": [translated("en", "Clinic")]}},
            "en",
            "Clinic",
        ),
        ({"_name": {"extension": [{"url": TRANSLATION}]}}, "en", "Больница"),
    ],
)
def test_a_name_is_said_in_the_language_or_as_registered(
    more: dict[str, Any], language: str, said: str
) -> None:
    assert name_in({"id": "x", "name": "Больница", **more}, language) == said


def test_without_a_name_the_id_is_said() -> None:
    assert name_in({"id": "x"}, "kk") == "x"
