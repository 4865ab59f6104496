"""What a visit works with here: measurements, reasons, options, protocols."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

from qamqor.engine.measurements.definition import Measurement, read_measurements
from qamqor.engine.visit import Offer, read_offer
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
