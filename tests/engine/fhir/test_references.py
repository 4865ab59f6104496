"""References are found in what the server wrote, and rewritten anywhere."""

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.references import PATIENT_IDS, mentioned, rewritten


def test_every_reference_is_rewritten_but_one_to_a_version() -> None:
    resource = {
        "subject": {"reference": "Patient/a", "display": "Айгүл"},
        "focus": [{"reference": "Patient/a/_history/2"}, {"reference": "Patient/ab"}],
        "contained": [{"patient": {"reference": "Patient/a"}}],
        "identifier": [{"system": PATIENT_IDS, "value": "a"}, {"system": "x", "value": "a"}],
        "note": "Patient/a",
    }
    assert rewritten(resource, "Patient/a", "Patient/b") == {
        "subject": {"reference": "Patient/b", "display": "Айгүл"},
        "focus": [{"reference": "Patient/a/_history/2"}, {"reference": "Patient/ab"}],
        "contained": [{"patient": {"reference": "Patient/b"}}],
        "identifier": [{"system": PATIENT_IDS, "value": "b"}, {"system": "x", "value": "a"}],
        "note": "Patient/a",
    }
    assert resource["subject"] == {"reference": "Patient/a", "display": "Айгүл"}


def test_mentions_are_found_by_type() -> None:
    content = json_text.encode(
        {"a": {"reference": "Patient/a"}, "b": {"reference": "Organization/o"}}
    ).decode()
    assert mentioned(content) == {"Patient/a"}
    assert mentioned(content, frozenset({"Organization"})) == {"Organization/o"}
