"""One person's whole record holds what speaks of them, as far as the asker may see it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from qamqor.errors import NotThere, Unusable
from qamqor.services.access.actor import PLATFORM, Actor
from qamqor.services.fhir.write import Change, save
from qamqor.store import audit
from qamqor.store.audit import Wanted
from qamqor.web.fhir.operations import registry
from qamqor.web.fhir.operations.registry import Call
from tests.services.access.village import AT, actor, observation, people, put

pytestmark = pytest.mark.django_db


def ask(patient: str, *, by: Actor = PLATFORM, **query: str) -> dict[str, Any]:
    found = registry.find("everything", level="instance", type_="Patient")
    inputs = registry.read_inputs(found, query={k: [v] for k, v in query.items()}, body=None)
    call = Call(actor=by, at=AT, inputs=inputs, type="Patient", id=patient, address="http://x/fhir")
    return dict(found.run(call).resource or {})


def named(bundle: dict[str, Any], mode: str = "match") -> list[str]:
    entries = [e for e in bundle.get("entry", []) if e["search"]["mode"] == mode]
    return [f"{e['resource']['resourceType']}/{e['resource']['id']}" for e in entries]


def test_it_is_the_person_and_what_speaks_of_them() -> None:
    people()

    assert named(ask("amina")) == [
        "Patient/amina",
        "Observation/amina-weight",
        "Observation/amina-hiv",
    ]


def test_what_the_record_refers_to_comes_beside_it_and_is_not_counted() -> None:
    put({"resourceType": "Organization", "id": "north", "name": "x"})
    people()

    found = ask("amina")

    assert named(found, "include") == ["Organization/north"]
    assert found["total"] == 3


def test_what_the_asker_may_not_see_is_neither_shown_nor_counted() -> None:
    people()

    found = ask("amina", by=actor("practice_nurse"))

    assert "Observation/amina-hiv" not in named(found)
    assert found["total"] == 2


def test_another_teams_person_does_not_exist_for_me() -> None:
    people()

    with pytest.raises(NotThere):
        ask("bolat", by=actor("practice_nurse"))


def test_the_looking_is_kept_with_everything_that_was_shown() -> None:
    people()
    ask("amina", by=actor("gp"))

    newest = audit.find(Wanted(patient="amina"), limit=1)[0]

    assert newest.agent == "PractitionerRole/gp"
    assert "Observation/amina-weight" in newest.entry


def test_pages_hold_everything_once() -> None:
    people()
    put(*[observation(f"more-{number}", "amina") for number in range(5)])
    seen: list[str] = []
    page = ask("amina", _count="3", _type="Observation")
    while True:
        seen += named(page)
        links = {link["relation"]: link["url"] for link in page["link"]}
        assert "$everything" in links["self"]
        if "next" not in links:
            break
        query = parse_qs(urlsplit(links["next"]).query)
        page = ask("amina", **{name: values[0] for name, values in query.items()})

    assert len(seen) == len(set(seen)) == 7
    assert page["total"] == 7


def test_only_what_changed_since_a_moment_and_only_some_types() -> None:
    people()
    put(observation("late", "amina"), at=AT + timedelta(days=1))

    since = (AT + timedelta(hours=1)).isoformat()

    assert named(ask("amina", _since=since)) == ["Observation/late"]
    assert named(ask("amina", _type="Patient")) == ["Patient/amina"]


def dated(id_: str, day: str) -> dict[str, Any]:
    return {**observation(id_, "amina"), "effectiveDateTime": day}


def test_only_care_within_some_days_and_what_has_no_date() -> None:
    people()
    put(
        dated("before", "2025-12-31"),
        dated("first", "2026-01-01T00:30:00+05:00"),
        dated("last", "2026-01-31"),
        dated("after", "2026-02-01"),
    )
    subject = {"reference": "Patient/amina"}
    codes = {"code": {"text": "x"}, "subject": subject}
    put(
        {"resourceType": "Condition", "id": "old", "onsetDateTime": "2010", **codes},
        {"resourceType": "Condition", "id": "over", "onsetDateTime": "2010",
         "abatementDateTime": "2011", **codes},
        {"resourceType": "CareTeam", "id": "team", "subject": subject},
        {"resourceType": "CareTeam", "id": "then", "subject": subject,
         "period": {"start": "2020", "end": "2021"}},
    )  # fmt: skip

    found = named(ask("amina", start="2026-01-01", end="2026-01-31"))

    assert "Patient/amina" in found
    assert {"Observation/first", "Observation/last"} <= set(found)
    assert {"Observation/before", "Observation/after"}.isdisjoint(found)
    assert {"Condition/old", "CareTeam/team"} <= set(found)
    assert {"Condition/over", "CareTeam/then"}.isdisjoint(found)
    assert "Observation/after" in named(ask("amina", start="2026-01"))
    assert "Observation/before" in named(ask("amina", end="2026"))


@pytest.mark.parametrize(
    "query",
    [
        {"start": "monday"},
        {"start": "2026-02", "end": "2026-01"},
        {"_type": "Patients"},
        {"_count": "0"},
        {"_after": "x"},
        {"_after": "²"},
        {"_after": "9" * 30},
        {"_since": "2026-03-02"},
    ],
)
def test_wrong_inputs_are_refused(query: dict[str, str]) -> None:
    people()

    with pytest.raises(Unusable):
        ask("amina", **query)


def test_a_page_goes_on_where_the_one_before_ended_while_things_are_deleted() -> None:
    people()
    for number in range(4):
        put(observation(f"more-{number}", "amina"))
    first = ask("amina", _count="3")
    shown = named(first)
    after = parse_qs(urlsplit(first["link"][1]["url"]).query)["_after"][0]
    save([Change("DELETE", "Observation", "amina-weight")], actor=PLATFORM, at=AT)

    assert "Observation/amina-weight" in shown
    assert named(ask("amina", _after=after)) == [
        f"Observation/more-{number}" for number in range(4)
    ]


def test_a_page_may_hold_the_person_alone() -> None:
    people()
    first = ask("amina", _count="1")
    after = parse_qs(urlsplit(first["link"][1]["url"]).query)["_after"][0]

    assert named(first) == ["Patient/amina"]
    assert named(ask("amina", _count="5", _after=after)) == [
        "Observation/amina-weight",
        "Observation/amina-hiv",
    ]
