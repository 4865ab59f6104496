"""Answers, talks and plans of invented people: each kind occurs, and tables and records agree."""

import json
from collections import Counter

import numpy as np

from qamqor.engine.invented.block import Block, Recipe
from qamqor.engine.invented.resources import block_lines
from qamqor.engine.invented.rows import Dates, Rows, Words


def rows_of(blocks: list[Block], table: str) -> list[Rows]:
    return [rows for block in blocks for rows in block.rows if rows.table == table]


def words(rows: Rows, name: str) -> list[str]:
    column = rows.columns[name]
    assert isinstance(column, Words)
    return [column.words[place] for place in column.index.tolist()]


def test_some_people_have_a_plan_of_each_role_and_some_talked_with_the_psychologist(
    blocks: list[Block],
) -> None:
    plans = Counter(role for rows in rows_of(blocks, "care_plan") for role in words(rows, "role"))
    met = Counter(
        role
        for rows in rows_of(blocks, "encounter")
        if "role" in rows.columns
        for role in words(rows, "role")
    )
    assert plans["psychologist"] > 3
    assert plans["social_worker"] > 3
    assert met["psychologist"] > plans["psychologist"]


def test_answers_name_some_needs_and_a_few_ask_for_a_talk_the_same_day(
    blocks: list[Block],
) -> None:
    said = Counter(
        pair
        for rows in rows_of(blocks, "questionnaire_answer")
        for pair in zip(words(rows, "question"), words(rows, "answer"), strict=True)
    )
    assert 0 < said["self_harm", "several_days"] < said["self_harm", "not_at_all"] / 10
    assert 0 < said["food", "true"] < said["food", "false"]
    assert 0 < said["safe", "false"] < said["safe", "true"] / 10


def test_the_records_say_the_same_answers_and_plans_as_the_tables(
    recipe: Recipe, blocks: list[Block]
) -> None:
    block = blocks[0]
    answers: Counter[tuple[str, str]] = Counter()
    plans = ids = 0
    for kind, lines in block_lines(recipe, block):
        for line in lines if kind in ("QuestionnaireResponse", "CarePlan") else ():
            one = json.loads(line)
            plans += kind == "CarePlan"
            ids += kind == "QuestionnaireResponse"
            for item in one.get("item", ()):
                value = item["answer"][0]
                said = (
                    value.get("valueCoding", {}).get("code") or str(value["valueBoolean"]).lower()
                )
                answers[item["linkId"], said] += 1
    told = Counter(
        pair
        for rows in rows_of([block], "questionnaire_answer")
        for pair in zip(words(rows, "question"), words(rows, "answer"), strict=True)
    )
    assert answers == told
    assert plans == sum(len(rows) for rows in rows_of([block], "care_plan"))


def test_nobody_talked_before_the_score_or_after_their_last_day(blocks: list[Block]) -> None:
    for block in blocks:
        for rows in rows_of([block], "care_plan"):
            made, review = rows.columns["from_on"], rows.columns["until"]
            assert isinstance(made, Dates)
            assert isinstance(review, Dates)
            assert (made.days <= block.people.end[rows.person]).all()
            assert (np.asarray(review.days) > made.days).all()
