"""Every file that a page reads is checked before a page has to."""

from __future__ import annotations

from pathlib import Path

import pytest

from qamqor.services import content_rooms
from tests.services.test_demo import CONTENT

BROKEN = {
    "access/labels.yaml": "PSY: {title: Mental health}",
    "booking/booking.yaml": "day: {opens: '25:00'}",
    "booking/closed.yaml": "closed: [{from: 2026-02-30}]",
    "booking/holidays.yaml": "yearly: [{id: leap, month: 2, day: 30}]\nmoving: []",
    "diagnoses/words_a_b.csv": "code,en\nA00,Cholera\nA00,Cholera",
    "forms/phq9.yaml": "id: phq9",
    "measurements/measurements.yaml": "- {id: pressure}",
    "person/numbers.yaml": "weight",
    "referrals/referrals.yaml": "services: 3",
    "visit/diagnoses.csv": "code,en\nA00,",
    "visit/visit.yaml": "reasons: [",
    "worklist/points.yaml": "urgency: many",
    "worklist/round.yaml": "doors: many",
    "worklist/team.yaml": "norms: many",
}


def test_the_shipped_content_has_no_problem() -> None:
    assert content_rooms.problems(CONTENT) == []


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_named(tmp_path: Path, name: str) -> None:
    own = tmp_path / name
    own.parent.mkdir(parents=True)
    own.write_text(BROKEN[name])

    found = content_rooms.problems(CONTENT, tmp_path)

    assert found
    assert all(own.name in one.where or name in one.where for one in found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"closed:\n- {from: 2027-13-05, words: {}}", "closed.yaml:2: there is no day 2027-13-05"),
        (b"\xff\xfe", "closed.yaml: is no text in UTF-8"),
    ],
)
def test_a_day_there_is_not_is_named_with_its_line(tmp_path: Path, text: bytes, said: str) -> None:
    (tmp_path / "booking").mkdir()
    (tmp_path / "booking/closed.yaml").write_bytes(text)

    (found,) = content_rooms.problems(tmp_path)

    assert said in str(found)


def test_every_file_of_the_rooms_has_a_reader() -> None:
    """So that a room that begins to read a file cannot forget it here."""
    read = {file for pattern, _, _ in content_rooms.READERS for file in CONTENT.glob(pattern)}
    rooms = {Path(pattern).parts[0] for pattern, _, _ in content_rooms.READERS}
    there = {file for room in rooms for file in (CONTENT / room).rglob("*.*")}

    assert {file.name for file in there - read} == {
        "closed.csv", "late.csv", "names.yaml", "synonyms.csv",
    }  # fmt: skip
