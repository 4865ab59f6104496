"""Systems that search together are answered, refused and kept as each would be alone."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oauth2_provider.models import AccessToken

from qamqor.errors import QamqorError, TooMany
from qamqor.services.access import limits
from qamqor.services.access.actor import of_system
from qamqor.services.access.in_search import hidden, in_sight
from qamqor.services.access.sights import Sights
from qamqor.services.fhir import read_together, search, search_together
from qamqor.services.fhir.search import Asked
from qamqor.services.fhir.write import Change, save
from qamqor.store import audit, quick, shared, tokens
from qamqor.store.fhir import search_many, search_plans
from qamqor.store.fhir.search_many import SEARCHING
from qamqor.web.fhir.gate import checksum_of
from qamqor.web.fhir.search import written
from tests.databases import ON_POSTGRESQL, ON_SQLITE
from tests.services.access.village import AT, PLATFORM, observation, patient, people, put
from tests.tokens import account, token

pytestmark = pytest.mark.django_db(transaction=True)
LOINC, BASE = "http://loinc.org", "http://here.example/fhir"
ENDLESS = "with recursive n(n) as (select 1 union all select n + 1 from n) select count(*) from n"
ALL = "system/*.cruds label/*"
SCOPES = (
    ALL,
    "system/*.rs",
    "system/*.rs label/HIV",
    "system/Observation.rs",
    "system/Patient.rs",
    "system/Observation.rs?code=http://loinc.org|29463-7",
)
ASKED = {
    "Observation": (
        ("code", f"{LOINC}|29463-7"),
        ("code", "29463-7"),
        ("code", f"{LOINC}|"),
        ("code", f"{LOINC}|29463-7,{LOINC}|8480-6"),
        ("code", "8480-6,,nothing"),
        ("code:not", f"{LOINC}|8480-6"),
        ("code:text", "weight"),
        ("code", "8480-6"),
        ("code", f"{LOINC}|8480-6"),
        ("date", "2026-01-03"),
        ("date", "2026-01-05"),
        ("date", "ge2026-01-05"),
        ("date", "ge2026-01-03"),
        ("date", "gt2026-01"),
        ("date", "lt2026-01-05T10:00:00+05:00"),
        ("date", "2026-01-03,2026-01-04"),
        ("date", "ap2026-01-03"),
        ("date", "no date"),
        ("date:missing", "true"),
        ("value-quantity", "gt102||kg"),
        ("subject", "Patient/amina"),
        ("subject", f"{BASE}/Patient/bolat"),
        ("patient", "amina"),
        ("patient", "amina,bolat"),
        ("patient", "dana"),
        ("patient.family", "ser"),
        ("patient.family", "қас"),
        ("patient.family:exact", "Қасымов"),
        ("patient.family:exact", "Serik"),
        ("patient.family:contains", "eri"),
        ("patient.gender", "female"),
        ("subject:Patient.name", "amina"),
        ("patient._has:Observation:patient:code", "8480-6"),
        ("has-member.code", "8480-6"),
        ("status", "final"),
        ("_id", "n1"),
        ("_id", "n6"),
        ("_id", "n9"),
        ("_id", "n1,n2,n3"),
        ("_lastUpdated", "ge2026-03-02"),
        ("_profile", "http://example.org/p"),
        ("_security", "HIV"),
        ("combo-code-value-quantity", f"{LOINC}|29463-7$gt103"),
        ("colour", "green"),
    ),
    "Patient": (
        ("family", "ser"),
        ("family", "k"),
        ("_lastUpdated", "gt2026-01-01"),
        ("active:missing", "true"),
        ("family:exact", "Serik"),
        ("name", "қас"),
        ("gender", "female"),
        ("birthdate", "le1985"),
        ("birthdate", "1980-05-05"),
        ("_has:Observation:patient:code", f"{LOINC}|8480-6"),
        ("_has:Observation:patient:_security", "HIV"),
        ("identifier", "urn:chart|7"),
        ("organization", "Organization/centre"),
        ("general-practitioner", "Organization/north"),
        ("_id", "amina"),
    ),
}
SHAPED = (
    ("_sort", "date"),
    ("_sort", "-date"),
    ("_sort", "-date,code"),
    ("_sort", "code,-_lastUpdated"),
    ("_sort", "birthdate"),
    ("_sort", "-_lastUpdated"),
    ("_sort", "_id"),
    ("_count", "1"),
    ("_count", "3"),
    ("_count", "0"),
    ("_count", "500"),
    ("_total", "none"),
    ("_total", "accurate"),
    ("_summary", "true"),
    ("_summary", "count"),
    ("_elements", "code,status"),
    ("_include", "Observation:subject"),
    ("_include", "Observation:has-member"),
    ("_include:iterate", "Patient:general-practitioner"),
    ("_revinclude", "Observation:patient"),
    ("_revinclude", "Observation:has-member"),
)


def village() -> None:
    people()
    names = {"amina": "Serik", "bolat": "Қасымов", "dana": "Seriсон"}
    put(
        *(
            patient(
                id_,
                area,
                name=[{"family": names[id_], "given": [id_.title()]}],
                gender="male" if id_ == "bolat" else "female",
                identifier=[{"system": "urn:chart", "value": str(n)}],
            )
            for n, (id_, area) in enumerate(
                [("amina", "north"), ("bolat", "south"), ("dana", "far")], 6
            )
        )
    )
    put(
        *(
            observation(
                f"n{n}",
                ("amina", "bolat", "dana")[n % 3],
                *(["HIV"] if n % 7 == 0 else []),
                code={
                    "coding": [{"system": LOINC, "code": ("29463-7", "8480-6")[n % 2]}],
                    "text": "Weight" if n % 2 == 0 else "Pressure",
                },
                **({} if n % 5 == 0 else {"effectiveDateTime": f"2026-01-{n % 6 + 1:02}"}),
                valueQuantity={"value": 100 + n % 9, "unit": "kg"},
                **({"hasMember": [{"reference": f"Observation/n{n - 1}"}]} if n % 4 == 0 else {}),
            )
            for n in range(1, 41)
        )
    )
    save([Change("DELETE", "Observation", "n6")], actor=PLATFORM, at=AT)


@pytest.fixture(autouse=True)
def _village() -> Iterator[None]:
    village()
    yield
    read_together.forget()


def remembered(scopes: str = ALL, **said: Any) -> str:
    checksum = checksum_of(token(scopes, **said))
    read_together.remember(checksum)
    return checksum


def plainly(checksum: str, asked: Asked, *, at: datetime) -> search.Found:
    found = tokens.by_checksum(checksum)
    assert found is not None
    return search.find(asked, actor=of_system(found.application, found.scope), at=at)


def ended(work: Any, *asked: Any, **named: Any) -> Any:
    """What it gives, or how it refuses."""
    try:
        return work(*asked, **named)
    except QamqorError as refusal:
        return type(refusal), str(refusal)


def told(answer: Any, asked: Asked) -> Any:
    """The bundle as it would be sent; the link to the next page is another text each time."""
    if not isinstance(answer, search.Found):
        return answer
    text = re.sub(r"_page=[^\"]+", "_page", written(answer, asked, base=BASE))
    return text, answer.next, sorted(answer.people)


def kept(after: int) -> list[tuple[Any, ...]]:
    """What the audit says since, without numbers and hashes."""
    return [row[1:6] for rows in audit.stream(after=after) for row in rows]


SEARCHES = st.sampled_from(sorted(ASKED)).flatmap(
    lambda type_: st.tuples(
        st.just(type_),
        st.lists(st.sampled_from(ASKED[type_]), max_size=3),
        st.lists(st.sampled_from(SHAPED), max_size=2, unique_by=lambda pair: pair[0]),
        st.sampled_from([None, None, ("Patient", "amina"), ("Patient", "bolat")]),
        st.sampled_from(SCOPES),
        st.booleans(),
    )
)


def compare(checksum: str, asked: Asked, at: datetime) -> Any:
    """Both ways say and keep the same; gives the quick answer, None where there is no quick way."""
    first = audit.counted()[0]
    together = ended(search_together.find, checksum, asked, at=at)
    second = audit.counted()[0]
    alone = ended(plainly, checksum, asked, at=at)
    if together is None:
        assert second == first
        return None
    assert told(together, asked) == told(alone, asked)
    assert kept(first)[: second - first] == kept(second)
    return together


@settings(
    max_examples=250,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data())
def test_together_is_as_alone(data: st.DataObject) -> None:
    type_, criteria, shaped, owner, scopes, is_strict = data.draw(SEARCHES)
    checksum, at = _checksum(scopes), timezone.now()
    asked = Asked((type_,), (*criteria, *shaped), owner=owner, is_strict=is_strict, bases=(BASE,))
    for _ in range(4):
        answer = compare(checksum, asked, at)
        if not isinstance(answer, search.Found) or answer.next is None:
            return
        asked = replace(asked, after=answer.next)


def _checksum(scopes: str) -> str:
    """One token for each scope, for all examples."""
    found = _checksums.get(scopes)
    if found is None or not AccessToken.objects.filter(token_checksum=found).exists():
        found = _checksums[scopes] = remembered(scopes)
    read_together.remember(found)
    return found


_checksums: dict[str, str] = {}
CODE_AND_DATE = Asked(("Observation",), (("code", f"{LOINC}|29463-7"), ("date", "2026-01-03")))
CHAIN = Asked(("Observation",), (("patient.family:exact", "Serik"),))
WITH_PEOPLE = Asked(("Observation",), (("code", "8480-6"), ("_include", "Observation:subject")))


@pytest.mark.parametrize("asked", [CODE_AND_DATE, CHAIN, WITH_PEOPLE])
def test_what_is_asked_most_goes_the_quick_way(asked: Asked) -> None:
    answer = compare(remembered(), asked, timezone.now())

    assert answer.matches


def test_a_token_that_has_ended_finds_nothing_from_then_on() -> None:
    checksum, at = remembered(), timezone.now()
    before = audit.counted()

    AccessToken.objects.filter(token_checksum=checksum).delete()

    assert search_together.find(checksum, CHAIN, at=at) is None
    assert audit.counted() == before


def test_a_token_finds_until_it_expires() -> None:
    checksum, at = remembered(lives=timedelta(minutes=5)), timezone.now()

    assert search_together.find(checksum, CHAIN, at=at + timedelta(minutes=6)) is None


def test_a_person_is_never_answered_this_way() -> None:
    checksum = remembered("user/*.rs", account=account("gp"))

    assert search_together.find(checksum, CHAIN, at=timezone.now()) is None


def test_who_searches_too_often_waits_whichever_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits.SEARCHES, "most", lambda _: 4.0)
    checksum, at = remembered(), timezone.now()
    ways = [search_together.find, plainly, search_together.find, plainly]
    for way in ways:
        way(checksum, CHAIN, at=at)
    before = audit.counted()

    for way in (search_together.find, plainly):
        with pytest.raises(TooMany):
            way(checksum, CHAIN, at=at)
    assert audit.counted() == before


@ON_SQLITE
def test_a_long_search_is_put_back_and_costs_nobody_else_theirs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    checksum, at = remembered(), timezone.now()
    many = replace(CODE_AND_DATE, pairs=(("subject.name:contains", "eri"), ("_sort", "-date,code")))
    monkeypatch.setattr(limits.SEARCHES, "most", lambda _: 2.0)
    monkeypatch.setattr(search_together, "EACH", 0)
    monkeypatch.setattr(quick, "MANY_STEPS", 100)
    before = audit.counted()

    assert search_together.find(checksum, many, at=at) is None
    assert audit.counted() == before

    monkeypatch.undo()
    monkeypatch.setattr(limits.SEARCHES, "most", lambda _: 2.0)
    assert search_together.find(checksum, CHAIN, at=at) is not None
    assert plainly(checksum, CHAIN, at=at).matches


@pytest.mark.parametrize(
    "name", ["_id", "code", "subject:Patient._id", "_has:Observation:has-member:_id"]
)
def test_a_search_for_very_many_values_keeps_no_change_waiting(name: str) -> None:
    checksum, at = remembered(), timezone.now()

    def asked(many: int) -> Asked:
        return Asked(("Observation",), ((name, ",".join(f"x{n}" for n in range(many))),))

    assert search_together.find(checksum, asked(150), at=at) is not None
    assert search_together.find(checksum, asked(250), at=at) is None


def test_many_who_come_together_are_each_answered_and_kept() -> None:
    at = timezone.now()
    pairs = [(type_, (one,)) for type_ in ASKED for one in ASKED[type_] if one[1] != "no date"]
    asked = [
        (remembered(SCOPES[n % 3]), Asked((type_,), pairs, bases=(BASE,)))
        for n, (type_, pairs) in enumerate(pairs * 4)
    ]
    expected = [told(ended(plainly, *one, at=at), one[1]) for one in asked]
    before = audit.counted()[0]

    def look(one: tuple[str, Asked]) -> Any:
        try:
            found = ended(search_together.find, *one, at=at)
            return told(found or ended(plainly, *one, at=at), one[1])
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(look, asked)) == expected
    assert audit.counted()[0] - before == len(asked)


@pytest.mark.parametrize(
    ("type_", "pairs", "others"),
    [
        (
            "Observation",
            (("code", f"{LOINC}|29463-7"), ("date", "2026-01-03")),
            (("code", "http://other|1"), ("date", "2026-02")),
        ),
        (
            "Observation",
            (("patient.family:exact", "Serik"),),
            (("patient.family:exact", "Қасымов"),),
        ),
        (
            "Patient",
            (("family", "ser"), ("birthdate", "ge1970")),
            (("family", "қ"), ("birthdate", "ge1990-05")),
        ),
    ],
)
def test_searches_of_one_shape_are_one_statement_with_other_values(
    monkeypatch: pytest.MonkeyPatch, type_: str, pairs: Any, others: Any
) -> None:
    at = timezone.now()
    texts: list[str] = []
    rows = quick.rows

    def noted(sql: str, values: Any) -> Any:
        texts.append(sql)
        return rows(sql, values)

    monkeypatch.setattr(quick, "rows", noted)

    def ask(pairs: Any, times: int) -> set[int]:
        texts.clear()
        for _ in range(times):
            asked, said = Asked((type_,), pairs), search.setting((), at)
            query = search.read(asked, said)
            search.found(query, asked, in_sight(sights, said), views=partial(hidden, sights))
        assert len(texts) == times
        return {id(text) for text in texts}

    sights = Sights(of_system(1, ALL), at)
    written = ask(pairs, 10)
    assert ask(others, 1) <= written


@ON_SQLITE
def test_a_long_way_to_a_page_is_stopped_and_another_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    checksum, at = remembered(), timezone.now()
    asked = replace(CODE_AND_DATE, pairs=(("code", "8480-6"), ("date", "2026-01-04")))
    expected = compare(checksum, asked, at)
    stopped: list[str] = []

    def long(self: search_plans._Statement, values: Any) -> Any:
        if not self.is_stopped:
            return asked_first(self, values)
        with contextlib.suppress(quick.TakesLong), quick.at_most(quick.Steps(1)):
            quick.rows(ENDLESS, [])
            stopped.append("not")
        stopped.append("yes")
        return False, None

    asked_first = search_plans._Statement.asked
    search_plans._plans.cache_clear()
    with monkeypatch.context() as patched:
        patched.setattr(search_plans._Statement, "asked", long)
        for _ in range(8):
            assert compare(checksum, asked, at) == expected
    assert stopped == ["yes"] * search_plans.TRIALS


@ON_POSTGRESQL
def test_postgresql_plans_searches_of_one_shape_once() -> None:
    checksum, at = remembered(), timezone.now()
    shared.close_all()
    for day in (3, 4):
        asked = replace(CODE_AND_DATE, pairs=(("code", "8480-6"), ("date", f"2026-01-{day:02}")))
        assert search_together.find(checksum, asked, at=at) is not None

    with SEARCHING.at_work, SEARCHING.borrowed(), connection.cursor() as cursor:
        cursor.execute("select statement, generic_plans, custom_plans from pg_prepared_statements")
        plans = {("lateral" in text): tuple(count) for text, *count in cursor.fetchall()}

    assert plans == {True: (2, 0), False: (2, 0)}


@ON_POSTGRESQL
def test_who_searches_beside_a_long_search_is_answered_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    checksum, at = remembered(), timezone.now()
    rows, tried = search_many.Many.rows, []

    def slow(self: search_many.Many, searches: Any) -> Any:
        tried.append(len(searches))
        quick.rows("select pg_sleep(1 + %s::int)", [search_many.LONGEST // 1000])
        return rows(self, searches)

    monkeypatch.setattr(search_many.Many, "rows", slow)
    asked = replace(CODE_AND_DATE, pairs=(("code", "29463-7"), ("status", "final")))

    assert compare(checksum, asked, at).matches
    assert compare(checksum, asked, at).matches
    assert tried == [1]


@ON_POSTGRESQL
def test_nobody_is_answered_where_those_who_wait_cannot_be_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    checksum, at = remembered(), timezone.now()

    def failing(_: object) -> Any:
        return quick.rows("select nothing from nowhere where 1 = %s", [1])

    with monkeypatch.context() as patched:
        patched.setattr(tokens, "by_checksums", failing)
        with pytest.raises(DatabaseError):
            search_together.find(checksum, CHAIN, at=at)

    assert compare(checksum, CHAIN, at).matches
