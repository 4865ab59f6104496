"""Puts explanations and lists of people into words, tables, CSV and JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any, Final

from qamqor.engine.population.explain import Evidence, Explanation, Fact, Need, NotConcerned
from qamqor.engine.population.one_person import Due
from qamqor.engine.population.person_list import PersonDue, PersonList
from qamqor.engine.programmes import words as programme_words
from qamqor.engine.programmes.schema import Pack, Programme
from qamqor.services.population_scheduled import scheduled_json, scheduled_lines
from qamqor.services.population_words import PopulationWords

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_HEADINGS: Final = ("overdue", "due", "unknown", "not_due")
LIST_COLUMNS: Final = (
    *("patient_id", "age_years", "sex", "is_rural", "place_id", "area_id", "organization_id"),
    *("oldest_due_on", "urgency", "reason", "needs"),
)


def header(summary: Mapping[str, Any], words: PopulationWords) -> str:
    """What every page and list says first: the day, the pack, whether the people are real."""
    pack = f"{summary['pack']['id']} {summary['pack']['version']}"
    said = [words.tell("as_of", day=words.day(date.fromisoformat(summary["as_of"])))]
    if summary.get("known_at"):
        said.append(words.tell("known_at", day=words.day(date.fromisoformat(summary["known_at"]))))
    said.append(words.tell("pack", pack=pack))
    if summary.get("invented"):
        said.append(words.tell("invented"))
    if summary.get("approval") == "draft":
        said.append(words.tell("draft"))
    if summary.get("approval") == "invented":
        said.append(words.tell("invented_approval"))
    return " · ".join(said)


class Said:
    """What programmes say, by the versions in force, in one language."""

    def __init__(self, pack: Pack, as_of: date, language: str) -> None:
        self.language = language
        self._versions = {(one.id, one.version): one for one in pack.programmes}
        self._in_force = {one.id: one for one in pack.in_force(as_of)}

    def programme(self, due: Due) -> Programme | None:
        """The version a row was made by, where this pack still has it."""
        return self._versions.get((due.programme, due.version))

    def title(self, due: Due) -> str:
        """The programme's title."""
        found = self.programme(due)
        return programme_words.title(found, self.language) if found else due.programme

    def action(self, due: Due) -> str:
        """What is to be done, with its item."""
        found = self.programme(due)
        if found is None or due.action not in found.actions:
            return f"{due.action} {due.item}".strip()
        title = programme_words.action_title(found, due.action, self.language)
        if not due.item:
            return title
        return f"{title}: {programme_words.item(found, due.action, due.item, self.language)}"

    def reason(self, due: Due) -> str:
        """Why, in words."""
        found = self.programme(due)
        if found is None or due.action not in found.actions or not due.reason:
            return due.reason or ""
        return programme_words.reason(found, due.action, due.reason, self.language)

    def closes(self, due: Due) -> str:
        """What would close it."""
        found = self.programme(due)
        if found is None or due.action not in found.actions:
            return ""
        return programme_words.closes(found, due.action, self.language)


def explanation_text(
    explanation: Explanation, summary: Mapping[str, Any], pack: Pack, words: PopulationWords
) -> str:
    """An explanation as lines a nurse can read."""
    said = Said(pack, explanation.as_of, words.language)
    lines = [_person_line(explanation, words), header(summary, words)]
    if not explanation.counts:
        return "\n".join([*lines, "", words.tell("not_counted")])
    for status in _HEADINGS:
        needs = [one for one in explanation.needs if one.due.status == status]
        lines += ["", f"{words.tell(status)}: {len(needs) or words.tell('nothing')}"]
        for need in needs:
            lines += ["", *_need_lines(need, said, words)]
    for scheduled in explanation.scheduled:
        lines += ["", *scheduled_lines(scheduled, pack, explanation, words.language)]
    out = explanation.not_concerned
    lines += ["", f"{words.tell('not_concerned')}: {len(out) or words.tell('nothing')}"]
    for one in out:
        lines += ["", *_not_concerned_lines(one, explanation.as_of, words)]
    return "\n".join(lines)


def _person_line(explanation: Explanation, words: PopulationWords) -> str:
    person = explanation.person or {}
    born_on = person.get("born_on")
    said = [explanation.patient_id]
    if person.get("sex") in {"female", "male"}:
        said.append(words.tell(f"sex.{person['sex']}"))
    if explanation.needs and explanation.needs[0].due.age_years is not None:
        said.append(words.tell("age", n=explanation.needs[0].due.age_years))
    if isinstance(born_on, date):
        said.append(words.tell("born", day=_as_known(born_on, person.get("born_precision"), words)))
    return " · ".join(said)


