"""The keys under which a person is filed and looked up, so that nobody is searched by a scan.

A key is a short text such as ``born-given|1987-03-12|*gl``. Filing and looking up agree by
equality alone: what can be mistyped is either left out of the key or tried in its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Final

from qamqor.engine.identity.births import near
from qamqor.engine.identity.letters import loose
from qamqor.engine.identity.names import FullName, Part
from qamqor.engine.identity.person import Identity

ENDING: Final = 4  # last digits of a number by which a person is found again


def filed(identity: Identity, *, area_id: str = "") -> set[str]:
    """The keys under which somebody is found again.

    Args:
        identity: the person.
        area_id: the GP area the person is attached to, for lists of one area.
    """
    keys = set(_numbers(identity))
    keys.update(chart_key(chart) for chart in identity.charts)
    keys.update(f"ends|{number[-ENDING:]}" for number in (*identity.iins, *identity.phones))
    keys.update(f"place|{address}" for address in identity.addresses)
    if identity.born_on:
        keys.add(f"born|{identity.born_on}")
    for name in identity.names:
        keys.update(_names(name, identity.born_on))
        family, given, _ = name.parts()
        keys.update(_name_alone(name))
        keys.update(f"home|{address}|{given.loose}" for address in identity.addresses)
        if area_id:
            keys.add(f"area-family|{area_id}|{family.loose}")
            keys.add(f"area-given|{area_id}|{given.loose}")
    return keys


def chart_key(chart: str) -> str:
    """The key of a paper chart's number; case, spaces and hyphens do not count."""
    return "chart|" + "".join(letter for letter in chart.casefold() if letter.isalnum())


def twin_keys(identity: Identity) -> list[str]:
    """The keys under which a twin of somebody may be filed, the most telling first.

    One of name, birth date or number may be wrong, and a birth date one digit off or with day
    and month swapped is tried too.
    """
    keys = list(_numbers(identity))
    for name in identity.names:
        _, given, _ = name.parts()
        keys += _names(name, identity.born_on)
        keys += (f"home|{address}|{given.loose}" for address in identity.addresses)
        if given.loose:
            keys += (f"born-given|{date}|{given.loose}" for date in near(identity.born_on)[1:])
        keys += _full(name)
    if identity.born_on and not identity.names:
        keys.append(f"born|{identity.born_on}")
    return list(dict.fromkeys(keys))


def blocks(identity: Identity) -> set[str]:
    """The keys of which two records of one person share at least one, for whole files.

    Unlike ``twin_keys``, neighbours of a birth date are made to share a key, because in a whole
    file both sides file and neither looks up.
    """
    keys = {key for key in _numbers(identity) if key.startswith("iin")}
    for name in identity.names:
        family, given, patronymic = name.parts()
        keys.update(_names(name, identity.born_on))
        if name.patronymic and identity.born_on:
            keys.add(f"born-patronymic|{identity.born_on}|{patronymic.loose}")
        keys.update(f"phone|{phone}|{given.loose}" for phone in identity.phones)
        keys.update(f"home|{address}|{given.loose}" for address in identity.addresses)
        if name.family and name.given:
            both = _either_way(family, given)
            keys.update(f"near|{both}|{date}" for date in _partial_dates(identity.born_on))
            keys.update(key for key in _full(name) if key.startswith("full"))
    return keys


def hashed(key: str) -> int:
    """A key as a signed 64-bit number; two keys meeting in one number cost a comparison only."""
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big", signed=True)


def _numbers(identity: Identity) -> Iterator[str]:
    yield from (f"iin|{number}" for number in identity.iins)
    yield from (f"phone|{number}" for number in identity.phones)


def _names(name: FullName, born_on: str) -> Iterator[str]:
    """The keys that need a birth date and one part of the name, or both parts swapped."""
    family, given, _ = name.parts()
    if not born_on:
        return
    if name.given:
        yield f"born-given|{born_on}|{given.loose}"
    if name.family:
        yield f"born-family|{born_on}|{family.loose}"
    if name.family and name.given:
        yield f"born-pair|{born_on}|{_either_way(family, given)}"


def _name_alone(name: FullName) -> Iterator[str]:
    family, given, _ = name.parts()
    if name.family:
        yield f"family|{family.root}"
    if name.given:
        yield f"given|{given.root}"
    if name.family and name.given:
        yield f"name|{family.root}|{given.root}"
    yield from _full(name)


def _full(name: FullName) -> Iterator[str]:
    family, given, patronymic = name.parts()
    if name.family and name.given:
        yield f"sound|{family.loose}|{given.loose}"
        if name.patronymic:
            yield f"full|{family.loose}|{given.loose}|{patronymic.loose}"


def _either_way(family: Part, given: Part) -> str:
    """One text for two names whichever stands in which field."""
    return "|".join(sorted((loose(family.folded), loose(given.folded))))


def _partial_dates(born_on: str) -> Iterator[str]:
    """A date with each of its parts left out, and with its day and month in either order."""
    if len(born_on) != 10:
        return
    year, month, day = born_on.split("-")
    yield from (f"{year}-{month}", f"{year}--{day}", f"-{month}-{day}")
    yield "-".join([year, *sorted((month, day))])
