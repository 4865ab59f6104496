"""What a visit works with here: measurements, reasons, options, protocols, diagnoses."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import yaml

from qamqor.engine.fhir.names import ICD10
from qamqor.engine.measurements.definition import Measurement, read_measurements
from qamqor.engine.visit import LANGUAGES, Diagnosis, Offer, read_offer
from qamqor.services import installed


def measurements() -> tuple[Measurement, ...]:
    """What is measured here, in the order of the pack."""
    return _measurements(installed.folders())


@cache
def _measurements(folders: tuple[Path, ...]) -> tuple[Measurement, ...]:
    file = found_file(folders, "measurements/measurements.yaml")
    if file is None:
        return ()
    return read_measurements(yaml.safe_load(file.read_text(encoding="utf-8")), file.name)


def found_file(folders: tuple[Path, ...], name: str) -> Path | None:
    """A file of the installation's own content, or else of the shipped one."""
    files = [folder / name for folder in reversed(folders)]
    return next((one for one in files if one.is_file()), None)


def offer() -> Offer:
    """Reasons, options and protocols of the pack."""
    return _offer(installed.folders())


@cache
def _offer(folders: tuple[Path, ...]) -> Offer:
    file = found_file(folders, "visit/visit.yaml")
    if file is None:
        return Offer("", (), (), ())
    return read_offer(yaml.safe_load(file.read_text(encoding="utf-8")), file.name)


def diagnoses() -> tuple[Diagnosis, ...]:
    """Diagnoses that can be found by words: the pack's list, then the codes its programmes name."""
    return _diagnoses(installed.folders())


@cache
def _diagnoses(folders: tuple[Path, ...]) -> tuple[Diagnosis, ...]:
    found: dict[str, Diagnosis] = {}
    file = found_file(folders, "visit/diagnoses.csv")
    if file is not None:
        for row in csv.DictReader(file.read_text(encoding="utf-8").splitlines()):
            words = {language: row[language] for language in LANGUAGES}
            found[row["code"]] = Diagnosis(row["code"], words)
    for folder in folders:
        for listed in sorted((folder / "valuesets").glob("*.csv")):
            for row in csv.DictReader(listed.read_text(encoding="utf-8").splitlines()):
                if row.get("system") == ICD10 and row["code"] not in found:
                    found[row["code"]] = Diagnosis(row["code"], {"en": row["display"]})
    return tuple(found.values())


def diagnosis(code: str) -> Diagnosis:
    """A diagnosis by its code; one nobody here has words for is shown by its code."""
    return next((one for one in diagnoses() if one.code == code), Diagnosis(code, {"en": code}))
