"""The translated loop over people does what the Python it is translated from does."""

from pathlib import Path

import numpy as np

from qamqor.engine.immunisation.everyone import layout as at
from qamqor.engine.immunisation.everyone.arrays import (
    compile_schedule,
    day_number,
    make_workspace,
    people_of,
)
from qamqor.engine.immunisation.everyone.loop import answer_block
from qamqor.engine.immunisation.everyone.machine import PARTS, source_mark
from qamqor.engine.immunisation.everyone.run import answer_everyone
from qamqor.engine.immunisation.read_yaml import read_schedule
from tests.agreement.test_immunisation import AS_OF, KAZAKHSTAN, SMALL, children


def test_the_same_answers_come_from_python_and_from_machine_code() -> None:
    for file in (SMALL, KAZAKHSTAN):
        schedule = read_schedule(file.read_text())
        tables, codes = compile_schedule(schedule)
        people = people_of(list(children(schedule, 60, seed=3)), codes)
        compiled = answer_everyone(tables, people, AS_OF)
        plain = [np.zeros_like(a).ravel().tolist() for a in compiled]
        workspace = make_workspace(
            tables,
            int(np.diff(people.dose_from).max()),
            int(np.diff(people.observation_from).max()),
        ).tolist()
        workspace[at.AS_OF] = day_number(AS_OF)
        given = [array.tolist() for array in people]
        order = list(range(len(people.born)))
        answer_block(tables.tolist(), workspace, order, *given, *plain, 0, len(order))
        for name, ours, theirs in zip(compiled._fields, plain, compiled, strict=True):
            assert ours == theirs.ravel().tolist(), name


def test_the_mark_covers_every_function_that_is_translated() -> None:
    places, seen = [answer_block], set()
    while places:
        function = places.pop()
        seen.add(function.__module__.rsplit(".", 1)[1])
        found = (function.__globals__.get(name) for name in function.__code__.co_names)
        places += [f for f in found if hasattr(f, "__code__") and f.__module__ != __name__]
    assert seen < set(PARTS)
    assert len(source_mark()) == 16, "the kept file begins with it"


def test_one_function_has_one_signature_of_known_types() -> None:
    for part in set(PARTS) - {"layout", "translate"}:
        text = Path(f"qamqor/engine/immunisation/everyone/{part}.py").read_text()
        assert "Any" not in text.replace("IS_ANY", ""), part
