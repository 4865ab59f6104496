# ruff: noqa: E501
"""SQL and plain Python find the same resources, in the same order, page by page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qamqor.engine.fhir.search.grammar import read_query
from qamqor.engine.fhir.search.query import Query
from qamqor.engine.fhir.search.wanted import Setting
from qamqor.services.access.actor import PLATFORM
from qamqor.services.fhir.write import Change, save
from qamqor.store.fhir import search
from tests.agreement.plain_search import Memory

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MICRO = 1_772_442_000_000_000
LOINC, UCUM, TAGS = "http://loinc.org", "http://unitsofmeasure.org", "http://tags"
SETTING = Setting(at=MICRO, zone=5 * 3_600_000_000)


def concept(code: str, text: str) -> dict[str, Any]:
    return {"coding": [{"system": LOINC, "code": code, "display": text}], "text": text.upper()}


def quantity(value: float, unit: str) -> dict[str, Any]:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def patient(id_: str, family: str, given: list[str], **extra: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": id_,
        "name": [{"family": family, "given": given}],
        **extra,
    }


def observation(id_: str, who: str, **extra: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "subject": {"reference": who},
        **extra,
    }


def pressure(systolic: float, diastolic: float, unit: str = "mm[Hg]") -> list[dict[str, Any]]:
    return [
        {"code": concept("8480-6", "Systolic"), "valueQuantity": quantity(systolic, unit)},
        {"code": concept("8462-4", "Diastolic"), "valueQuantity": quantity(diastolic, unit)},
    ]


RESOURCES: list[dict[str, Any]] = [
    patient("amina", "Қасымова", ["Әсел"], gender="female", birthDate="1980-05-01",
            identifier=[{"system": "http://ids", "value": "12", "type": concept("MR", "Chart")}],
            meta={"tag": [{"system": TAGS, "code": "a"}], "profile": ["http://p/x|2"]},
            address=[{"city": "Almaty", "line": ["Abay 1"]}], telecom=[{"system": "phone", "value": "8"}]),
    patient("berik", "Касымов", ["Berik", "Renée"], gender="male", birthDate="1980",
            managingOrganization={"reference": "Organization/north"}, active=True,
            meta={"profile": ["http://p/x", "http://p/y/z"]}),
    patient("dana", "Omarova", [], gender="other", deceasedDateTime="2020-02-03",
            identifier=[{"value": "12"}], generalPractitioner=[{"reference": "Practitioner/doc"}]),
    {"resourceType": "Patient", "id": "nobody"},
    {"resourceType": "Organization", "id": "north", "name": "North", "active": True,
     "partOf": {"reference": "Organization/top"}},
    {"resourceType": "Organization", "id": "top", "name": "Top 100% _x", "type": [concept("t", "Top")]},
    {"resourceType": "Practitioner", "id": "doc", "name": [{"family": "Doctor"}]},
    {"resourceType": "Location", "id": "astana", "position": {"longitude": 71.43, "latitude": 51.13}},
    {"resourceType": "Location", "id": "almaty", "position": {"longitude": 76.9, "latitude": 43.24}},
    {"resourceType": "Encounter", "id": "visit", "status": "finished",
     "class": {"system": "c", "code": "AMB"}, "subject": {"reference": "Patient/amina"},
     "period": {"start": "2026-02-01T10:00:00Z", "end": "2026-02-01T10:30:00Z"}},
    {"resourceType": "Encounter", "id": "stay", "status": "in-progress",
     "class": {"system": "c", "code": "IMP"}, "subject": {"reference": "Patient/berik"},
     "period": {"start": "2025-12-01"}},
    observation("weight", "Patient/amina", code=concept("29463-7", "Weight"),
                effectiveDateTime="2026-01-10T08:00:00+05:00", valueQuantity=quantity(70, "kg"),
                encounter={"reference": "Encounter/visit"}),
    observation("weight-g", "Patient/berik", code=concept("29463-7", "Body weight"),
                effectiveDateTime="2026-01", valueQuantity=quantity(70000, "g")),
    observation("weight-lb", "Patient/gone", code=concept("29463-7", "Weight"),
                effectivePeriod={"start": "2025-01-01", "end": "2026-06-01"},
                valueQuantity={"value": 154, "unit": "lbs"}, performer=[{"reference": "Practitioner/doc"}]),
    observation("pressure", "Patient/amina", code=concept("85354-9", "Pressure"),
                effectiveDateTime="2026-01-10", component=pressure(140, 90), issued="2026-01-10T09:00:00Z"),
    observation("pressure-2", "Patient/berik", code={"text": "only words"},
                effectiveInstant="2026-01-11T00:00:00Z", component=pressure(118, 95),
                meta={"source": "urn:src", "security": [{"code": "R"}]}),
    observation("smoking", "https://other/fhir/Patient/9", code=concept("72166-2", "Smoking"),
                valueCodeableConcept=concept("LA1-8", "Never"), dataAbsentReason={"text": "x"}),
    observation("group", "Group/g", code=concept("1", "One"), valueString="Ұзақ сөз",
                subject={"identifier": {"system": "http://ids", "value": "12"}, "type": "Patient"}),
    {"resourceType": "RiskAssessment", "id": "risk", "status": "final",
     "subject": {"reference": "Patient/amina"}, "prediction": [{"probabilityDecimal": 0.25}]},
]  # fmt: skip


@pytest.fixture(scope="module")
def memory(django_db_setup: None, django_db_blocker: Any) -> Any:
    """The resources saved once for the module, and the same in memory; deleted and changed some."""
    from django.db import transaction

    kept = Memory()
    with django_db_blocker.unblock(), transaction.atomic():
        wrong = [Change("PUT", r["resourceType"], r["id"], {**r, "language": "xx", "status": "final"})
                 for r in RESOURCES]  # fmt: skip
        extra = patient("deleted", "Касымова", ["Was"], gender="female", active=True)
        save([*wrong, Change("PUT", "Patient", "deleted", extra)], actor=PLATFORM, at=AT)
        save([Change("DELETE", "Patient", "deleted")], actor=PLATFORM, at=AT)
        for number, resource in enumerate(RESOURCES):
            at = AT + timedelta(seconds=number)
            change = Change("PUT", resource["resourceType"], resource["id"], resource)
            (stored,) = save([change], actor=PLATFORM, at=at)
            assert stored.resource is not None
            kept.add(stored.key, stored.resource, stored.version.at)
        yield kept
        transaction.set_rollback(True)


def asked(resource_type: str | None, *pairs: tuple[str, str]) -> Query:
    types = [resource_type] if resource_type else []
    return read_query(types, pairs, SETTING, is_strict=False)


def everything(query: Query, size: int) -> list[int]:
    """All pages of a search, one behind the other."""
    found: list[int] = []
    after = None
    while True:
        page = search.page(query, limit=size, after=after)
        found += page.keys
        after = page.next
        if after is None:
            return found


ASKED: list[tuple[str, str, list[str]]] = [
    ("Patient", "name", ["касым", "Қасым", "ren", "omarova", "x"]),
    ("Patient", "name:exact", ["Қасымова", "Касымов", "касымова"]),
    ("Patient", "name:contains", ["ым", "en", "%", "асы", "сымов", "АСЫМОВА", 'a"b', "ren,асы", "x" * 300]),
    ("Patient", "address:contains", ["bay 1", "maty"]),
    ("Patient", "telecom:missing", ["true", "false"]),
    ("Patient", "gender", ["male", "male,female", "MALE", "http://any|male"]),
    ("Patient", "gender:not", ["male", "male,female"]),
    ("Patient", "gender:missing", ["true", "false"]),
    ("Patient", "birthdate", ["1980", "1980-05", "ge1980-05-01", "lt1980-06", "ne1980-05-01", "ap1985"]),
    ("Patient", "identifier", ["12", "|12", "http://ids|12", "http://ids|", "13"]),
    ("Patient", "identifier:of-type", ["http://loinc.org|MR|12", "http://loinc.org|XX|12"]),
    ("Patient", "identifier:text", ["chart", "art"]),
    ("Patient", "deceased", ["true", "false"]),
    ("Patient", "active:missing", ["true", "false"]),
    ("Patient", "organization", ["Organization/north", "north", "Organization/no"]),
    ("Patient", "organization.name", ["nor", "top"]),
    ("Patient", "organization.partof.name", ["top", "nor", "TOP 100% _"]),
    ("Patient", "_id", ["amina", "amina,berik", "deleted"]),
    ("Patient", "_id:not", ["amina"]),
    ("Patient", "_tag", ["a", "http://tags|a", "|a"]),
    ("Patient", "_profile", ["http://p/x", "http://p/x|2", "http://p/x|1"]),
    ("Patient", "_profile:below", ["http://p", "http://p/x", "http://p/y"]),
    ("Patient", "_profile:above", ["http://p/y/z/w", "http://p/x|2"]),
    ("Patient", "_lastUpdated", ["2026-03-02", "gt2026-03-02T09:00:01Z", "lt2026-03-02T09:00:02Z"]),
    ("Patient", "_has:Observation:patient:code", ["29463-7", "85354-9", "1"]),
    ("Patient", "_has:Observation:patient:value-quantity", ["gt60|http://unitsofmeasure.org|kg"]),
    ("Patient", "_has:Encounter:patient:_has:Observation:encounter:code", ["29463-7"]),
    ("Patient", "address-city", ["alma"]),
    ("Patient", "phone", ["8"]),
    ("Observation", "code", ["29463-7", "http://loinc.org|85354-9,http://loinc.org|1", "http://loinc.org|"]),
    ("Observation", "code:text", ["weight", "body", "only", "eight"]),
    ("Observation", "code:not", ["29463-7"]),
    ("Observation", "code:missing", ["true", "false"]),
    ("Observation", "date", ["2026-01-10", "2026-01", "gt2026-01-10", "ge2026-01-11", "lt2026-01-10",
                             "le2026-01", "sa2026-01-09", "eb2026-02", "ne2026-01", "ap2026-01-10",
                             "2026-01-10,2025", "ge2025-06-01", "gt2026-05-31"]),
    ("Observation", "date:missing", ["true", "false"]),
    ("Observation", "value-quantity:missing", ["true", "false"]),
    ("Observation", "value-string:contains", ["ак с", "сөз"]),
    ("Observation", "patient.gender:missing", ["true", "false"]),
    ("Patient", "_has:Observation:patient:date:missing", ["true", "false"]),
    ("Organization", "name:contains", ["100%", "0% _x", "orth"]),
    ("Observation", "subject", ["Patient/amina", "amina", "https://other/fhir/Patient/9", "Patient/gone"]),
    ("Observation", "subject:Patient", ["amina"]),
    ("Observation", "subject:identifier", ["http://ids|12", "12"]),
    ("Observation", "subject:missing", ["true", "false"]),
    ("Observation", "patient.name", ["kas", "касым"]),
    ("Observation", "subject:Patient.organization.name", ["nor"]),
    ("Observation", "patient.gender:not", ["male"]),
    ("Observation", "patient.birthdate", ["lt1981", "ge1980-05"]),
    ("Observation", "patient._id", ["amina"]),
    ("Observation", "encounter.date", ["2026-02"]),
    ("Observation", "value-quantity", ["70", "70000", "70|http://unitsofmeasure.org|kg", "154||lbs", "gt69000",
                                       "70000||g", "le70|http://unitsofmeasure.org|kg", "154|http://x|lbs"]),
    ("Observation", "combo-value-quantity", ["gt100|http://unitsofmeasure.org|mm[Hg]", "ap95"]),
    ("Observation", "component-code-value-quantity", ["8480-6$gt130", "http://loinc.org|8480-6$lt120|http://unitsofmeasure.org|mm[Hg]",
                                                      "8462-4$ge140", "8480-6$ge15||kPa"]),
    ("Observation", "code-value-concept", ["72166-2$LA1-8", "72166-2$http://loinc.org|", "1$LA1-8"]),
    ("Observation", "code-value-string", ["1$узак", "1$x"]),
    ("Observation", "value-string", ["ұзақ"]),
    ("Observation", "_source", ["urn:src"]),
    ("Observation", "_security:not", ["R"]),
    ("Observation", "performer:Practitioner.name", ["doc"]),
    ("Encounter", "date", ["ge2026-02-02", "gt2030", "2026-02-01", "lt2026", "sa2026", "ap2026-02-01"]),
    ("Encounter", "class", ["IMP", "c|AMB"]),
    ("Location", "near", ["51|71|100|km", "51|71|100|m", "45|75", "43|77|2000|km"]),
    ("RiskAssessment", "probability", ["0.25", "gt0.2", "lt0.2", "0.3"]),
    ("Organization", "name", ["TOP 100%", "north,top"]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "name"), [(k, n) for k, n, _ in ASKED])
def test_each_kind_of_question(
    memory: Memory, django_db_blocker: Any, kind: str, name: str
) -> None:
    (listed,) = [values for k, n, values in ASKED if (k, n) == (kind, name)]
    answers = []
    for value in listed:
        query = asked(kind, (name, value))
        assert query.refused == query.ignored == ()
        with django_db_blocker.unblock():
            found = everything(query, 2)
            assert search.count(query) == len(found)
        assert found == memory.search(query), value
        answers.append(len(found))
    assert any(answers), "no value of this question finds anything"


def test_shapes_made_anew_are_those_that_were_kept(memory: Memory, django_db_blocker: Any) -> None:
    migration = import_module("qamqor.store.migrations.0016_shapes")
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        made = migration._shapes_after(cursor, 0)
        cursor.execute("select key, shape from search_shape order by key")
        assert [(key, number) for key, number, _ in made] == list(cursor.fetchall())
        cursor.execute("select shape, param from search_shape_of order by shape, param")
        listed = set(cursor.fetchall())
        assert {(number, one) for _, number, some in made for one in some} <= listed


PAIRS = st.sampled_from([(k, n, v) for k, n, values in ASKED for v in values])
SORTS = st.sampled_from(
    [
        "",
        "_id",
        "-_id",
        "_lastUpdated",
        "-_lastUpdated",
        "own",
        "-own",
        "two",
        "-two",
        "own two",
        "row two",
        "three",
    ]
)
OWN = {
    "Patient": ["birthdate", "name", "gender", "organization"],
    "Observation": ["date", "code", "value-quantity", "subject", "status", "_source"],
    "Encounter": ["date", "class"],
    "Location": ["name"],
    "RiskAssessment": ["probability"],
    "Organization": ["name", "partof"],
}


@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), size=st.integers(1, 7))
def test_questions_together_in_any_order(
    memory: Memory, django_db_blocker: Any, data: st.DataObject, size: int
) -> None:
    kind, name, value = data.draw(PAIRS)
    pairs = [(name, value)]
    others = st.sampled_from([(n, v) for k, n, values in ASKED if k == kind for v in values])
    pairs += data.draw(st.lists(others, max_size=2))
    if data.draw(st.booleans()):
        pairs = pairs[1:]
    sort = data.draw(SORTS)
    own = data.draw(st.sampled_from(OWN[kind]))
    other = data.draw(st.sampled_from(OWN[kind]))
    several = {
        "two": f"{own},-_lastUpdated",
        "-two": f"-{own},_id",
        "own two": f"{own},-{other}",
        "row two": f"-_lastUpdated,{own}",
        "three": f"-{own},{other},-_id",
    }
    if sort in several:
        pairs.append(("_sort", several[sort]))
    elif sort:
        pairs.append(("_sort", sort.replace("own", own)))
    query = asked(kind, *pairs)
    assert query.refused == ()
    few, many = data.draw(st.sampled_from([(1_000, 20_000), (2, 3), (0, 0)]))
    expected = memory.search(query)
    with django_db_blocker.unblock(), Limited(few, many):
        assert everything(query, size) == expected, pairs
        assert search.count(query) == search.estimate(query) == len(expected)


def test_an_estimate_beyond_what_is_counted_is_near(
    memory: Memory, django_db_blocker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = asked("Observation")
    monkeypatch.setattr(search.LIMITS, "counted", 4)
    with django_db_blocker.unblock():
        assert 4 <= search.estimate(query) <= 2 * search.count(query)
        monkeypatch.setattr(search.LIMITS, "counted", 1_000)
        assert search.estimate(query) == search.count(query)


class Limited:
    """Small limits, so that few resources are searched as many would be."""

    def __init__(self, few: int, many: int) -> None:
        self.now, self.before = (few, many), (search.LIMITS.few, search.LIMITS.many)

    def __enter__(self) -> None:
        search.LIMITS.few, search.LIMITS.many = self.now

    def __exit__(self, *_: Any) -> None:
        search.LIMITS.few, search.LIMITS.many = self.before


@pytest.mark.parametrize(
    "pairs", [[("_lastUpdated", "ge2026")], [("_sort", "-_lastUpdated")], [("_id", "north,amina")],
              [("_type", "Patient,Location"), ("_sort", "_id")], [("_security:not", "R")]],
)  # fmt: skip
def test_all_types_at_once(
    memory: Memory, django_db_blocker: Any, pairs: list[tuple[str, str]]
) -> None:
    query = asked(None, *pairs)
    assert query.refused == ()
    with django_db_blocker.unblock():
        assert everything(query, 4) == memory.search(query)


WORDS = st.text(max_size=12) | st.sampled_from(
    [
        "%",
        "_",
        "'",
        '"',
        "--",
        "1e300",
        "-1e-300",
        "ge9999-12-31",
        "lt0001",
        "a" * 5000,
        "𝄞",
        "\\",
        "|",
    ]
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_value_breaks_a_search(
    memory: Memory, django_db_blocker: Any, data: st.DataObject
) -> None:
    kind, name, value = data.draw(PAIRS)
    text = "".join(data.draw(st.permutations([value, data.draw(WORDS)])))
    query = asked(kind, (name, data.draw(st.sampled_from([text, data.draw(WORDS)]))))
    if query.refused or not query.used:
        return
    with django_db_blocker.unblock():
        assert everything(query, 5) == memory.search(query)
