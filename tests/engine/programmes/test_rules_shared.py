from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from qamqor.engine.programmes import words
from qamqor.engine.programmes.approval import (
    Approval,
    approvals_text,
    approved_only,
    invented_approvals,
    read_approvals,
    standing,
)
from qamqor.engine.programmes.binding import for_duckdb, for_sqlite, names_in, with_prefix
from qamqor.engine.programmes.filters import value_set
from qamqor.engine.programmes.load import load_pack
from qamqor.engine.programmes.schema import Pack, Programme
from qamqor.engine.programmes.status import overdue_on, status
from qamqor.errors import ContentError, InvalidPack
from tests.engine.programmes.small_pack import write_pack


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    folder = tmp_path_factory.mktemp("small")
    write_pack(folder)
    return load_pack(folder)


@pytest.fixture(scope="module")
def programme(pack: Pack) -> Programme:
    return pack.programmes[0]


QUERY = """-- not $this
select $a, '$not', "$neither", $b /* nor $that */ from t where x > $a"""


def test_only_the_names_in_the_text_are_bound() -> None:
    assert names_in(QUERY) == ("a", "b")
    values = {"a": date(2026, 1, 2), "b": 3, "c": 4}
    assert for_duckdb(QUERY, values) == {"a": date(2026, 1, 2), "b": 3}
    assert for_sqlite(QUERY, values) == {"a": "2026-01-02", "b": 3}


def test_the_spelling_of_parameters_can_be_changed_and_nothing_else() -> None:
    assert with_prefix(QUERY, ":") == QUERY.replace("$a", ":a").replace("$b", ":b")


def test_an_empty_value_set_is_an_empty_table() -> None:
    assert "where 1 = 0" in value_set([])
    assert "('it''s', '1')" in value_set([("it's", "1")])


@pytest.mark.parametrize(
    ("due_on", "as_of", "expected"),
    [
        pytest.param(date(2026, 1, 2), date(2026, 1, 1), "not_due", id="the day before"),
        pytest.param(date(2026, 1, 1), date(2026, 1, 1), "due", id="the day itself"),
        pytest.param(date(2026, 1, 1), date(2026, 1, 15), "due", id="the allowance's last day"),
        pytest.param(date(2026, 1, 1), date(2026, 1, 16), "overdue", id="the day after it"),
        pytest.param(None, date(2026, 1, 1), "unknown", id="no day can be named"),
    ],
)
def test_status_follows_from_the_day_and_the_allowance(
    programme: Programme, due_on: date | None, as_of: date, expected: str
) -> None:
    overdue = overdue_on(due_on, programme.actions["check"], programme)
    assert status(due_on, overdue, as_of) == expected


def test_an_allowance_in_months_lets_the_whole_year_pass(programme: Programme) -> None:
    action = replace(
        programme.actions["check"], overdue_after_days=None, overdue_after_months="check_months"
    )
    assert overdue_on(date(2028, 1, 1), action, programme) == date(2028, 7, 1)


def test_an_allowance_that_is_no_whole_number_is_a_fault_of_the_content(
    programme: Programme,
) -> None:
    action = replace(programme.actions["check"], overdue_after_days="worry_score")
    with pytest.raises(ContentError, match="is not a whole number"):
        overdue_on(date(2026, 1, 1), action, programme)


def test_words_come_in_the_readers_language(programme: Programme) -> None:
    assert words.title(programme, "kk") == "Табан күтімі"
    assert words.purpose(programme, "kk") == "Табан жиі қаралады."
    assert words.action_title(programme, "check", "kk") == "Табанды қарау"
    assert words.reason(programme, "check", "never", "kk") == "Қаралмаған"
    assert words.closes(programme, "check", "kk") == "Табанды қарау"
    assert words.measure_title(programme, "checked", "kk") == "Қаралған"
    assert words.numerator(programme, "checked", "kk") == "Кезеңде қаралған"
    assert words.denominator(programme, "checked", "kk") == "Барлығы"
    assert words.exclusion(programme, "checked", "newly_found", "kk") == "Кезеңде табылған"


def test_where_a_language_has_no_word_the_english_is_shown(programme: Programme) -> None:
    assert words.title(programme, "en") == words.title(programme, "de") == "Foot care"
    assert words.reason(programme, "check", "never", "de") == "Never looked at"
    assert words.reason(programme, "check", "strange", "kk") == "strange"
    bare = replace(programme, words={"kk": {"title": {"not": "a text"}}})
    assert words.title(bare, "kk") == "Foot care"


def test_items_and_states_have_words_too(programme: Programme) -> None:
    action = replace(programme.actions["check"], items={"left": "Left foot", "right": ""})
    with_items = replace(programme, actions={"check": action})
    assert words.item(with_items, "check", "left", "kk") == "Left foot"
    assert words.item(with_items, "check", "right", "kk") == "right"
    assert words.item(with_items, "check", "", "kk") == ""


NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def approval(programme: Programme, **changes: object) -> Approval:
    given = Approval(programme.id, programme.version, programme.sha256, "Dr Aliya", NOON)
    return replace(given, **changes)  # type: ignore[arg-type]


def test_a_version_is_a_draft_until_somebody_approves_it(programme: Programme) -> None:
    assert standing(programme, []).status == "draft"
    approved = standing(programme, [approval(programme)])
    assert approved.is_approved
    assert approved.approval is not None
    assert approved.approval.by == "Dr Aliya"


def test_a_change_after_approval_ends_the_approval(programme: Programme) -> None:
    assert standing(programme, [approval(programme, sha256="0" * 64)]).status == "changed"


def test_an_approval_of_another_version_does_not_count(programme: Programme) -> None:
    assert standing(programme, [approval(programme, version="2020-01-01")]).status == "draft"


def test_the_newest_approval_of_the_present_text_is_shown(programme: Programme) -> None:
    later = approval(programme, by="Dr Marat", at=NOON.replace(hour=13))
    found = standing(programme, [later, approval(programme)]).approval
    assert found is not None
    assert found.by == "Dr Marat"


def test_a_demonstration_approves_everything_and_says_it_is_invented(pack: Pack) -> None:
    invented = invented_approvals(pack, NOON)
    assert approved_only(pack.programmes, invented) == pack.programmes
    assert all(one.is_invented for one in invented)
    assert approved_only(pack.programmes, []) == ()


def test_approvals_are_read_as_they_were_written(programme: Programme, tmp_path: Path) -> None:
    given = (approval(programme), approval(programme, by="Никто", is_invented=True))
    file = tmp_path / "approvals.yaml"
    file.write_text(approvals_text(given))
    assert read_approvals(file) == given
    assert read_approvals(tmp_path / "none.yaml") == ()
    file.write_text(approvals_text([]))
    assert read_approvals(file) == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("programme: x", "should be a list of approvals", id="not a list"),
        pytest.param("- programme: x", "has no `by`", id="nobody"),
        pytest.param(
            "- {programme: x, version: 2026-01-01, sha256: a, by: b, at: 2026-01-01 10:00:00}",
            "has no zone",
            id="no zone",
        ),
        pytest.param(
            "- {programme: x, version: one, sha256: a, by: b, at: 2026-01-01 10:00:00Z}",
            "should be a date",
            id="no date",
        ),
    ],
)
def test_an_approvals_file_that_cannot_be_used_is_refused(
    tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "approvals.yaml"
    file.write_text(text)
    with pytest.raises(InvalidPack, match=said):
        read_approvals(file)
