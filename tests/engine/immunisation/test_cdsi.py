"""The CDC's own cases, through the plain engine."""

import os
from collections import Counter
from pathlib import Path

import pytest

from qamqor.engine.immunisation.one_child.answer import answer
from tests.engine.immunisation import cdsi

CONFORMANCE = os.environ.get("QAMQOR_CONFORMANCE")

# What a literal reading of the specification gives; each row below it has its cause in
# docs/explanation/immunisation.md.
AT_LEAST = {"healthy": 714, "underlying": 203}
TOTAL = {"healthy": 714, "underlying": 214}


@pytest.mark.conformance
@pytest.mark.skipif(not CONFORMANCE, reason="QAMQOR_CONFORMANCE names no folder of cases")
def test_the_published_cases_are_answered(capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path(CONFORMANCE or "") / "cdsi"
    schedule = cdsi.schedule(folder)
    passed: Counter[str] = Counter()
    count: Counter[str] = Counter()
    fields: Counter[tuple[str, bool]] = Counter()
    for row in cdsi.rows(folder):
        if row["known_anomaly"]:
            continue
        given = answer(schedule, cdsi.child(row), cdsi.day(row["Assessment_Date"]))  # type: ignore[arg-type]
        found = cdsi.differences(row, given, schedule)
        count[row["suite"]] += 1
        passed[row["suite"]] += all(agrees for _, agrees in found)
        fields.update(found)
    with capsys.disabled():
        for suite, total in count.items():
            print(f"\ncdsi {suite}: {passed[suite]} passed of {total}")
        for name in dict.fromkeys(name for name, _ in fields):
            total = fields[name, True] + fields[name, False]
            print(f"cdsi {name}: {fields[name, True]} passed of {total}")
    assert count == TOTAL
    assert all(passed[suite] >= least for suite, least in AT_LEAST.items())
