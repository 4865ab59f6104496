"""What is refused of a resource, where, and that both twins refuse it."""

import threading
from itertools import islice, permutations
from typing import Any

import pytest

from qamqor.engine.fhir.validation import check, is_valid
from qamqor.engine.fhir.validation.issues import RULES
from tests.engine.fhir.validation.examples import (
    FINE,
    OBSERVATION,
    PATIENT,
    REFUSED,
    bundle,
    observation,
    patient,
)


def refused(resource: Any) -> list[tuple[str, str]]:
    """Rule and place of every error, both twins agreeing whether there is one."""
    errors = [(i.rule, i.expression) for i in check(resource) if i.severity == "error"]
    assert bool(is_valid(resource)) == (not errors)
    return errors


@pytest.mark.parametrize("resource", FINE.values(), ids=FINE)
def test_what_is_valid_is_never_refused(resource: dict[str, Any]) -> None:
    assert refused(resource) == []


@pytest.mark.parametrize(("resource", "rule", "where"), REFUSED.values(), ids=REFUSED)
def test_what_breaks_a_rule_is_refused_and_where_is_said(
    resource: Any, rule: str, where: str
) -> None:
    assert (rule, where) in refused(resource)


def test_every_rule_of_ours_has_an_example_that_breaks_it() -> None:
    assert set(RULES) - {rule for _, rule, _ in REFUSED.values()} == {"nesting"}


def test_an_issue_says_what_is_wrong_and_what_to_do() -> None:
    (issue,) = check(patient(gender="f"))
    assert issue.code == "code-invalid"
    assert issue.text.startswith(
        "f is not in administrative-gender: use one of female, male, other, unknown."
    )


def test_a_resource_with_a_thousand_faults_is_answered_with_two_hundred() -> None:
    assert len(check(patient(name=[{}] * 1000))) == 200


def test_a_code_system_with_a_code_twice_is_only_warned_of() -> None:
    concepts = [{"code": "a", "display": "1"}, {"code": "a", "display": "2"}]
    resource = {
        "resourceType": "CodeSystem", "status": "draft", "content": "complete", "concept": concepts,
    }  # fmt: skip
    assert [(i.rule, i.severity) for i in check(resource)] == [("csd-1", "warning")]
    assert is_valid(resource)


def nested(levels: int) -> dict[str, Any]:
    extension: dict[str, Any] = {"url": "http://a.kz", "valueString": "x"}
    for _ in range(levels - 1):
        extension = {"url": "http://a.kz", "extension": [extension]}
    return patient(extension=[extension])


def test_nesting_has_an_end_and_neither_twin_falls_over_it() -> None:
    assert refused(nested(50)) == []
    assert ("nesting", "Patient.extension[0]" + ".extension[0]" * 50) in refused(nested(51))
    assert refused(nested(100_000))


def test_nested_bundles_have_an_end() -> None:
    resource: dict[str, Any] = PATIENT
    for _ in range(50):
        resource = bundle({"resource": resource})
    assert refused(resource) == []
    assert refused(bundle({"resource": resource}))[0][0] == "nesting"


def test_depth_is_counted_anew_after_a_refusal() -> None:
    assert not is_valid(nested(60))
    assert is_valid(nested(50))


def test_threads_do_not_share_what_is_contained() -> None:
    inner = observation(
        subject={"reference": "#p"}, contained=[{"resourceType": "Patient", "id": "p"}]
    )
    wrong = observation(subject={"reference": "#p"})
    seen: list[bool] = []

    def ask() -> None:
        for _ in range(300):
            seen.append(bool(is_valid(inner)) and not is_valid(wrong))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(seen)


def test_a_combination_met_often_is_judged_as_at_first() -> None:
    for _ in range(30):
        assert is_valid(OBSERVATION)
        assert not is_valid(observation(valueQuantity={"value": "70", "unit": "kg"}))
        assert not is_valid(observation(subject={"reference": "Medication/1"}))


def test_properties_in_ever_new_orders_are_judged_all_the_same() -> None:
    for order in islice(permutations(PATIENT), 0, 700):
        shuffled = {key: PATIENT[key] for key in order}
        for _ in range(10):
            assert is_valid(shuffled)
