"""A small, complete content pack, written to a folder so that tests can break it."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import yaml

PROGRAMME = "foot_care"
VERSION = "2025-01-01"
LOINC = "http://loinc.org"


def view(
    name: str, resource: str, columns: dict[str, tuple[str, str, list[str]]]
) -> dict[str, Any]:
    """A ViewDefinition; each column is its path, its FHIR type and its roles."""
    tags = {
        "date": {"name": "ansi/type", "value": "DATE"},
        "key": {"name": "qamqor/role", "value": "key"},
        "known_on": {"name": "qamqor/role", "value": "known_on"},
        "latest": {"name": "qamqor/latest", "value": "true"},
    }
    return {
        "resourceType": "https://sql-on-fhir.org/ig/StructureDefinition/ViewDefinition",
        "name": name,
        "status": "active",
        "resource": resource,
        "select": [
            {
                "column": [
                    {"name": c, "path": path, "type": kind, "tag": [tags[role] for role in roles]}
                    for c, (path, kind, roles) in columns.items()
                ]
            }
        ],
    }


TABLES = [
    view(
        "patient",
        "Patient",
        {
            "patient_id": ("getResourceKey()", "string", ["key"]),
            "born_on": ("birthDate", "date", ["date"]),
            "sex": ("gender", "code", []),
            "died_on": ("deceased.ofType(dateTime)", "dateTime", ["date"]),
            "is_active": ("active", "boolean", []),
        },
    ),
    view(
        "condition",
        "Condition",
        {
            "patient_id": ("subject.getReferenceKey(Patient)", "string", []),
            "condition_id": ("getResourceKey()", "string", ["key"]),
            "system": ("code.coding.system.first()", "uri", []),
            "code": ("code.coding.code.first()", "code", []),
            "recorded_on": ("recordedDate", "dateTime", ["date", "known_on"]),
        },
    ),
    view(
        "foot_check",
        "Observation",
        {
            "patient_id": ("subject.getReferenceKey(Patient)", "string", []),
            "observation_id": ("getResourceKey()", "string", ["key"]),
            "effective_on": (
                "effective.ofType(dateTime)",
                "dateTime",
                ["date", "known_on", "latest"],
            ),
            "score": ("value.ofType(Quantity).value", "decimal", []),
            "toes": ("value.ofType(integer)", "integer", []),
            "is_numb": ("value.ofType(boolean)", "boolean", []),
        },
    ),
]

YAML: dict[str, Any] = {
    "id": PROGRAMME,
    "status": "draft",
    "belongs": "eligible",
    "title": "Foot care",
    "purpose": "Feet are looked at often enough.",
    "sources": {"guide": "A guide"},
    "tables": ["condition", "foot_check", "latest_foot_check"],
    "value_sets": ["sore_feet"],
    "parameters": {
        "check_months": {"value": 6, "source": "guide", "status": "assumption"},
        "check_overdue_days": {"value": 14, "source": "guide", "status": "assumption"},
        "worry_score": {"value": 7.5, "source": "guide", "status": "confirmed"},
    },
    "population": "population.sql",
    "actions": {
        "check": {
            "kind": "due",
            "sql": "check.sql",
            "title": "Look at the feet",
            "role": "practice_nurse",
            "channel": "clinic",
            "urgency": {"never": 2, "worrying": 1, "routine": 4},
            "overdue_after_days": "check_overdue_days",
            "reasons": {"never": "Never looked at", "worrying": "Bad score", "routine": "Routine"},
            "closes": "A foot check",
            "told": {"time_for": "Come and show your feet"},
        }
    },
    "measures": {
        "checked": {
            "kind": "measure",
            "sql": "checked.sql",
            "title": "Feet looked at",
            "period_months": 12,
            "numerator": "Looked at in the period",
            "denominator": "Everyone with sore feet",
            "exclusions": {"newly_found": "Found in the period"},
        }
    },
}

WORDS: dict[str, Any] = {
    "title": "Табан күтімі",
    "purpose": "Табан жиі қаралады.",
    "actions": {
        "check": {
            "title": "Табанды қарау",
            "reasons": {"never": "Қаралмаған", "worrying": "Нашар", "routine": "Жоспарлы"},
            "closes": "Табанды қарау",
            "told": "Табаныңызды көрсетіңіз",
        }
    },
    "measures": {
        "checked": {
            "title": "Қаралған",
            "numerator": "Кезеңде қаралған",
            "denominator": "Барлығы",
            "exclusions": {"newly_found": "Кезеңде табылған"},
        }
    },
}

POPULATION = """-- Who has sore feet?
select
    condition.patient_id,
    min(condition.recorded_on) as enrolled_on,
    null as left_on,
    group_concat('Condition/' || condition.condition_id, ' ') as evidence
from condition
join sore_feet using (system, code)
group by condition.patient_id
"""

CHECK = """-- When is the next look at the feet due?
with last_check as (
    select patient_id, observation_id, effective_on, score from latest_foot_check
)

