"""Records are never perfect: each kind of gap occurs at least once in ten thousand people."""

import numpy as np

from qamqor.engine.invented.block import Block
from qamqor.engine.invented.draws import NEVER
from qamqor.engine.invented.rows import Dates, Numbers, Rows, Truths, Words


def tables(blocks: list[Block], name: str) -> list[tuple[Block, Rows]]:
    return [(block, rows) for block in blocks for rows in block.rows if rows.table == name]


def at_least_one_in_ten_thousand(count: int, blocks: list[Block]) -> bool:
    return count >= sum(len(block.people) for block in blocks) / 10_000


def test_some_people_stop_coming_although_they_are_ill(blocks: list[Block]) -> None:
    lost = 0
    for block in blocks:
        people, contacts = block.people, block.contacts
        last = np.full(len(people), -(10**6))
        np.maximum.at(last, contacts.person, contacts.day)
        for illness in block.illnesses.values():
            enrolled = illness.enrolled < people.end - 500
            lost += int((enrolled & (last < people.end - 365)).sum())
    assert at_least_one_in_ten_thousand(lost, blocks)


def test_round_numbers_are_written_more_often_than_chance(blocks: list[Block]) -> None:
    values = []
    for _, rows in tables(blocks, "blood_pressure"):
        column = rows.columns["systolic_mmhg"]
        assert isinstance(column, Numbers)
        values.append(column.scaled)
    share = (np.concatenate(values) % 10 == 0).mean()
    assert 0.3 < share < 0.5


def test_some_readings_reach_the_record_weeks_later(blocks: list[Block]) -> None:
    late = 0
    for _, rows in tables(blocks, "blood_pressure"):
        said, told = rows.columns["effective_on"], rows.columns["recorded_on"]
        assert isinstance(said, Dates)
        assert isinstance(told, Dates)
        assert (told.days >= said.days).all()
        late += int((told.days - said.days > 20).sum())
    assert at_least_one_in_ten_thousand(late, blocks)


def test_some_readings_come_twice(blocks: list[Block]) -> None:
    twice = 0
    for _, rows in tables(blocks, "weight"):
        day, value = rows.columns["effective_on"], rows.columns["weight_kg"]
        assert isinstance(day, Dates)
        assert isinstance(value, Numbers)
        same = (np.diff(rows.person) == 0) & (np.diff(day.days) == 0)
        twice += int((same & (np.diff(value.scaled) == 0)).sum())
    assert at_least_one_in_ten_thousand(twice, blocks)


def test_some_dates_are_known_only_roughly(blocks: list[Block]) -> None:
    for table, name in (("patient", "born_precision"), ("condition", "onset_precision")):
        vague = 0
        for _, rows in tables(blocks, table):
            column = rows.columns[name]
            assert isinstance(column, Words)
            vague += int((column.index == column.words.index("year")).sum())
        assert at_least_one_in_ten_thousand(vague, blocks), table


def test_some_people_are_not_attached_or_not_active(blocks: list[Block]) -> None:
    away = inactive = 0
    for block, rows in tables(blocks, "attachment"):
        left = rows.columns["left_on"]
        assert isinstance(left, Dates)
        attached = np.unique(rows.person[left.days == NEVER])
        away += len(block.people) - len(attached) - int((block.people.died != NEVER).sum())
    for _, rows in tables(blocks, "patient"):
        active = rows.columns["is_active"]
        assert isinstance(active, Truths)
        inactive += int((~active.values).sum())
    assert at_least_one_in_ten_thousand(away, blocks)
    assert at_least_one_in_ten_thousand(inactive, blocks)


def test_some_screenings_stay_open_and_some_referrals_get_no_reply(blocks: list[Block]) -> None:
    open_ = silent = 0
    for _, rows in tables(blocks, "enrolment"):
        left = rows.columns["left_on"]
        assert isinstance(left, Dates)
        open_ += int((left.days == NEVER).sum())
    for _, rows in tables(blocks, "referral"):
        if "replied_on" in rows.columns:
            replied = rows.columns["replied_on"]
            assert isinstance(replied, Dates)
            silent += int((replied.days == NEVER).sum())
    assert at_least_one_in_ten_thousand(open_, blocks)
    assert at_least_one_in_ten_thousand(silent, blocks)


def test_some_doses_are_refused_and_some_calls_find_nobody(blocks: list[Block]) -> None:
    for table, name, word in (
        ("immunisation", "status", "not-done"),
        ("contact_attempt", "outcome", "no_answer"),
    ):
        count = 0
        for _, rows in tables(blocks, table):
            column = rows.columns[name]
            assert isinstance(column, Words)
            count += int((column.index == column.words.index(word)).sum())
        assert at_least_one_in_ten_thousand(count, blocks), table
