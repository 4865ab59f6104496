"""Searching over HTTP: pages, includes, what is refused, and who may see what."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.web.fhir.calling import Api, bundle, entry, patient, said, words
from tests.web.fhir.searching import load

pytestmark = pytest.mark.django_db
FORM = "application/x-www-form-urlencoded"
IIN = "http://qamqor.invalid/fhir/sid/iin"


def reading(id_: str, who: str, day: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        "subject": {"reference": f"Patient/{who}"},
        "effectiveDateTime": day,
    }


@pytest.fixture
def some(db: None) -> None:
    people = [patient(f"p{n}", name=[{"family": f"Omarova{n}"}], gender="female") for n in range(5)]
    readings = [reading(f"o{n}", f"p{n % 2}", f"2026-01-{n + 1:02}") for n in range(6)]
    load([*people, *readings])


def ids(answer: Any, mode: str = "match") -> list[str]:
    listed = said(answer).get("entry", [])
    return [e["resource"]["id"] for e in listed if e["search"]["mode"] == mode]


def following(answer: Any) -> str | None:
    links = {link["relation"]: link["url"] for link in said(answer)["link"]}
    return links["next"].partition("/fhir")[2] if "next" in links else None


def test_pages_follow_each_other_until_everything_was_shown(api: Api, some: None) -> None:
    answer = api.get("/Patient?gender=female&_count=2")
    found = ids(answer)
    while (link := following(answer)) is not None:
        assert "female" not in link
        answer = api.get(link)
        found += ids(answer)
    assert found == ["p0", "p1", "p2", "p3", "p4"]


def test_a_page_stays_right_when_something_is_written_between(api: Api, some: None) -> None:
    first = api.get("/Observation?_sort=-date&_count=2")
    api.delete("/Observation/o5")
    load([reading("o9", "p1", "2026-02-01")])
    assert ids(first) == ["o5", "o4"]
    assert ids(api.get(str(following(first)))) == ["o3", "o2"]


def test_a_page_of_another_search_is_refused(api: Api, some: None) -> None:
    link = str(following(api.get("/Patient?_count=2")))
    assert api.get(link.replace("/Patient", "/Observation")).status_code == 400
    assert api.get("/Patient?_page=made-up").status_code == 400


def test_includes_stand_behind_the_matches(api: Api, some: None) -> None:
    answer = api.get("/Observation?_id=o0&_include=Observation:subject")
    assert (ids(answer), ids(answer, "include")) == (["o0"], ["p0"])
    back = api.get("/Patient?_id=p1&_revinclude=Observation:patient")
    assert ids(back, "include") == ["o1", "o3", "o5"]


def test_the_same_search_by_post(api: Api, some: None) -> None:
    form = urlencode({"patient": "Patient/p0", "date": "ge2026-01-03"})
    answer = api.post("/Observation/_search", form, content_type=FORM)
    assert ids(answer) == ["o2", "o4"]
    assert api.post("/Observation/_search", "{}").status_code == 415


def test_what_is_not_known_is_left_out_and_named_or_refused(api: Api, some: None) -> None:
    lenient = said(api.get("/Patient?foo=1&_id=p0"))
    assert lenient["entry"][1]["search"]["mode"] == "outcome"
    assert "foo" in lenient["entry"][1]["resource"]["issue"][0]["diagnostics"]
    assert "foo" not in lenient["link"][0]["url"]
    strict = api.get("/Patient?foo=1", prefer="handling=strict")
    assert (strict.status_code, "foo" in words(strict)) == (400, True)
    assert api.get("/Patient?birthdate=soon").status_code == 400
    assert api.get("/Nothing?_id=1").status_code == 404


def test_a_persons_number_is_not_asked_for_in_an_address(api: Api, some: None) -> None:
    assert "POST" in words(api.get(f"/Patient?identifier={IIN}|990101300017"))
    assert "POST" in words(api.get(f"/Observation?patient.identifier={IIN}|990101300017"))
    form = urlencode({"identifier": f"{IIN}|990101300017"})
    assert api.post("/Patient/_search", form, content_type=FORM).status_code == 200


def test_counts(api: Api, some: None) -> None:
    assert said(api.get("/Observation?_count=0"))["total"] == 6
    assert said(api.get("/Observation?_summary=count"))["total"] == 6
    assert said(api.get("/Observation?_count=2&_total=accurate"))["total"] == 6
    assert "total" not in said(api.get("/Observation?_count=2"))
    assert said(api.get("/Observation?code=nothing"))["total"] == 0


def test_a_compartment_holds_what_belongs_to_its_owner(api: Api, some: None) -> None:
    assert ids(api.get("/Patient/p0/Observation?date=ge2026-01-02")) == ["o2", "o4"]
    everything = api.get("/Patient/p0/*?_count=3")
    assert ids(everything) == ["p0", "o0", "o2"]
    assert ids(api.get(str(following(everything)))) == ["o4"]
    assert api.get("/Patient/p0/Organization").status_code == 404
    assert api.get("/Observation/o0/Patient").status_code == 404


def test_all_types_at_once(api: Api, some: None) -> None:
    assert ids(api.get("?_id=p0,o1")) == ["p0", "o1"]
    assert ids(api.get("?_type=Observation&_id=p0,o1")) == ["o1"]


def test_a_compartment_is_searched_for_some_of_its_types(api: Api, some: None) -> None:
    assert ids(api.get("/Patient/p0/*")) == ["p0", "o0", "o2", "o4"]
    assert ids(api.get("/Patient/p0/*?_type=Observation,Condition")) == ["o0", "o2", "o4"]
    outside = api.get("/Patient/p0/*?_type=Organization")
    assert outside.status_code == 400
    assert "names no type that is searched" in words(outside)


def test_one_type_is_not_searched_for_another(api: Api, some: None) -> None:
    answer = api.get("/Patient?_type=Observation&_count=1")
    assert "_type" not in said(answer)["link"][0]["url"]
    notes = said(answer)["entry"][-1]["resource"]["issue"]
    assert "names no type that is searched" in notes[0]["diagnostics"]
    strict = api.get("/Patient?_type=Observation", prefer="handling=strict")
    assert strict.status_code == 400


def test_resources_may_be_shortened(api: Api, some: None) -> None:
    shown = said(api.get("/Observation?_id=o0&_elements=subject"))["entry"][0]["resource"]
    assert "subject" in shown
    assert "effectiveDateTime" not in shown


def test_a_search_in_a_batch_is_answered(api: Api, some: None) -> None:
    answer = said(api.post("", bundle("batch", entry("GET", "Patient?gender=female&_count=1"))))
    assert answer["entry"][0]["resource"]["type"] == "searchset"


def test_a_condition_means_one_resource(api: Api, some: None) -> None:
    other = patient(gender="male", name=[{"family": "Omarova0"}])
    assert api.put("/Patient?name=Omarova0", other).status_code == 200
    assert said(api.get("/Patient/p0"))["gender"] == "male"
    assert api.put("/Patient?name=Omarova", other).status_code == 412


def test_scopes_decide_what_is_found(some: None) -> None:
    blind = Api("system/Observation.rs")
    assert blind.get("/Patient").status_code == 403
    answer = blind.get("/Observation?_id=o0&_include=Observation:subject")
    assert (ids(answer), ids(answer, "include")) == (["o0"], [])
    assert ids(blind.get("/Observation?patient.gender=female")) == []
    narrow = Api("system/Observation.rs?date=ge2026-01-05")
    assert ids(narrow.get("/Observation")) == ["o4", "o5"]


@pytest.mark.parametrize(
    "where", ["http://example.org/set", "ValueSet/kept", "http://testserver/fhir/ValueSet/kept"]
)
def test_a_value_set_is_named_by_its_address_or_by_where_it_is_kept(
    api: Api, some: None, where: str
) -> None:
    compose = {"include": [{"system": "http://loinc.org", "concept": [{"code": "29463-7"}]}]}
    value_set = {"resourceType": "ValueSet", "id": "kept", "url": "http://example.org/set"}
    api.put("/ValueSet/kept", {**value_set, "status": "active", "compose": compose})

    found = ids(api.get(f"/Observation?code:in={where}"))

    assert found
    assert found == ids(api.get("/Observation?code=http://loinc.org|29463-7"))
    assert api.get(f"/Observation?code:in={where}x").status_code == 400


@pytest.fixture
def places(api: Api) -> None:
    """A district, a clinic in it, a floor in that, a room on it; each with an encounter."""
    above = ""
    for name in ("district", "clinic", "floor", "room"):
        place = {"resourceType": "Location", "id": name, "status": "active"}
        if above:
            place["partOf"] = {"reference": f"Location/{above}"}
        api.put(f"/Location/{name}", place)
        held = {"resourceType": "Encounter", "id": f"in-{name}", "status": "finished"}
        where = {"location": [{"location": {"reference": f"Location/{name}"}}]}
        api.put(f"/Encounter/in-{name}", {**held, "class": {"code": "AMB"}, **where})
        above = name


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("Encounter?location:below=Location/clinic", ["in-clinic", "in-floor", "in-room"]),
        ("Encounter?location:below=clinic", ["in-clinic", "in-floor", "in-room"]),
        ("Encounter?location:below=room,clinic", ["in-clinic", "in-floor", "in-room"]),
        ("Encounter?location:above=Location/floor", ["in-clinic", "in-district", "in-floor"]),
        ("Location?partof:below=Location/clinic", ["floor", "room"]),
        ("Location?partof:above=Location/clinic", ["clinic", "floor"]),
        ("Location?_has:Encounter:location:location:above=floor", ["clinic", "district", "floor"]),
        ("Encounter?location:below=nowhere", []),
        ("Encounter?location:below=Organization/clinic", []),
    ],
)
def test_references_are_followed_up_and_down_what_they_are_part_of(
    api: Api, places: None, asked: str, expected: list[str]
) -> None:
    assert sorted(ids(api.get(f"/{asked}"))) == expected


def test_a_tree_shows_nothing_of_what_may_not_be_seen(api: Api, places: None) -> None:
    only = Api("system/Encounter.rs")

    assert ids(only.get("/Encounter?location:below=clinic")) == ["in-clinic"]
    assert api.get("/Patient?link:below=x").status_code == 400