def _as_known(born_on: date, precision: Any, words: PopulationWords) -> str:
    """A birth date with no more of it than the record gives."""
    if precision == "year":
        return f"{born_on:%Y}"
    return f"{born_on:%Y-%m}" if precision == "month" else words.day(born_on)


def _need_lines(need: Need, said: Said, words: PopulationWords) -> Iterator[str]:
    due = need.due
    yield f"  {said.action(due)} ({said.title(due)})"
    yield f"    {words.tell('when')}: {words.when(due.due_on, due.overdue_on, due.as_of)}"
    yield f"    {words.tell('why')}: {said.reason(due)}"
    who = ", ".join([words.tell(f"role.{due.role}"), words.tell(f"channel.{due.channel}")])
    yield f"    {words.tell('who')}: {who}; {words.tell('urgency').lower()}: {due.urgency}" + (
        f" ({words.tell(f'urgency.{due.urgency}')})"
    )
    if said.closes(due):
        yield f"    {words.tell('closes')}: {said.closes(due)}"
    if need.evidence:
        yield f"    {words.tell('evidence')}:"
        yield from (f"      {_evidence_line(one, words)}" for one in need.evidence)
    yield f"    {words.tell('rule')}: {due.programme} {due.version}"


def _evidence_line(evidence: Evidence, words: PopulationWords) -> str:
    if not evidence.rows:
        return f"{evidence.reference}: {words.tell('no_record')}"
    tables = (f"{table}: {', '.join(_values(row, words))}" for table, row in evidence.rows.items())
    return f"{evidence.reference} · {'; '.join(tables)}"


def _values(row: Mapping[str, Any], words: PopulationWords) -> Iterator[str]:
    for column, value in row.items():
        if isinstance(value, date):
            yield f"{column} {words.short_day(value)}"
        elif isinstance(value, bool):
            yield f"{column} {words.tell('yes' if value else 'no')}"
        elif isinstance(value, float):
            yield f"{column} {words.number(value, 0 if value == int(value) else 1)}"
        else:
            yield f"{column} {value}"


def _not_concerned_lines(one: NotConcerned, as_of: date, words: PopulationWords) -> Iterator[str]:
    title = programme_words.title(one.programme, words.language)
    yield f"  {title} ({one.programme.id} {one.programme.version})"
    yield f"    {words.tell('question')}: {one.question}"
    found = [*_belonged(one, as_of, words), *(_fact(fact, words) for fact in one.facts)]
    yield f"    {words.tell('found')}: {'; '.join(found)}"


def _belonged(one: NotConcerned, as_of: date, words: PopulationWords) -> Iterator[str]:
    for row in one.belonged:
        started = date.fromisoformat(row.enrolled_on) if row.enrolled_on else None
        ended = date.fromisoformat(row.left_on) if row.left_on else None
        if ended is not None and ended <= as_of:
            yield words.tell("belongs_until", day=words.day(ended))
        elif started is not None and started > as_of:
            yield words.tell("belongs_from", day=words.day(started))
        elif started is not None:
            yield words.tell("belongs_since", day=words.day(started))


def _fact(fact: Fact, words: PopulationWords) -> str:
    if fact.row:
        return f"{fact.table}: {', '.join(_values(fact.row, words))}"
    if not fact.rows:
        return f"{fact.table}: {words.tell('no_rows')}"
    rows = words.tell("one_row") if fact.rows == 1 else words.tell("rows", n=fact.rows)
    said = [words.tell("with_codes", set=name, n=n) for name, n in fact.with_codes.items()]
    if fact.of_programme is not None:
        said.append(words.tell("of_programme", n=fact.of_programme))
    return f"{fact.table}: {', '.join([rows, *said])}"


