"""Writes a content pack as FHIR R4: ViewDefinition, ValueSet, Library, PlanDefinition, Measure."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Container, Iterator, Mapping
from datetime import date
from typing import Any, Final

from qamqor.engine.fhir.names import BASE, CODES
from qamqor.engine.programmes import words
from qamqor.engine.programmes.binding import with_prefix
from qamqor.engine.programmes.cases import Query, queries
from qamqor.engine.programmes.schema import Action, Measure, Pack, Programme, Value
from qamqor.engine.programmes.standalone import ROWS, Standalone, standalone
from qamqor.engine.programmes.words import Path

SQL_ON_FHIR: Final = "https://sql-on-fhir.org/ig"
SQL: Final = "application/sql"
TRANSLATION: Final = "http://hl7.org/fhir/StructureDefinition/translation"
_TERMINOLOGY: Final = "http://terminology.hl7.org/CodeSystem"
_TRANSLATED: Final = ("kk", "ru")
_READS_ROWS: Final = (
    "Reads whole tables and keeps the rows known on :as_of itself. Uses the functions add_months,"
    " add_days, days_between, age_years, year_of, date_of and any_true, which an engine must have."
)
Resource = dict[str, Any]


def fhir_resources(pack: Pack, approved: Container[str] = ()) -> Iterator[Resource]:
    """Every version of every programme, and the tables and codes they read, as FHIR R4.

    Args:
        approved: hashes of the versions that are approved; these are active, the others drafts.
    """
    for table in pack.tables.values():
        for view in table.views:
            yield _view(view, many=len(table.views) > 1)
    for name, codes in pack.value_sets.items():
        yield _value_set(pack, name, codes)
    for programme in pack.programmes:
        status = "active" if programme.sha256 in approved else "draft"
        yield from _programme(pack, programme, status)


def _id(*parts: str) -> str:
    """A FHIR id: letters, digits and hyphens, at most 64; a longer one ends in its hash."""
    whole = "-".join(parts).replace("_", "-").replace(".", "-")
    if len(whole) <= 64:
        return whole
    return f"{whole[:55]}-{hashlib.sha256(whole.encode()).hexdigest()[:8]}"


def _view(view: Mapping[str, Any], *, many: bool) -> Resource:
    parts = (str(view["name"]), str(view["resource"]).lower()) if many else (str(view["name"]),)
    return {**view, "id": _id(*parts), "url": f"{BASE}/ViewDefinition/{'.'.join(parts)}"}


def _view_urls(pack: Pack, table: str) -> list[str]:
    views = pack.tables[table].views
    return [_view(view, many=len(views) > 1)["url"] for view in views]


def _value_set(pack: Pack, name: str, codes: tuple[tuple[str, str], ...]) -> Resource:
    systems: dict[str, list[Resource]] = {}
    for system, code in codes:
        display = pack.displays.get((system, code), code)
        systems.setdefault(system, []).append({"code": code, "display": display})
    include = [{"system": system, "concept": found} for system, found in systems.items()]
    return {
        "resourceType": "ValueSet",
        "id": _id(name),
        "url": f"{BASE}/ValueSet/{name}",
        "version": pack.version,
        "name": name,
        "status": "draft",
        "compose": {"include": include},
    }


def _programme(pack: Pack, programme: Programme, status: str) -> Iterator[Resource]:
    among = {one.id: one for one in pack.in_force(programme.valid_from)} | {programme.id: programme}
    for query in queries(programme):
        yield _library(pack, query, standalone(pack, query, among), status)
    yield _plan(programme, status)
    for name, measure in programme.measures.items():
        yield _measure(programme, name, measure, status)


def _head(kind: str, programme: Programme, status: str, *parts: str) -> Resource:
    return {
        "resourceType": kind,
        "id": _id(*parts, programme.version),
        "url": f"{BASE}/{kind}/{'.'.join(parts)}",
        "version": programme.version,
        "name": "_".join(parts),
        "status": status,
        "effectivePeriod": {"start": programme.version},
    }


def _canonical(kind: str, programme: Programme, *parts: str) -> str:
    return f"{BASE}/{kind}/{'.'.join((programme.id, *parts))}|{programme.version}"


def _stem(query: Query) -> str:
    return query.file.removesuffix(".sql")


def _library(pack: Pack, query: Query, alone: Standalone, status: str) -> Resource:
    programme = query.programme
    sql = with_prefix(alone.sql, ":")
    tables = [
        {"type": "depends-on", "resource": url, "label": table.name + ROWS}
        for table in alone.tables
        for url in _view_urls(pack, table.name)
    ]
    known: dict[str, Value] = dict.fromkeys(alone.always, date.min) | dict(alone.parameters)
    head = _head("Library", programme, status, programme.id, _stem(query))
    return head | {
        "meta": {"profile": [f"{SQL_ON_FHIR}/StructureDefinition/SQLQuery"]},
        "title": f"{programme.title}: {_stem(query)}",
        "description": _description(query),
        "type": _coding(f"{SQL_ON_FHIR}/CodeSystem/LibraryTypesCodes", "sql-query"),
        "relatedArtifact": tables,
        "parameter": [_parameter(name, value) for name, value in known.items()],
        "content": [
            {
                "contentType": SQL,
                "data": base64.b64encode(sql.encode()).decode(),
                "extension": [
                    {
                        "url": f"{SQL_ON_FHIR}/StructureDefinition/sql-text",
                        "valueString": sql,
                    }
                ],
            }
        ],
    }


def _description(query: Query) -> str:
    """What somebody must know to run a query elsewhere."""
    doses = query.programme.doses_table
    if query.kind == "schedule":
        return f"{_READS_ROWS} Its rows are what a vaccination schedule is told of each person."
    if query.kind == "measure" and doses is not None and doses in query.sql:
        return f"{_READS_ROWS} It also reads {doses}: the doses a vaccination schedule has judged."
    return _READS_ROWS


_TYPES: Final = ((bool, "boolean"), (int, "integer"), (float, "decimal"), (date, "date"))


def _parameter(name: str, value: Value) -> Resource:
    kind = next((said for python, said in _TYPES if isinstance(value, python)), "string")
    found: Resource = {"name": name, "use": "in", "min": 1, "max": "1", "type": kind}
    if value != date.min:
        written = str(value).lower() if isinstance(value, bool) else str(value)
        found["documentation"] = f"In this version {written}"
    return found


def _coding(system: str, code: str) -> Resource:
    return {"coding": [{"system": system, "code": code}]}


def _said(programme: Programme, key: str, english: str, path: Path) -> Resource:
    """A text and its translations, as an element and its underscored twin."""
    translations = [
        {
            "url": TRANSLATION,
            "extension": [
                {"url": "lang", "valueCode": language},
                {"url": "content", "valueString": said},
            ],
        }
        for language in _TRANSLATED
        if (said := words.translated(programme, language, path))
    ]
    return {key: english} | ({f"_{key}": {"extension": translations}} if translations else {})


def _plan(programme: Programme, status: str) -> Resource:
    libraries = [_canonical("Library", programme, _stem(query)) for query in queries(programme)]
    related = [
        {"type": "justification", "label": name, "display": said}
        for name, said in programme.sources.items()
    ]
    return (
        _head("PlanDefinition", programme, status, programme.id)
        | _said(programme, "title", programme.title, ("title",))
        | _said(programme, "description", programme.purpose, ("purpose",))
        | {
            "type": _coding(f"{_TERMINOLOGY}/plan-definition-type", "clinical-protocol"),
            "library": libraries,
            "relatedArtifact": related,
            "action": [_action(programme, one) for one in programme.actions.values()],
        }
    )


def _action(programme: Programme, action: Action) -> Resource:
    library = _canonical("Library", programme, action.file.removesuffix(".sql"))
    path: Path = ("actions", action.name)
    reasons = [
        {**_coding(f"{CODES}/reason", code), "text": said} for code, said in action.reasons.items()
    ]
    return (
        {"id": _id(action.name), "code": [_coding(f"{CODES}/action", action.name)]}
        | _said(programme, "title", action.title, (*path, "title"))
        | _said(programme, "textEquivalent", action.closes, (*path, "closes"))
        | {
            "reason": reasons,
            "condition": _applies(action, library),
            "participant": [
                {"type": "practitioner", "role": _coding(f"{CODES}/role", action.role)}
            ],
        }
    )


def _applies(action: Action, library: str) -> list[Resource]:
    """When an action applies; what a schedule says no expression can tell, only its description."""
    told: Resource = {"language": SQL, "expression": "due_on <= :as_of", "reference": library}
    if action.schedule is not None:
        what = f"Due by the vaccination schedule {action.schedule}, from what the library selects"
        told = {"language": "text/plain", "description": what, "expression": action.schedule}
    return [{"kind": "applicability", "expression": told}]


_POPULATIONS: Final = (
    ("initial-population", "true", "denominator"),
    ("denominator", "true", "denominator"),
    ("denominator-exclusion", "excluded_because is not null", ""),
    ("numerator", "in_numerator", "numerator"),
)


def _measure(programme: Programme, name: str, measure: Measure, status: str) -> Resource:
    library = _canonical("Library", programme, measure.file.removesuffix(".sql"))
    said = {"denominator": measure.denominator, "numerator": measure.numerator}
    populations = [
        {
            "code": _coding(f"{_TERMINOLOGY}/measure-population", code),
            **({"description": said[text]} if text else {}),
            "criteria": {"language": SQL, "expression": expression, "reference": library},
        }
        for code, expression, text in _POPULATIONS
    ]
    improvement = "increase" if measure.higher_is_better else "decrease"
    return (
        _head("Measure", programme, status, programme.id, name)
        | _said(programme, "title", measure.title, ("measures", name, "title"))
        | {
            "library": [library],
            "scoring": _coding(f"{_TERMINOLOGY}/measure-scoring", "proportion"),
            "type": [_coding(f"{_TERMINOLOGY}/measure-type", "process")],
            "improvementNotation": _coding(
                f"{_TERMINOLOGY}/measure-improvement-notation", improvement
            ),
            "group": [{"population": populations}],
        }
    )
