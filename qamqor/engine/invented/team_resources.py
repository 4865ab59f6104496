"""Places, organisations, posts and teams as FHIR R4 resources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
import numpy as np

from qamqor.engine.fhir.names import CODES, EXTENSIONS, IDENTIFIERS
from qamqor.engine.invented.draws import stream
from qamqor.engine.invented.figures import Figures, Invention, chance
from qamqor.engine.invented.names import patronymic_of
from qamqor.engine.invented.places import Layout, Place
from qamqor.engine.invented.register import area_id
from qamqor.engine.invented.shapes import HL7, coded
from qamqor.engine.invented.team import BEFORE_ANY_BLOCK, Organisation, Post, organisations, posts
from qamqor.engine.invented.texts import day_texts

Resource = dict[str, Any]
STREET: Final = "Абай көшесі, 1"


def shared_lines(invention: Invention, layout: Layout, as_of: int) -> Iterator[tuple[str, str]]:
    """Every resource that belongs to nobody in particular: its type and its line."""
    held, places = posts(invention, layout, as_of), {one.place_id: one for one in layout.places}
    resources = [
        *(_location(place) for place in layout.places),
        *(_organisation(own, places) for own in organisations(invention, layout)),
        *_practitioners(invention, held),
        *(_post(post) for post in held),
        *_teams(layout, held),
    ]
    for resource in resources:
        yield str(resource["resourceType"]), msgspec.json.encode(resource).decode()


def _location(place: Place) -> Resource:
    resource: Resource = {
        "resourceType": "Location",
        "id": place.place_id,
        "identifier": [{"system": f"{IDENTIFIERS}/kato", "value": place.kato}],
        "status": "active",
        "name": place.names[1],
        "alias": [place.names[0], place.names[2]],
        "mode": "instance",
        "physicalType": coded(f"{HL7}/location-physical-type", "jdn"),
    }
    if place.people:
        settlement = "rural" if place.is_rural else "urban"
        said = {"url": f"{EXTENSIONS}/settlement", "valueCode": settlement}
        resource["address"] = {"extension": [said], "country": "KZ"}
    if place.position is not None:
        latitude, longitude = place.position
        resource["position"] = {"longitude": longitude, "latitude": latitude}
    if place.parent_id:
        resource["partOf"] = {"reference": f"Location/{place.parent_id}"}
    return resource


def _reached(own: Organisation, place: Place) -> Resource:
    """Where an organisation with areas stands and its phone, of numbers that are never issued."""
    number = f"{int(own.id.rpartition('-')[2]):07d}"
    phone = f"+7 000 {number[:3]} {number[3:5]} {number[5:]}"
    return {
        "telecom": [{"system": "phone", "value": phone}],
        "address": [{"line": [STREET], "city": place.names[0]}],
    }


def _organisation(own: Organisation, places: Mapping[str, Place]) -> Resource:
    resource: Resource = {
        "resourceType": "Organization",
        "id": own.id,
        "active": True,
        "type": [coded(f"{CODES}/organisation_kind", own.kind)],
        "name": own.names[1],
        "alias": [own.names[0], own.names[2]],
    }
    if own.id.startswith("site-") and own.place_id in places:
        resource |= _reached(own, places[own.place_id])
    if own.parent_id:
        resource["partOf"] = {"reference": f"Organization/{own.parent_id}"}
    return resource


def _practitioners(invention: Invention, held: list[Post]) -> Iterator[Resource]:
    """One human behind each post, with a name."""
    names = invention["names"]
    random = stream(0, BEFORE_ANY_BLOCK, "practitioners")
    women = chance(invention["team"]["women_share"])
    for post in held:
        people = "kazakh" if random.random() < 0.8 else "russian"
        yield _practitioner(names, post, people, random.random(4), is_woman=random.random() < women)


def _practitioner(names: Figures, post: Post, people: str, u: Any, *, is_woman: bool) -> Resource:
    own = names["peoples"][people]

    def one(choices: Any, place: int) -> Any:
        return choices[int(u[place] * len(choices))]

    given = one(own["female" if is_woman else "male"], 0)
    russian = people == "russian" or u[3] < 0.6
    father = patronymic_of(
        names["patronymics"], one(own["male"], 1), is_woman=is_woman, russian=russian
    )
    family = one(own["surnames"], 2)[is_woman]
    return {
        "resourceType": "Practitioner",
        "id": f"who-{post.id}",
        "active": True,
        "name": [{"use": "official", "family": family, "given": [given, father]}],
        "gender": "female" if is_woman else "male",
    }


def _post(post: Post) -> Resource:
    start, end = day_texts_of(post)
    return {
        "resourceType": "PractitionerRole",
        "id": post.id,
        "active": end is None,
        "period": {"start": start, **({"end": end} if end else {})},
        "practitioner": {"reference": f"Practitioner/who-{post.id}"},
        "organization": {"reference": f"Organization/{post.organization_id}"},
        "code": [coded(f"{CODES}/role", post.role)],
    }


def day_texts_of(post: Post) -> tuple[str, str | None]:
    """When a post began and ended, as ISO text."""
    start, end = day_texts(np.array([post.from_on, post.left_on or post.from_on]))
    return start, end if post.left_on else None


def _teams(layout: Layout, held: list[Post]) -> Iterator[Resource]:
    """One team an area; the midwife, the psychologist and the social worker stand in several."""
    for area in range(layout.areas):
        members = [post for post in held if area in post.areas and post.left_on is None]
        yield {
            "resourceType": "CareTeam",
            "id": f"team-{area + 1:05d}",
            "status": "active",
            "participant": [
                {
                    "role": [coded(f"{CODES}/role", post.role)],
                    "member": {"reference": f"PractitionerRole/{post.id}"},
                }
                for post in members
            ],
            "managingOrganization": [{"reference": f"Organization/{area_id(area)}"}],
        }
