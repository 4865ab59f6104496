"""What a record says of who somebody is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from qamqor.engine.identity.letters import folded
from qamqor.engine.identity.names import FullName
from qamqor.engine.identity.numbers import iin_digits, phone_number

_NAMELESS: Final = FullName()


@dataclass(frozen=True, slots=True)
class Identity:
    """The fields by which two records are compared; what is not known is empty.

    Attributes:
        names: every name known: both spellings, and the one before marriage.
        born_on: ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``.
        sex: FHIR's administrative gender.
        iins: identification numbers, digits only.
        phones: as ``+77011234567``.
        addresses: folded keys of street, house and flat.
        households: ids of the households the person is a member of.
        charts: numbers of paper charts, as written.
    """

    names: tuple[FullName, ...] = ()
    born_on: str = ""
    sex: str = ""
    iins: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    households: tuple[str, ...] = ()
    charts: tuple[str, ...] = ()


def identity_of(
    patient: Mapping[str, Any],
    *,
    iin_system: str,
    chart_system: str = "",
    households: Iterable[str] = (),
) -> Identity:
    """The identity fields of a Patient resource.

    Args:
        patient: the resource; it may be incomplete or of an odd shape, never of a wrong one.
        iin_system: the system of the identification number.
        chart_system: the system of chart numbers; without it none is read.
        households: ids of the Groups the person belongs to.
    """
    sex = str(patient.get("gender", ""))
    return Identity(
        names=tuple(dict.fromkeys(n for n in map(_name, _list(patient, "name")) if n != _NAMELESS)),
        born_on=str(patient.get("birthDate", "")),
        sex=sex if sex in ("male", "female") else "",
        iins=_unique(
            iin_digits(str(each.get("value", "")))
            for each in _list(patient, "identifier")
            if each.get("system") == iin_system and each.get("use") != "old"
        ),
        phones=_unique(
            phone_number(str(each.get("value", ""))) or ""
            for each in _list(patient, "telecom")
            if each.get("system") in ("phone", "sms") and each.get("use") != "old"
        ),
        addresses=_unique(
            address_key(each) for each in _list(patient, "address") if each.get("use") != "old"
        ),
        households=tuple(households),
        charts=_unique(
            str(each.get("value", "")).strip()
            for each in _list(patient, "identifier")
            if chart_system and each.get("system") == chart_system
        ),
    )


def address_key(address: Mapping[str, Any]) -> str:
    """One key for the spellings of a street, house and flat; empty without a house number.

    An address that is only one text is taken as it is.
    """
    lines = address.get("line")
    parts = [str(line) for line in lines] if isinstance(lines, list) else []
    parts = parts or [str(address.get("text", ""))]
    words = " ".join([str(address.get("city", "")), *parts])
    return folded(words) if any(letter.isdigit() for letter in words) else ""


def _name(name: Mapping[str, Any]) -> FullName:
    given = name.get("given")
    words = [str(word) for word in given if word] if isinstance(given, list) else []
    return FullName(
        family=str(name.get("family") or ""),
        given=words[0] if words else "",
        patronymic=" ".join(words[1:]),
    )


def _list(patient: Mapping[str, Any], element: str) -> list[Mapping[str, Any]]:
    values = patient.get(element)
    return [v for v in values if isinstance(v, Mapping)] if isinstance(values, list) else []


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))
