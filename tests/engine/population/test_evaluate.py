"""What everyone is due: both engines are asked each time and must agree."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from qamqor.engine.population.questions import ask
from qamqor.errors import MissingColumns
from tests.engine.population.made_up import (
    EVERYONE,
    TODAY,
    WEIGHED,
    action,
    both,
    due_of_each,
    due_of_everyone,
    measure,
    measures_of_everyone,
    pack,
    programme,
    questions,
    state,
)

AMINA = {"patient_id": "amina", "born_on": date(1980, 3, 10), "sex": "female", "kato": "31"}
WEIGHING = programme(action(WEIGHED))


def weight(key: str, effective_on: date, **more: object) -> dict[str, object]:
    return {
        "patient_id": "amina",
        "observation_id": key,
        "effective_on": effective_on,
        "weight_kg": 70.0,
        **more,
    }


def test_a_row_says_who_when_why_and_on_what_evidence() -> None:
    rows = {
        "patient": [AMINA],
        "weight": [weight("w1", date(2025, 3, 5))],
        "attachment": [
            {
                "patient_id": "amina",
                "episode_of_care_id": "e1",
                "organization_id": "area-1",
                "from_on": date(2020, 1, 1),
            }
        ],
        "organisation": [{"id": "area-1", "parent_id": "site-1"}],
        "territory": [{"place_id": "merke", "kato": "31", "parent_id": None}],
    }
    (due,) = both(questions(WEIGHING), rows)
    assert due == (
        *(TODAY, "amina", "weighing", "2025-01-01", "weigh", "", "practice_nurse", "clinic", 3),
        *(date(2026, 3, 5), date(2026, 3, 16), "due", "again", "Observation/w1"),
        *("site-1", "area-1", "merke", None, "female", 46),
    )


@pytest.mark.parametrize(
    ("weighed_on", "status"),
    [
        pytest.param(date(2025, 3, 11), "not_due", id="tomorrow"),
        pytest.param(date(2025, 3, 10), "due", id="today"),
        pytest.param(date(2025, 2, 28), "due", id="ten days ago is the last allowed"),
        pytest.param(date(2025, 2, 27), "overdue", id="eleven days ago is one too many"),
    ],
)
def test_status_follows_from_the_date_and_the_allowance(weighed_on: date, status: str) -> None:
    (due,) = both(questions(WEIGHING), {"patient": [AMINA], "weight": [weight("w", weighed_on)]})
    assert due.status == status


def test_without_a_date_nothing_can_be_known() -> None:
    unborn = {**AMINA, "born_on": None}
    (due,) = both(questions(WEIGHING), {"patient": [unborn]})
    assert (due.due_on, due.overdue_on, due.status, due.reason) == (None, None, "unknown", "never")


def test_what_is_dated_after_the_day_is_hidden() -> None:
    rows = {
        "patient": [AMINA],
        "weight": [weight("before", date(2025, 1, 1)), weight("after", TODAY + timedelta(1))],
    }
    (due,) = both(questions(WEIGHING), rows)
    assert due.evidence == "Observation/before"


def test_replay_as_known_leaves_out_what_was_recorded_later() -> None:
    rows = {
        "patient": [AMINA],
        "weight": [
            weight("told at once", date(2025, 1, 1)),
            weight("told late", date(2025, 6, 1), recorded_on=date(2026, 2, 1)),
        ],
    }
    (now,) = both(questions(WEIGHING), rows)
    (then,) = both(questions(WEIGHING, known_at=date(2026, 1, 31)), rows)
    assert (now.evidence, then.evidence) == ("Observation/told late", "Observation/told at once")


def test_an_earlier_day_gives_what_was_due_then() -> None:
    rows = {
        "patient": [AMINA],
        "weight": [weight("w1", date(2024, 1, 10)), weight("w2", date(2025, 6, 1))],
    }
    (due,) = both(questions(WEIGHING, as_of=date(2025, 1, 20)), rows)
    assert (due.due_on, due.status, due.age_years) == (date(2025, 1, 10), "due", 44)


@pytest.mark.parametrize(
    ("change", "counts"),
    [
        pytest.param({"died_on": TODAY}, False, id="died today"),
        pytest.param({"died_on": TODAY + timedelta(1)}, True, id="dies tomorrow"),
        pytest.param({"is_active": False}, False, id="not active"),
        pytest.param({"is_active": None}, True, id="nobody said whether active"),
    ],
)
def test_the_engine_leaves_out_the_dead_and_the_inactive(
    change: dict[str, object], counts: bool
) -> None:
    assert bool(both(questions(WEIGHING), {"patient": [{**AMINA, **change}]})) == counts


def test_rows_of_nobody_on_the_register_are_nobodys() -> None:
    rows = {"patient": [], "weight": [weight("w", date(2025, 1, 1))]}
    assert both(questions(WEIGHING), rows) == []


def test_the_newest_row_is_by_date_then_by_key_and_an_undated_one_is_the_oldest() -> None:
    day = date(2025, 5, 5)
    rows = {
        "patient": [AMINA],
        "weight": [weight("b", day), weight("c", day), weight("a", day), weight("z", None)],
    }
    (due,) = both(questions(WEIGHING), rows)
    assert due.evidence == "Observation/c"


def test_evidence_is_sorted_and_said_once() -> None:
    said = "'Observation/b  Observation/a Observation/b ' as evidence"
    sql = WEIGHED.replace("'Observation/' || last.observation_id as evidence", said)
    (due,) = both(questions(programme(action(sql))), {"patient": [AMINA]})
    assert due.evidence == "Observation/a Observation/b"


def test_a_reference_to_the_person_survives_the_number_that_stood_for_it() -> None:
    sql = WEIGHED.replace(
        "'Observation/' || last.observation_id", "'Encounter/x Patient/' || everyone.patient_id"
    )
    (due,) = both(questions(programme(action(sql))), {"patient": [AMINA]})
    assert due.evidence == "Encounter/x Patient/amina"


def test_a_rule_that_looks_into_the_id_gets_the_id() -> None:
    sql = WEIGHED.replace("'never'", "substr(everyone.patient_id, 1, 2)")
    asked = questions(programme(action(sql)))
    assert not asked.only_joins_people
    (due,) = both(asked, {"patient": [AMINA]})
    assert due.reason == "am"


def test_an_action_says_nothing_of_people_outside_its_programme() -> None:
    nobody = EVERYONE + " where sex = 'male'"
    everybody = "select patient_id, '' as item, born_on as due_on, 'never' as reason,"
    everybody += " cast(null as text) as evidence from patient"
    asked = questions(programme(action(everybody), population=nobody))
    assert both(asked, {"patient": [AMINA]}) == []


def test_actions_see_only_who_belongs_on_the_day() -> None:
    left = EVERYONE.replace("cast(null as text) as left_on", "'2026-03-10' as left_on")
    left = left.replace("'2026-03-10' as left_on", "add_days($as_of, 0) as left_on")
    assert both(questions(programme(action(WEIGHED), population=left)), {"patient": [AMINA]}) == []


def test_a_person_is_asked_about_each_item_in_order() -> None:
    sql = """with wanted(item) as (values ('ecg'), ('blood'))
        select everyone.patient_id, wanted.item, everyone.enrolled_on as due_on,
            'never' as reason, cast(null as text) as evidence
        from weighing_population as everyone cross join wanted"""
    asked = questions(programme(action(sql, items={"ecg": "ECG", "blood": "Blood"})))
    assert [due.item for due in both(asked, {"patient": [AMINA]})] == ["blood", "ecg"]


def test_months_of_allowance_are_calendar_months() -> None:
    months = action(WEIGHED, overdue_after_days=None, overdue_after_months="interval_months")
    rows = {"patient": [AMINA], "weight": [weight("w", date(2025, 2, 28))]}
    (due,) = both(questions(programme(months)), rows)
    assert (due.due_on, due.overdue_on) == (date(2026, 2, 28), date(2027, 2, 28))


def test_a_reason_without_urgency_is_routine() -> None:
    (due,) = both(questions(programme(action(WEIGHED, urgency={}))), {"patient": [AMINA]})
    assert due.urgency == 4


def test_a_state_is_worked_out_before_the_actions_that_read_it() -> None:
    size = """select everyone.patient_id, 'big' as state, everyone.enrolled_on as since_on,
        cast(null as text) as evidence from weighing_population as everyone"""
    sql = WEIGHED.replace("'never'", "size.state").replace(
        "left join latest_weight",
        "join weighing_size as size on size.patient_id = everyone.patient_id"
        " left join latest_weight",
    )
    asked = questions(programme(action(sql), states=[state(size)]))
    (due,) = both(asked, {"patient": [AMINA]})
    assert due.reason == "big"


def test_one_programme_may_read_the_people_of_another() -> None:
    other = programme(
        action(WEIGHED.replace("weighing_population", "light_population")),
        id="light",
        population="select patient_id, enrolled_on, left_on, evidence from weighing_population",
        reads=("weighing",),
    )
    both_asked = questions(programme(action(WEIGHED)), other)
    assert [due.programme for due in both(both_asked, {"patient": [AMINA]})] == [
        "weighing",
        "light",
    ]
    alone = ask(pack(WEIGHING, other), TODAY, programmes=[other])
    assert [due.programme for due in both(alone, {"patient": [AMINA]})] == ["light"]


def test_a_value_set_picks_conditions_by_system_and_code() -> None:
    name, codes = next(iter(pack().value_sets.items()))
    system, code = codes[0]
    found = f"""select condition.patient_id, min(recorded_on) as enrolled_on,
        cast(null as text) as left_on, cast(null as text) as evidence
        from condition join {name} using (system, code) group by condition.patient_id"""
    condition = {"patient_id": "amina", "condition_id": "c", "recorded_on": date(2020, 1, 1)}
    asked = questions(programme(action(WEIGHED), population=found))
    wrong = {"patient": [AMINA], "condition": [{**condition, "system": "x", "code": code}]}
    right = {"patient": [AMINA], "condition": [{**condition, "system": system, "code": code}]}
    assert (len(both(asked, wrong)), len(both(asked, right))) == (0, 1)


def test_no_programme_asks_nothing() -> None:
    assert due_of_everyone(questions(), {"patient": [AMINA]}) == []
    assert measures_of_everyone(questions(), {"patient": [AMINA]}) == []


@pytest.mark.parametrize("engine", [due_of_everyone, due_of_each], ids=["DuckDB", "SQLite"])
def test_a_query_with_other_columns_is_refused_by_name(engine) -> None:  # type: ignore[no-untyped-def]
    renamed = programme(action(WEIGHED.replace("as due_on", "as due_date")))
    with pytest.raises(MissingColumns, match=r"weigh\.sql.*due_on.*due_date"):
        engine(questions(renamed), {"patient": [AMINA]})


@pytest.mark.parametrize("engine", [due_of_everyone, due_of_each], ids=["DuckDB", "SQLite"])
def test_a_query_that_does_not_run_is_refused_by_name(engine) -> None:  # type: ignore[no-untyped-def]
    broken = programme(action(WEIGHED.replace("latest_weight", "latest_wait")))
    with pytest.raises(MissingColumns, match=r"weigh\.sql.*latest_wait"):
        engine(questions(broken), {"patient": [AMINA]})


SHARE = """-- Of everybody, how many were weighed in the period?
select everyone.patient_id,
    exists (
        select 1 from weight
        where weight.patient_id = everyone.patient_id
            and effective_on >= $period_start and effective_on < $period_end
    ) as in_numerator,
    case when patient.sex = 'male' then 'man' end as excluded_because,
    cast(null as text) as evidence
