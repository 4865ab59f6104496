"""Which records are sensitive and who reads them, from the content pack."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from django.conf import settings

from qamqor.engine.fhir.subjects import Sensitivity
from qamqor.errors import ContentError, Problem
from qamqor.services.access.policy import Labels


class Rules(NamedTuple):
    """How labels are found in resources, and who reads what carries them."""

    sensitivity: Sensitivity
    labels: Labels


@lru_cache(maxsize=1)
def rules() -> Rules:
    """The rules of this installation; read once."""
    chosen = settings.QAMQOR.content / "access/labels.yaml"
    shipped = settings.QAMQOR.shipped_content / "access/labels.yaml"
    return read(chosen if chosen.exists() else shipped)


@lru_cache(maxsize=8)
def read(file: Path) -> Rules:
    """The rules in a file.

    Raises:
        ContentError: something in it cannot be understood.
    """
    said = yaml.safe_load(file.read_text(encoding="utf-8"))
    problems = [
        Problem(str(file), f"label {label} needs title, security and roles")
        for label, entry in said.items()
        if not isinstance(entry, Mapping) or not {"title", "security", "roles"} <= entry.keys()
    ]
    if problems:
        raise ContentError(problems)
    return Rules(_sensitivity(said), Labels({k: frozenset(e["roles"]) for k, e in said.items()}))


def _sensitivity(said: Mapping[str, Any]) -> Sensitivity:
    codes: dict[str, list[tuple[str, str]]] = {}
    for label, entry in said.items():
        for system, beginnings in entry.get("codes", {}).items():
            codes.setdefault(system, []).extend((str(b), label) for b in beginnings)
    return Sensitivity(
        security={tag: label for label, entry in said.items() for tag in entry["security"]},
        codes={system: tuple(pairs) for system, pairs in codes.items()},
    )
