"""A schedule in YAML: read whole, or refused with everything that is wrong."""

from pathlib import Path

import pytest
import yaml

from qamqor.engine.immunisation.read_yaml import read_schedule, valid_from
from qamqor.engine.immunisation.schedule import Offset, read_offset
from qamqor.errors import ContentError

SMALL = (Path(__file__).parent / "small_schedule.yaml").read_text()
KAZAKHSTAN = Path("content/schedules/kazakhstan/2026-01-01/schedule.yaml").read_text()


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("4 weeks", Offset(0, 28)),
        (" 12 months - 4 days", Offset(12, -4)),
        ("16 years - 4 months", Offset(188, 0)),
        ("18 months + 4 weeks", Offset(18, 28)),
        ("n/a", None),
        ("", None),
    ],
)
def test_lengths_of_time_are_read(text: str, offset: Offset | None) -> None:
    assert read_offset(text) == offset


def test_a_length_of_time_without_a_unit_is_refused() -> None:
    with pytest.raises(ContentError, match="not a length of time: '4'"):
        read_offset("4")


def test_a_series_that_is_switched_off_is_not_asked_for() -> None:
    names = [s.name for a in read_schedule(KAZAKHSTAN).antigens.values() for s in a.series]
    assert "BCG at birth" in names
    assert "BCG revaccination" not in names


def test_the_day_a_schedule_comes_into_force_is_its_own() -> None:
    assert valid_from(KAZAKHSTAN).isoformat() == "2026-01-01"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            ("antigens: [Ash]\n    group: Trees", "antigens: [Oak]\n    group: Trees"),
            "antigen 'Oak'",
        ),
        (
            ("source: own\n    equivalent", "source: other\n    equivalent"),
            "unknown source 'other'",
        ),
        (
            ("n: 1, status: assumption, age: {abs_min", "n: 4, status: assumption, age: {abs_min"),
            "1, 2, 3",
        ),
        (("min: 6 weeks, earliest", "min: 6 wekks, earliest"), "not a length of time: '6 wekks'"),
        (("latest: 3 months}", "latst: 3 months}"), "unknown word 'latst'"),
        (("give: [1], accept: [4]}", "give: [1], accept: [44]}"), "unknown product 44"),
        (("from: {dose: 1}", "from: {visit: 1}"), "cannot start from {'visit': 1}"),
        (("begin: 1 day, min_end", "begun: 1 day, min_end"), "begin and end are needed"),
        (
            ("context: forecast}]\n  - name: Ash by", "context: later}]\n  - name: Ash by"),
            "context 'later'",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(change: tuple[str, str], said: str) -> None:
    before, after = change
    assert before in SMALL
    with pytest.raises(ContentError) as caught:
        read_schedule(SMALL.replace(before, after, 1))
    assert said in str(caught.value)


def test_everything_wrong_is_said_at_once() -> None:
    broken = SMALL.replace("give: [1]", "give: [99]").replace("group: Elm", "group: Oak")
    with pytest.raises(ContentError) as caught:
        read_schedule(broken)
    assert len(caught.value.problems) > 3


@pytest.mark.parametrize("text", ["[1, 2", "just words", yaml.safe_dump({"series": []})])
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(ContentError, match=r"schedule\.yaml: (not YAML|no schedule)"):
        read_schedule(text)
