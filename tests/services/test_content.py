from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from qamqor.engine.programmes.schema import Pack
from qamqor.errors import InvalidPack, NotThere
from qamqor.services import content
from tests.engine.programmes.small_pack import PROGRAMME, write_pack

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    write_pack(tmp_path / "content")
    return content.open_pack(tmp_path / "content", tmp_path / "content")


def test_an_approval_is_kept_and_counts_until_the_text_changes(pack: Pack, tmp_path: Path) -> None:
    file = tmp_path / "kept/approvals.yaml"
    content.approve(pack, PROGRAMME, version=date(2025, 1, 1), by="Dr Aliya", at=NOON, file=file)
    known = content.approvals(pack, file, is_demo=False)
    assert [one.status for one in content.standings(pack, known)] == ["approved"]
    query = pack.programmes[0].folder / "check.sql"
    query.write_text(query.read_text() + "-- changed\n")
    changed = content.open_pack(tmp_path / "content", tmp_path / "content")
    assert [one.status for one in content.standings(changed, known)] == ["changed"]


def test_approvals_add_up_and_nothing_is_left_beside_them(pack: Pack, tmp_path: Path) -> None:
    file = tmp_path / "approvals.yaml"
    for name in ("Dr Aliya", "Dr Marat"):
        content.approve(pack, PROGRAMME, version=None, by=name, at=NOON, file=file)
    assert [one.by for one in content.approvals(pack, file, is_demo=False)] == [
        "Dr Aliya",
        "Dr Marat",
    ]
    assert [path.name for path in tmp_path.glob("approvals*")] == ["approvals.yaml"]


def test_a_demonstration_needs_nobody_to_approve(pack: Pack, tmp_path: Path) -> None:
    known = content.approvals(pack, tmp_path / "none.yaml", is_demo=True)
    standing = content.standings(pack, known)[0]
    assert standing.is_approved
    assert standing.approval is not None
    assert standing.approval.is_invented


@pytest.mark.parametrize(
    ("programme", "version", "said"),
    [
        pytest.param("hand_care", None, "known: foot_care", id="programme"),
        pytest.param(PROGRAMME, date(2020, 1, 1), "no version 2020-01-01", id="version"),
    ],
)
def test_what_is_not_there_cannot_be_approved(
    pack: Pack, tmp_path: Path, programme: str, version: date | None, said: str
) -> None:
    file = tmp_path / "approvals.yaml"
    with pytest.raises(NotThere, match=said):
        content.approve(pack, programme, version=version, by="x", at=NOON, file=file)
    assert not file.exists()


def test_cases_of_an_unknown_programme_are_not_run(pack: Pack) -> None:
    with pytest.raises(NotThere, match="no programme hand_care"):
        list(content.run_all_cases(pack, "hand_care"))


def test_cases_that_cannot_be_read_stop_the_run_with_their_lines(pack: Pack) -> None:
    (pack.programmes[0].folder / "cases/check.yaml").write_text("- {case: x}\n")
    with pytest.raises(InvalidPack, match=r"check.yaml:1"):
        list(content.run_all_cases(pack))


def test_every_case_of_a_programme_is_run(pack: Pack) -> None:
    outcomes = list(content.run_all_cases(pack, PROGRAMME))
    assert [outcome.ok for outcome in outcomes] == [True] * 4
