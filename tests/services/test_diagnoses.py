"""The classification is read once into a short form; content says what is called how and closed."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qamqor.engine.diagnoses.words import Named
from qamqor.services import diagnoses


@pytest.mark.parametrize(
    ("code", "there"),
    [
        ("I10", True),
        ("E11.9", True),
        ("S52.50", True),
        ("M54.56", True),
        ("U07.1", True),
        ("I10.77", False),
        ("I16", False),
        ("H99.9", False),
        ("G63.2", False),
        ("A00-A09", False),
        ("IX", False),
        ("", False),
        ("U07.5", False),
    ],
)
def test_a_code_exists_or_not(code: str, there: bool) -> None:
    assert diagnoses.exists(code) is there


@pytest.mark.parametrize(
    ("code", "instead"),
    [
        ("I16", "I15"),
        ("E11.99", "E11.9"),
        ("H36.0", "E11.3"),
        ("I84.1", "K64"),
        ("A91", "A97.2"),
    ],
)
def test_what_cannot_be_chosen_names_what_can(code: str, instead: str) -> None:
    assert instead in diagnoses.instead(code)
    assert diagnoses.instead("no code") == []


@pytest.mark.parametrize(
    ("text", "code"),
    [("е11.9", "E11.9"), ("И10", "I10"), ("h999", "H99.9"), ("гипертония", ""), ("I10 x", "")],
)
def test_a_code_is_read_in_any_letters(text: str, code: str) -> None:
    assert diagnoses.written(text) == code


def test_a_code_is_called_in_the_language_of_the_reader() -> None:
    assert diagnoses.named("I10", "ru") == Named("I10", "Артериальная гипертензия")
    assert diagnoses.named("I10", "kk") == Named("I10", "Артериялық гипертензия")
    assert diagnoses.named("E11.6", "ru").words.startswith("Диабет 2")
    assert diagnoses.named("Z99.99", "ru").code == "Z99.99"


def test_the_short_form_is_made_once_and_made_again_when_it_is_broken(tmp_path: Path) -> None:
    tree = diagnoses._tree(tmp_path)
    (kept,) = (tmp_path / "cache").iterdir()

    assert len(tree) == 12_542
    kept.write_text('[["A00"], [2], [""], ["From the short form"]]')
    assert diagnoses._tree(tmp_path)["A00"].title == "From the short form"
    kept.write_text("broken")
    assert diagnoses._tree(tmp_path) == tree


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file in the way")

    assert len(diagnoses._tree(tmp_path)) == 12_542


def test_without_the_package_words_still_find_and_any_written_code_is_taken(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    settings.QAMQOR = replace(settings.QAMQOR, data=tmp_path)

    assert diagnoses.find("гипертен").codes[0] == "I10"
    assert diagnoses.exists("I16")
    assert not diagnoses.exists("nonsense")
    assert not diagnoses.exists("G63.2")
    assert diagnoses.named("A52.1", "en").text == "A52.1"


def test_an_installation_can_add_words_and_codes_of_its_country(
    tmp_path: Path, settings: Any
) -> None:
    own = tmp_path / "content"
    (own / "diagnoses").mkdir(parents=True)
    (own / "diagnoses/words_own.csv").write_text("code,kk,ru\nI10,Біздің сөз,Наше слово\n")
    (own / "valuesets").mkdir()
    (own / "valuesets/own.csv").write_text(
        "system,code,display\nhttp://hl7.org/fhir/sid/icd-10,A00.77,National code\n"
    )
    settings.QAMQOR = replace(settings.QAMQOR, content=own)

    assert diagnoses.named("I10", "ru").words == "Наше слово"
    assert diagnoses.exists("A00.77")
    assert diagnoses.find("national code").codes == ("A00.77",)