from weighing_population as everyone
join patient on patient.patient_id = everyone.patient_id
where everyone.enrolled_on < $period_end"""


def test_a_measure_counts_whole_people_without_the_excluded() -> None:
    people = [
        AMINA,
        {**AMINA, "patient_id": "saule"},
        {**AMINA, "patient_id": "daniyar", "sex": "male"},
    ]
    rows = {"patient": people, "weight": [weight("w", date(2025, 3, 11))]}
    women, men = measures_of_everyone(questions(programme(measures=[measure(SHARE)])), rows)
    assert women == {
        **{"programme": "weighing", "measure": "weighed", "version": "2025-01-01"},
        **{"period_start": date(2025, 3, 11), "period_end": date(2026, 3, 11)},
        **{"place_id": None, "area_id": None, "sex": "female", "age_band": "40-59"},
        **{"is_rural": None, "numerator": 1, "denominator": 2, "excluded": 0},
    }
    assert (men["sex"], men["numerator"], men["denominator"], men["excluded"]) == ("male", 0, 0, 1)


@pytest.mark.parametrize(
    ("born_on", "band"),
    [
        (date(2025, 3, 11), "0"),
        (date(2025, 3, 10), "1-4"),
        (date(2021, 3, 10), "5-17"),
        (date(2008, 3, 10), "18-39"),
        (date(1986, 3, 10), "40-59"),
        (date(1966, 3, 10), "60-74"),
        (date(1951, 3, 10), "75+"),
        (None, None),
    ],
)
def test_age_bands_begin_on_birthdays(born_on: date | None, band: str | None) -> None:
    asked = questions(
        programme(measures=[measure(SHARE.replace("enrolled_on <", "evidence > ''\n--"))])
    )
    (counted,) = measures_of_everyone(asked, {"patient": [{**AMINA, "born_on": born_on}]})
    assert counted["age_band"] == band


def test_a_measure_sees_those_who_have_left() -> None:
    left = EVERYONE.replace("cast(null as text) as left_on", "add_days($as_of, -30) as left_on")
    asked = questions(programme(population=left, measures=[measure(SHARE)]))
    (counted,) = measures_of_everyone(asked, {"patient": [AMINA]})
    assert counted["denominator"] == 1


def test_the_newest_attachment_that_is_open_decides_the_area() -> None:
    def attached(key: str, area: str, from_on: date | None, left_on: date | None = None):  # type: ignore[no-untyped-def]
        return {
            "patient_id": "amina",
            "episode_of_care_id": key,
            "organization_id": area,
            "from_on": from_on,
            "left_on": left_on,
        }

    rows = {
        "patient": [AMINA],
        "attachment": [
            attached("1", "old", date(2010, 1, 1)),
            attached("2", "newer", date(2020, 1, 1)),
            attached("3", "undated", None),
            attached("4", "left", date(2024, 1, 1), TODAY),
            attached("5", "future", TODAY + timedelta(1)),
        ],
    }
    (due,) = both(questions(WEIGHING), rows)
    assert due.area_id == "newer"


def test_the_version_in_force_on_the_day_answers() -> None:
    newer = replace(WEIGHING, valid_from=date(2026, 3, 11), where="made_up/weighing/2026-03-11")
    (before,) = both(questions(WEIGHING, newer), {"patient": [AMINA]})
    (after,) = both(questions(WEIGHING, newer, as_of=date(2026, 3, 11)), {"patient": [AMINA]})
    assert (before.version, after.version) == ("2025-01-01", "2026-03-11")