def explanation_json(
    explanation: Explanation, summary: Mapping[str, Any], pack: Pack, words: PopulationWords
) -> dict[str, Any]:
    """An explanation for machines, with the words beside the codes."""
    said = Said(pack, explanation.as_of, words.language)
    return {
        **{key: summary[key] for key in ("as_of", "known_at", "pack", "invented", "approval")},
        "patient_id": explanation.patient_id,
        "counts": explanation.counts,
        "needs": [
            {
                **need_json(need.due, said),
                "closes": said.closes(need.due),
                "evidence": [asdict(one) for one in need.evidence],
            }
            for need in explanation.needs
        ],
        "schedules": [
            scheduled_json(one, pack, explanation, words.language) for one in explanation.scheduled
        ],
        "not_applicable": [
            {
                "programme": one.programme.id,
                "version": one.programme.version,
                "title": programme_words.title(one.programme, words.language),
                "question": one.question,
                "belonged": [row._asdict() for row in one.belonged],
                "facts": [asdict(fact) for fact in one.facts],
            }
            for one in explanation.not_concerned
        ],
    }


def need_json(due: Due, said: Said) -> dict[str, Any]:
    """A due row for machines, with its words."""
    words = {
        "title": said.title(due),
        "what": said.action(due),
        "why": said.reason(due),
    }
    return {**due._asdict(), **words}


def list_json(found: PersonList, summary: Mapping[str, Any], said: Said) -> dict[str, Any]:
    """A list for machines: one object a person, one inside it a need."""
    return {
        **{key: summary.get(key) for key in ("as_of", "known_at", "pack", "invented", "approval")},
        "all_people": found.all_people,
        "people": [
            {
                **_facts(person),
                "oldest_due_on": person.oldest_due_on,
                "urgency": person.urgency,
                "needs": [need_json(due, said) for due in person.needs],
            }
            for person in found.people
        ],
    }


def _facts(person: PersonDue) -> dict[str, Any]:
    columns = ("age_years", "sex", "is_rural", "place_id", "area_id", "organization_id")
    first = person.needs[0]
    return {
        "patient_id": person.patient_id,
        **{column: getattr(first, column) for column in columns},
    }


def list_csv(found: PersonList, summary: Mapping[str, Any], said: Said) -> str:
    """A list as CSV, one row a person; nothing a spreadsheet would take for a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    pack = f"{summary['pack']['id']} {summary['pack']['version']}"
    constants = [summary["as_of"], pack, "invented people" if summary.get("invented") else ""]
    writer.writerow([*LIST_COLUMNS, "as_of", "pack", "people"])
    for person in found.people:
        needs = "; ".join(f"{said.action(due)}: {said.reason(due)}" for due in person.needs)
        cells = [
            *_facts(person).values(),
            person.oldest_due_on,
            person.urgency,
            said.reason(person.needs[0]),
            needs,
            *constants,
        ]
        writer.writerow([safe_cell(cell) for cell in cells])
    return out.getvalue()


def safe_cell(value: Any) -> Any:
    """A cell that no spreadsheet runs: a text that begins like a formula gets an apostrophe.

    Source:
        OWASP, CSV injection.
    """
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value


def list_rows(
    found: PersonList, said: Said, words: PopulationWords, areas: Mapping[str, str]
) -> tuple[list[str], list[list[str]]]:
    """A list as a table for reading: heads, and one row a person.

    Args:
        areas: area's id → its name.
    """
    heads = ["person", "age_sex", "area", "oldest", "urgency", "needs"]
    return [words.tell(head) for head in heads], [
        _list_row(person, said, words, areas) for person in found.people
    ]


def _list_row(
    person: PersonDue, said: Said, words: PopulationWords, areas: Mapping[str, str]
) -> list[str]:
    first = person.needs[0]
    sex = words.tell(f"sex.{first.sex}") if first.sex in {"female", "male"} else "–"
    age = "–" if first.age_years is None else str(first.age_years)
    oldest = person.oldest_due_on
    waiting = "–"
    if oldest is not None:
        days = (first.as_of - oldest).days
        span = words.span(days) if days >= 0 else words.tell("in", span=words.span(-days))
        waiting = f"{span} ({words.short_day(oldest)})"
    return [
        person.patient_id,
        f"{age}, {sex}",
        areas.get(first.area_id or "", first.area_id or "–"),
        waiting,
        f"{person.urgency} {words.tell(f'urgency.{person.urgency}')}",
        "\n".join(_needs(person.needs, said)),
    ]


def _needs(needs: Sequence[Due], said: Said) -> Iterator[str]:
    """Reason first; what needs the same thing for the same reason is said once."""
    told = dict.fromkeys(f"{said.reason(due)} → {said.action(due)}" for due in needs)
    yield from told
