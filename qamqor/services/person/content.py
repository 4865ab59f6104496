"""What content says of persons' pages: the last numbers, and the short names of codes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from qamqor.engine.fhir.names import CVX, ICD10
from qamqor.engine.measurements.series import Number, read_numbers
from qamqor.engine.referral import read_referrals
from qamqor.services import diagnoses, installed

Names = Mapping[str, Mapping[str, Mapping[str, str]]]


def numbers() -> tuple[Number, ...]:
    """The last numbers a page shows, in their order."""
    return _numbers(installed.folders())


@cache
def _numbers(folders: tuple[Path, ...]) -> tuple[Number, ...]:
    file = _file(folders, "numbers.yaml")
    return read_numbers(yaml.safe_load(file.read_text(encoding="utf-8")), file.name)


@cache
def _names(folders: tuple[Path, ...]) -> Names:
    found: Names = yaml.safe_load(_file(folders, "names.yaml").read_text(encoding="utf-8"))
    return found


def _file(folders: tuple[Path, ...], name: str) -> Path:
    files = [folder / "person" / name for folder in reversed(folders)]
    return next(file for file in files if file.is_file())


@cache
def _referred_for(folders: tuple[Path, ...]) -> Mapping[tuple[str, str], Mapping[str, str]]:
    """What people are referred for has its words beside its days, in the file of referrals."""
    files = [folder / "referrals" / "referrals.yaml" for folder in reversed(folders)]
    file = next(file for file in files if file.is_file())
    found = read_referrals(yaml.safe_load(file.read_text(encoding="utf-8")), file.name)
    return {(one.system, one.code): one.label for one in found.services}


def name_of(system: str, code: str, language: str) -> str:
    """The short name of a code, of itself or of what it begins with; empty where there is none."""
    if system == ICD10:
        return diagnoses.named(code, language).words
    if referred := _referred_for(installed.folders()).get((system, code)):
        return referred.get(language) or referred["en"]
    known = _names(installed.folders()).get(system, {})
    own = known.get(code) or known.get(code.split(".")[0]) or {}
    return own.get(language) or own.get("en", "")


def said(concept: Mapping[str, Any] | None, language: str) -> str:
    """A CodeableConcept in words: our short name, else its text, a display, or the code itself."""
    codings = (concept or {}).get("coding") or []
    for coding in codings:
        if name := name_of(str(coding.get("system", "")), str(coding.get("code", "")), language):
            return name
    text = str((concept or {}).get("text") or "")
    if text:
        return text
    displays = [str(one["display"]) for one in codings if one.get("display")]
    codes = [str(one.get("code", "")) for one in codings]
    return next(iter([*displays, *codes]), "")


def english_of(concept: Mapping[str, Any] | None, language: str) -> str:
    """The English title of a diagnosis that has no words of its own in a language; else empty.

    What ``said`` gives of such a diagnosis is what it belongs to; a page shows both and marks
    the title as English.
    """
    for coding in (concept or {}).get("coding") or []:
        if coding.get("system") == ICD10:
            return diagnoses.named(str(coding.get("code", "")), language).title
    return ""


def vaccine(concept: Mapping[str, Any] | None, language: str) -> str:
    """What people call a vaccine, by its CVX code; else its text, or the code."""
    for coding in (concept or {}).get("coding") or []:
        if coding.get("system") == CVX and (name := vaccine_by_cvx(coding.get("code"), language)):
            return name
    return said(concept, language)


def vaccine_by_cvx(code: Any, language: str) -> str:
    """The name of a CVX code in the schedules of this installation; empty where they have none."""
    text = str(code or "")
    number = int(text) if text.isdecimal() else -1
    return _vaccines(installed.folders(), language).get(number, "")


@cache
def _vaccines(folders: tuple[Path, ...], language: str) -> Mapping[int, str]:
    found: dict[int, str] = {}
    for folder in folders:
        for file in sorted((folder / "schedules").glob(f"*/*/words.{language}.yaml")):
            found |= yaml.safe_load(file.read_text(encoding="utf-8")).get("vaccine") or {}
    return found


def parts() -> tuple[str, ...]:
    """The codes of what is measured together, in the order content names them."""
    return _parts(installed.folders())


@cache
def _parts(folders: tuple[Path, ...]) -> tuple[str, ...]:
    files = [folder / "measurements/measurements.yaml" for folder in reversed(folders)]
    known = yaml.safe_load(next(one for one in files if one.is_file()).read_text(encoding="utf-8"))
    return tuple(str(part["code"]) for one in known for part in one.get("parts") or ())
