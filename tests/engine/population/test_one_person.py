"""One person at a time: what the plain path says beyond what both engines are held to."""

from datetime import date

import pytest

from qamqor.engine.population.explain import explain, question, reference
from qamqor.engine.population.for_many import for_many
from qamqor.engine.population.one_person import OnePerson, sorted_evidence
from qamqor.engine.population.questions import only_joins_people, words_in
from tests.engine.population.made_up import (
    EVERYONE,
    TODAY,
    WEIGHED,
    action,
    measure,
    measures_of_everyone,
    programme,
    questions,
    shipped,
    state,
)

AMINA = {"patient_id": "amina", "born_on": date(1980, 3, 10), "sex": "female"}
WEIGHT = {
    "patient_id": "amina",
    "observation_id": "w1",
    "effective_on": date(2025, 6, 1),
    "weight_kg": 70.5,
}
ROWS = {"patient": [AMINA], "weight": [WEIGHT]}
SHARE = """select everyone.patient_id, last.patient_id is not null as in_numerator,
    case when last.weight_kg > 200 then 'heavy' end as excluded_because,
    'Observation/' || last.observation_id as evidence
from weighing_population as everyone
left join latest_weight as last on last.patient_id = everyone.patient_id"""


def test_the_same_asker_answers_for_one_person_after_another() -> None:
    asker = OnePerson(questions(programme(action(WEIGHED))))
    first = asker.due(ROWS)
    (second,) = asker.due({"patient": [{**AMINA, "patient_id": "saule"}]})
    assert (second.patient_id, second.reason) == ("saule", "never")
    assert asker.due(ROWS) == first


def test_dates_may_come_as_iso_text() -> None:
    asker = OnePerson(questions(programme(action(WEIGHED))))
    as_text = {
        "patient": [{**AMINA, "born_on": "1980-03-10"}],
        "weight": [{**WEIGHT, "effective_on": "2025-06-01"}],
    }
    assert asker.due(as_text) == asker.due(ROWS)


def test_an_error_in_between_leaves_nothing_of_the_person_behind() -> None:
    asker = OnePerson(questions(programme(action(WEIGHED))))
    with pytest.raises(Exception, match="not supported"):
        asker.due(
            {
                "patient": [AMINA],
                "weight": [WEIGHT, {**WEIGHT, "observation_id": object(), "effective_on": TODAY}],
            }
        )
    (due,) = asker.due({"patient": [AMINA]})
    assert due.reason == "never"


def test_one_person_is_counted_as_everyone_is() -> None:
    asked = questions(programme(measures=[measure(SHARE)]))
    answer = OnePerson(asked).answer(ROWS, with_measures=True)
    (counted,) = measures_of_everyone(asked, ROWS)
    assert answer.counted == (("weighing", "weighed", True, None, "Observation/w1"),)
    assert (counted["numerator"], counted["denominator"]) == (1, 1)


def test_measures_see_who_has_left_and_actions_do_not() -> None:
    left = EVERYONE.replace("cast(null as text) as left_on", "add_days($as_of, -30) as left_on")
    asked = questions(programme(action(WEIGHED), population=left, measures=[measure(SHARE)]))
    answer = OnePerson(asked).answer(ROWS, with_measures=True)
    assert (len(answer.due), len(answer.counted)) == (0, 1)


def test_an_explanation_shows_the_records_it_rests_on() -> None:
    found = explain(OnePerson(questions(programme(action(WEIGHED)))), "amina", ROWS)
    (need,) = found.needs
    (evidence,) = need.evidence
    assert evidence.reference == "Observation/w1"
    assert evidence.rows["weight"]["effective_on"] == date(2025, 6, 1)
    assert found.counts
    assert found.not_concerned == ()


def test_an_explanation_says_what_is_missing_where_a_programme_does_not_apply() -> None:
    men = EVERYONE + " where sex = 'male'"
    asked = questions(programme(action(WEIGHED), population=men))
    (one,) = explain(OnePerson(asked), "amina", ROWS).not_concerned
    (fact,) = one.facts
    assert one.question == "Who is on the register?"
    assert (fact.table, fact.rows, fact.row["sex"]) == ("patient", 1, "female")


def test_an_explanation_names_a_stretch_that_is_over() -> None:
    left = EVERYONE.replace("cast(null as text) as left_on", "add_days($as_of, -30) as left_on")
    asked = questions(programme(action(WEIGHED), population=left))
    (one,) = explain(OnePerson(asked), "amina", ROWS).not_concerned
    assert [row.left_on for row in one.belonged] == ["2026-02-08"]


def test_nothing_is_worked_out_for_the_dead() -> None:
    dead = {"patient": [{**AMINA, "died_on": TODAY}]}
    found = explain(OnePerson(questions(programme(action(WEIGHED)))), "amina", dead)
    assert (found.counts, found.needs) == (False, ())


