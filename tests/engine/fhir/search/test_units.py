"""Units of one kind compare; units of different kinds never do."""

from __future__ import annotations

import pytest

from qamqor.engine.fhir.search import units
from qamqor.engine.fhir.search.units import unit


@pytest.mark.parametrize(
    ("one", "other"),
    [((1000.0, "mg"), (1.0, "g")), ((1.0, "mmol/L"), (1.0, "mol/m3")),
     ((98.6, "[degF]"), (37.0, "Cel")),
     ((1.0, "[lb_av]"), (0.45359237, "kg")), ((60.0, "/min"), (1.0, "/s")),
     ((1.0, "mL/min/{1.73_m2}"), (1.0, "mL/min")), ((5.0, "{score}"), (5.0, "1"))],
)  # fmt: skip
def test_equal_amounts_in_two_units_are_equal(
    one: tuple[float, str], other: tuple[float, str]
) -> None:
    first, second = unit(one[1]), unit(other[1])
    assert first is not None
    assert second is not None
    assert first.kind == second.kind
    assert first.canonical(one[0]) == pytest.approx(second.canonical(other[0]), rel=1e-9)


@pytest.mark.parametrize(
    "code", ["", "foo", "[iU]/L", "[CCID_50]", "[pH]", "x" * 90, "((", "{", "m/0"]
)
def test_what_is_unknown_or_defined_by_a_procedure_is_compared_by_its_code(code: str) -> None:
    known = unit(code)
    assert known is None or code == ""


def test_milligrams_and_millimoles_are_not_of_one_kind() -> None:
    mass, amount = unit("mg/dL"), unit("mmol/L")
    assert mass is not None
    assert amount is not None
    assert mass.kind != amount.kind


def test_units_worked_out_beforehand_are_what_the_library_says() -> None:
    known = units._known()
    some = sorted(known)[::11]

    assert len(known) > 700
    assert len(some) > 60
    for code in some:
        assert known[code] == units.measured(code), code
