"""Finds and rewrites references between resources."""

from __future__ import annotations

import re
from typing import Any, Final

from qamqor.engine.fhir.names import IDENTIFIERS

PATIENT_IDS: Final = f"{IDENTIFIERS}/patient"
"""The system of an identifier whose value is the id of a Patient here (a mother, a guardian)."""

_TARGET: Final = re.compile(r'"reference":"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})["/#]')


def mentioned(content: str, types: frozenset[str] = frozenset({"Patient"})) -> set[str]:
    """What a resource refers to here, as ``Type/id``, anywhere in it.

    Args:
        content: the resource as this server writes JSON, without spaces.
        types: the types looked for.
    """
    found = {f"{type_}/{id_}" for type_, id_ in _TARGET.findall(content) if type_ in types}
    if "Patient" in types and PATIENT_IDS in content:
        found |= {
            f"Patient/{each}" for each in re.findall(rf'"{PATIENT_IDS}","value":"([^"]+)"', content)
        }
    return found


def rewritten(value: Any, old: str, new: str) -> Any:
    """A copy in which every reference to one resource leads to another.

    A reference to one version of it stays: that version goes on saying what it said.

    Args:
        value: a resource or any part of one.
        old, new: ``Type/id``.
    """
    if isinstance(value, list):
        return [rewritten(each, old, new) for each in value]
    if not isinstance(value, dict):
        return value
    copy = {name: rewritten(each, old, new) for name, each in value.items()}
    if value.get("reference") == old:
        copy["reference"] = new
    if value.get("system") == PATIENT_IDS and f"Patient/{value.get('value')}" == old:
        copy["value"] = new.split("/")[1]
    return copy