def test_a_record_later_than_the_day_is_no_fact() -> None:
    rows = {"patient": [AMINA], "condition": [{"patient_id": "amina", "condition_id": "c",
            "recorded_on": date(2026, 3, 11), "system": "s", "code": "I10"}]}  # fmt: skip
    found = "select patient_id, recorded_on as enrolled_on, cast(null as text) as left_on,"
    found += " cast(null as text) as evidence from condition"
    asked = questions(programme(action(WEIGHED), population=found))
    (one,) = explain(OnePerson(asked), "amina", rows).not_concerned
    assert [(fact.table, fact.rows) for fact in one.facts] == [("condition", 0)]


def test_a_key_names_its_resource() -> None:
    tables = shipped().tables
    assert reference(tables["attachment"], {"episode_of_care_id": "1"}) == "EpisodeOfCare/1"
    examination = {"source_id": "1", "source_type": "Procedure"}
    assert reference(tables["examination"], examination) == "Procedure/1"
    assert reference(tables["patient"], {"patient_id": "1"}) == "Patient/1"


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("-- Who is due?\n-- Grain: one row.\nselect 1", "Who is due?"),
        ("-- Who is due\n-- on the day? More.\nselect 1", "Who is due on the day?"),
        ("select 1", ""),
    ],
)
def test_a_query_says_its_question_first(header: str, found: str) -> None:
    assert question(header) == found


@pytest.mark.parametrize(
    ("evidence", "found"),
    [(None, None), ("", None), ("  ", None), ("b a  b", "a b"), ("a", "a")],
)
def test_evidence_is_in_order_and_without_doubles(evidence: str | None, found: str | None) -> None:
    assert sorted_evidence(evidence) == found


@pytest.mark.parametrize(
    ("sql", "joins"),
    [
        ("select patient_id from a join b using (patient_id)", True),
        ("select a.patient_id from a where a.patient_id in (select patient_id from b)", True),
        ("select max(patient_id) from a group by patient_id order by patient_id", True),
        ("select 'Patient/' || patient_id from a", True),
        ("select 'Encounter/x' || ' Patient/' || patient_id from a", True),
        ("select 'x' || patient_id from a", False),
        ("select patient_id || 'Patient/' from a", False),
        ("select length(patient_id) from a", False),
        ("select 1 from a where patient_id = 'amina'", False),
        ("select coalesce(patient_id, '') from a", False),
        ("select group_concat(patient_id, ' ') from a", False),
    ],
)
def test_a_number_may_stand_for_a_person_only_where_ids_are_joined(sql: str, joins: bool) -> None:
    assert only_joins_people(sql) == joins


def test_rules_that_read_another_persons_id_get_texts() -> None:
    mother = "select patient_id, known_on as enrolled_on, cast(null as text) as left_on,"
    mother += " 'Patient/' || mother_patient_id as evidence from related_mother"
    assert not questions(programme(population=mother)).only_joins_people


def test_words_in_texts_and_comments_are_not_read() -> None:
    assert words_in("select a -- hba1c\nfrom b where c = 'it''s weight' /* bmi */") == {
        *("select", "a", "from", "b", "where", "c"),
    }


def test_only_named_columns_of_named_tables_are_read() -> None:
    (patient, weight) = questions(programme(action(WEIGHED))).reads
    assert (patient.table.name, patient.columns, patient.whole, patient.programmes) == (
        *("patient", ("patient_id", "born_on"), True, None),
    )
    assert (weight.table.name, weight.columns, weight.whole, weight.newest) == (
        *("weight", ("patient_id", "observation_id", "effective_on"), False, True),
    )
    assert [one.id for one in weight.newest_programmes or ()] == ["weighing"]


def test_a_star_reads_every_column() -> None:
    everything = EVERYONE.replace("from patient", "from (select * from patient)")
    (patient,) = questions(programme(population=everything)).reads
    assert patient.columns == tuple(shipped().tables["patient"].columns)


def test_newest_first_is_said_with_one_key() -> None:
    written = "row_number() over (partition by a.patient_id order by b desc nulls last, c desc)"
    said = "row_number() over (partition by a.patient_id order by row(b is not null, b,"
    assert for_many(f"select {written} from a") == f"select {said} c is not null, c) desc) from a"


@pytest.mark.parametrize(
    "window",
    [
        "row_number() over (partition by a order by b desc)",
        "row_number() over (partition by a order by b, c)",
        "row_number() over (partition by a order by b desc, c)",
        "row_number() over (partition by a order by b desc, coalesce(c, 1) desc)",
        "sum(x) over (partition by a order by b desc, c desc)",
    ],
)
def test_any_other_window_stays_as_written(window: str) -> None:
    assert for_many(f"select {window} from a") == f"select {window} from a"


def test_states_need_their_population() -> None:
    size = "select patient_id, 'big' as state, enrolled_on as since_on, evidence"
    asked = questions(
        programme(
            population=EVERYONE + " where sex = 'male'",
            states=[state(size + " from weighing_population")],
        )
    )
    assert OnePerson(asked).answer(ROWS).due == ()
