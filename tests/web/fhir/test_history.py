"""What happened is shown newest first, page by page, while things go on happening."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.fhir.calling import Api, patient, said, words


def versions(bundle: Any) -> list[str]:
    return [one["response"]["etag"] for one in bundle.get("entry", [])]


def test_the_history_of_one_resource_holds_every_version(api: Api) -> None:
    api.put("/Patient/a", patient("a"))
    api.put("/Patient/a", patient("a", gender="male"))
    api.delete("/Patient/a")
    api.put("/Patient/b", patient("b"))

    found = said(api.get("/Patient/a/_history"))

    assert found["type"] == "history"
    assert found["total"] == 3
    assert versions(found) == ['W/"3"', 'W/"2"', 'W/"1"']
    gone, changed, made = found["entry"]
    assert "resource" not in gone
    assert gone["request"] == {"method": "DELETE", "url": "Patient/a"}
    assert changed["resource"]["gender"] == "male"
    assert made["response"]["status"] == "201 Created"
    assert api.get("/Patient/nobody/_history").status_code == 404


def test_a_type_and_the_whole_record_have_a_history(api: Api) -> None:
    api.put("/Patient/a", patient("a"))
    api.put("/Group/g", {"resourceType": "Group", "id": "g", "type": "person", "actual": True})

    assert len(said(api.get("/Patient/_history"))["entry"]) == 1
    assert len(said(api.get("/_history"))["entry"]) == 2


def test_pages_stay_right_while_things_change(api: Api) -> None:
    for number in range(5):
        api.put(f"/Patient/p{number}", patient(f"p{number}"))
    seen: list[str] = []
    path = "/Patient/_history?_count=2"
    while path:
        page = said(api.get(path))
        seen += [one["resource"]["id"] for one in page["entry"]]
        links = {link["relation"]: link["url"] for link in page["link"]}
        path = links.get("next", "").removeprefix("http://testserver/fhir")
        api.put("/Patient/p0", patient("p0", gender="male"))

    assert seen == ["p4", "p3", "p2", "p1", "p0"]


def test_since_leaves_out_what_was_before(api: Api) -> None:
    api.put("/Patient/a", patient("a"))
    at = said(api.get("/Patient/a"))["meta"]["lastUpdated"]

    assert len(said(api.get(f"/Patient/_history?_since={at}"))["entry"]) == 1
    assert versions(said(api.get("/Patient/_history?_since=2999-01-01T00:00:00Z"))) == []


def test_at_finds_what_stood_then(api: Api) -> None:
    api.put("/Patient/a", patient("a"))
    api.put("/Patient/a", patient("a", gender="male"))

    assert versions(said(api.get("/Patient/a/_history?_at=2999"))) == ['W/"2"']
    assert versions(said(api.get("/Patient/a/_history?_at=1999-01"))) == []


@pytest.mark.parametrize(
    "query", ["_count=x", "_count=-1", "_since=yesterday", "_at=", "_page=xyz", "_page=eyJhIjoxfQ"]
)
def test_what_cannot_be_read_is_refused_in_words(api: Api, query: str) -> None:
    answer = api.get(f"/_history?{query}")

    assert answer.status_code == 400
    assert words(answer)


def test_a_count_of_nothing_counts_only(api: Api) -> None:
    api.put("/Patient/a", patient("a"))

    found = said(api.get("/Patient/a/_history?_count=0"))

    assert found["total"] == 1
    assert "entry" not in found


def test_a_history_is_shown_as_short_as_it_is_asked_for(api: Api) -> None:
    api.put("/Patient/a", patient("a", gender="female", birthDate="1990"))
    api.delete("/Patient/a")

    counted = said(api.get("/Patient/a/_history?_summary=count"))
    gone, made = said(api.get("/Patient/a/_history?_elements=gender"))["entry"]

    assert (counted["total"], "entry" in counted) == (2, False)
    assert "resource" not in gone
    assert made["resource"]["gender"] == "female"
    assert "birthDate" not in made["resource"]
    assert made["resource"]["meta"]["tag"][0]["code"] == "SUBSETTED"
    assert api.get("/Patient/a/_history?_summary=some").status_code == 400


def test_nothing_found_is_a_whole_bundle_however_short(api: Api) -> None:
    api.put("/Patient/a", patient("a"))

    empty = said(api.get("/Patient/a/_history?_elements=gender&_since=2999-01-01"))

    assert (empty["resourceType"], empty["total"]) == ("Bundle", 0)
    assert empty["link"][0]["relation"] == "self"


def test_what_comes_back_after_it_was_deleted_is_made_anew(api: Api) -> None:
    api.put("/Patient/a", patient("a"))
    api.delete("/Patient/a")
    answered = api.put("/Patient/a", patient("a"))
    api.put("/Patient/a", patient("a", gender="male"))

    for path in ("/Patient/a/_history", "/Patient/_history", "/_history"):
        statuses = [one["response"]["status"] for one in said(api.get(path))["entry"]]
        assert answered.status_code == 201
        assert statuses == ["200 OK", "201 Created", "204 No Content", "201 Created"]


def test_a_history_names_what_it_does_not_know_when_asked_to_be_strict(api: Api) -> None:
    api.put("/Patient/a", patient("a"))

    lenient = api.get("/Patient/a/_history?_sort=_lastUpdated&_count=5")
    strict = api.get("/Patient/a/_history?_sort=_lastUpdated", prefer="handling=strict")

    assert said(lenient)["link"][0]["url"].endswith("/Patient/a/_history?_count=5")
    assert strict.status_code == 400
    assert "_sort" in words(strict)
    assert api.get("/Patient/a/_history?_list=x").status_code == 400