select
    person.patient_id,
    '' as item,
    case
        when last_check.patient_id is null then person.enrolled_on
        else add_months(last_check.effective_on, $check_months)
    end as due_on,
    case
        when last_check.patient_id is null then 'never'
        when last_check.score > $worry_score then 'worrying'
        else 'routine'
    end as reason,
    'Observation/' || last_check.observation_id as evidence
from foot_care_population as person
left join last_check on last_check.patient_id = person.patient_id
"""

CHECKED = """-- Whose feet were looked at in the period?
select
    person.patient_id,
    exists (
        select 1
        from foot_check
        where
            foot_check.patient_id = person.patient_id
            and foot_check.effective_on >= $period_start
            and foot_check.effective_on < $period_end
    ) as in_numerator,
    case when person.enrolled_on >= $period_start then 'newly_found' end as excluded_because,
    person.evidence
from foot_care_population as person
"""

CASES: dict[str, list[dict[str, Any]]] = {
    "population": [
        {
            "case": "Aru has sore feet",
            "as_of": "2026-01-01",
            "given": {
                "condition": [
                    {
                        "patient_id": "aru",
                        "condition_id": "c1",
                        "system": LOINC,
                        "code": "1",
                        "recorded_on": "2025-05-01",
                    }
                ]
            },
            "expect": [{"patient_id": "aru", "enrolled_on": "2025-05-01"}],
        }
    ],
    "check": [
        {
            "case": "Aru was never looked at",
            "as_of": "2026-01-01",
            "given": {"foot_care_population": [{"patient_id": "aru", "enrolled_on": "2025-05-01"}]},
            "expect": [
                {
                    "patient_id": "aru",
                    "due_on": "2025-05-01",
                    "reason": "never",
                    "status": "overdue",
                    "overdue_on": "2025-05-16",
                }
            ],
        },
        {
            "case": "A check after the day asked about is not yet known",
            "as_of": "2026-01-01",
            "given": {
                "condition": [
                    {
                        "patient_id": "aru",
                        "condition_id": "c1",
                        "system": LOINC,
                        "code": "1",
                        "recorded_on": "2025-05-01",
                    }
                ],
                "foot_check": [
                    {
                        "patient_id": "aru",
                        "observation_id": "o1",
                        "effective_on": "2025-08-31",
                        "score": 2,
                    },
                    {
                        "patient_id": "aru",
                        "observation_id": "o2",
                        "effective_on": "2026-01-02",
                        "score": 9,
                    },
                ],
            },
            "expect": [
                {
                    "patient_id": "aru",
                    "due_on": "2026-03-01",
                    "reason": "routine",
                    "evidence": "Observation/o1",
                    "status": "not_due",
                }
            ],
        },
    ],
    "checked": [
        {
            "case": "Aru was looked at on the last day of the year",
            "period_start": "2025-01-01",
            "period_end": "2026-01-01",
            "given": {
                "foot_care_population": [{"patient_id": "aru", "enrolled_on": "2024-05-01"}],
                "foot_check": [
                    {"patient_id": "aru", "observation_id": "o1", "effective_on": "2025-12-31"}
                ],
            },
            "expect": [{"patient_id": "aru", "in_numerator": True, "excluded_because": None}],
        }
    ],
}


def write_pack(folder: Path) -> Path:
    """Write the whole pack; returns the folder of its only programme version."""
    for name in ("tables", "valuesets"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    top = {"id": "small", "version": "1", "title": "Small", "languages": ["kk", "ru", "en"]}
    write_yaml(folder / "pack.yaml", top | {"licence": "Apache-2.0"})
    for one in TABLES:
        (folder / f"tables/{one['name']}.json").write_text(json.dumps(one))
    with (folder / "valuesets/sore_feet.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("system", "code", "display"), (LOINC, "1", "Sore feet")])
    version = folder / "programmes" / PROGRAMME / VERSION
    (version / "cases").mkdir(parents=True)
    write_programme(version, YAML)
    for language in ("kk", "ru"):
        write_yaml(version / f"words.{language}.yaml", WORDS)
    texts = {"population": POPULATION, "check": CHECK, "checked": CHECKED}
    for name, text in texts.items():
        (version / f"{name}.sql").write_text(text)
        write_yaml(version / f"cases/{name}.yaml", CASES[name])
    return version


def write_programme(version: Path, content: dict[str, Any]) -> None:
    """Write programme.yaml with the day the folder says."""
    write_yaml(version / "programme.yaml", {**content, "valid_from": version.name})


def write_yaml(file: Path, content: Any) -> None:
    """Write YAML with dates as dates, not as quoted texts."""
    text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=1000)
    file.write_text(_DAY.sub(r"\1", text))


_DAY = re.compile(r"'(\d{4}-\d{2}-\d{2})'")
