"""A block of invented people as FHIR R4 resources, one JSON text a line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any, Final

from qamqor.engine.fhir.names import CODES, EXTENSIONS, IDENTIFIERS
from qamqor.engine.invented import shapes
from qamqor.engine.invented.block import Block, Recipe
from qamqor.engine.invented.figures import chance
from qamqor.engine.invented.names import call_people, iin_of, phone_of
from qamqor.engine.invented.readings import codes_used
from qamqor.engine.invented.register import HOSPITAL, area_id, site_id
from qamqor.engine.invented.rows import NO_RESOURCE, Dates, Rows, Words
from qamqor.engine.invented.support import RESPONSE_LETTER, canonical, told
from qamqor.engine.invented.team import post_id
from qamqor.engine.invented.templates import Template, piece, template_of
from qamqor.engine.invented.texts import BlockTexts, Texts, day_texts

Values = dict[str, Texts]
TIMES: Final = [f"T{8 + n // 6:02d}:{n % 6 * 10:02d}:00+05:00" for n in range(60)]
GENERAL_PRACTITIONER: Final = "gp"


@dataclass(frozen=True, slots=True)
class _Page:
    """What is at hand while the rows of a block become resources."""

    recipe: Recipe
    block: Block
    texts: BlockTexts
    encounters: Texts

    def sites(self, rows: Rows) -> Texts:
        """The organisation of each row's person."""
        layout = self.recipe.layout
        site = layout.site_of_area[self.block.people.area[rows.person]]
        return [site_id(number) for number in site.tolist()]


def block_lines(recipe: Recipe, block: Block) -> Iterator[tuple[str, Iterable[str]]]:
    """Every resource about a block's people: its type, and one line for each.

    The rows are those that ``arrow`` makes tables of, so both say the same.
    """
    texts = BlockTexts(block.people)
    page = _Page(recipe, block, texts, _encounter_keys(block, texts))
    for rows in block.rows:
        if rows.kind == NO_RESOURCE or not len(rows):
            continue
        if rows.kind in recipe.invention["readings"]["readings"]:
            yield from _reading_lines(page, rows)
        elif rows.kind == "household_member":
            yield "Group", _households(page, rows)
        elif rows.kind == "answers":
            yield "QuestionnaireResponse", _answered(page, rows)
        else:
            shape, more = _KINDS[rows.kind]
            values = texts.all_of(rows)
            if more:
                values |= more(page, rows, values)
            yield str(shape["resourceType"]), _template(rows.kind).fill(values)


@lru_cache(maxsize=64)
def _template(kind: str) -> Template:
    return template_of(_KINDS[kind][0])


def _encounter_keys(block: Block, texts: BlockTexts) -> Texts:
    """The visit of each contact, or nothing where only its readings are on record."""
    contacts = block.contacts
    visits = next(rows for rows in block.rows if rows.kind == "visit" and rows.more)
    column = visits.more["contact"]
    assert isinstance(column, Dates)  # noqa: S101
    found: list[Any] = [None] * len(contacts)
    for place, key in zip(column.days.tolist(), texts.all_of(visits)["encounter_id"], strict=True):
        found[place] = key
    return found


def _end(values: Values, column: str = "left_on") -> Texts:
    return piece("end", values[column])


def _patients(page: _Page, rows: Rows, values: Values) -> Values:
    people, records = page.block.people, page.recipe.invention["population"]["records"]
    random = people.random("contact details")
    names = page.recipe.invention["names"]
    called = call_people(names, people, page.block.origins)
    has_number = random.random(len(people)) >= chance(records["no_number"])
    numbers = [n if has else None for n, has in zip(iin_of(people), has_number, strict=True)]
    precision = values["born_precision"]
    return {
        "identifier": _wrapped("identifier", f"{IDENTIFIERS}/iin", numbers),
        "family": called.family,
        "given": [
            f'["{given}","{patronymic}"]' if patronymic else f'["{given}"]'
            for given, patronymic in zip(called.given, called.patronymic, strict=True)
        ],
        "telecom": [
            f',"telecom":[{{"system":"phone","value":"{phone}","use":"mobile"}}]' if phone else ""
            for phone in phone_of(random, len(people), chance(records["has_phone"]))
        ],
        "born_on": [_cut(day, how) for day, how in zip(values["born_on"], precision, strict=True)],
        "deceased": piece("deceasedDateTime", values["died_on"]),
        **_addresses(page, names["streets"]),
        "attached": _attached(page),
    }


def _cut(day: str, precision: str) -> str:
    return day if precision == "day" else day[:7] if precision == "month" else day[:4]


def _wrapped(name: str, system: str, values: Sequence[str | None]) -> Texts:
    start = f',"{name}":[{{"system":"{system}","value":"'
    return [f'{start}{value}"}}]' if value else "" for value in values]


GEOLOCATION: Final = "http://hl7.org/fhir/StructureDefinition/geolocation"
BLOCK_DEGREES, HOUSE_DEGREES = 0.0032, 0.000105


def _addresses(page: _Page, streets: Mapping[str, Sequence[str]]) -> Values:
    """Street and house of each household, the town or village of its place."""
    people, layout = page.block.people, page.recipe.layout
    random = people.random("addresses")
    street_u = random.random(people.homes.count)
    house = random.integers(1, 160, people.homes.count)
    lines, cities, where = [], [], []
    for home, leaf, rural in zip(
        people.homes.household.tolist(), people.leaf.tolist(), people.rural.tolist(), strict=True
    ):
        settlement, place = "rural" if rural else "urban", layout.leaf(leaf)
        choices = streets[settlement]
        street = int(street_u[home] * len(choices))
        lines.append(f"{choices[street]}, {house[home]}")
        cities.append(place.names[0])
        where.append(
            f'[{{"url":"{EXTENSIONS}/kato","valueCode":"{place.kato}"}},'
            f'{{"url":"{EXTENSIONS}/settlement","valueCode":"{settlement}"}}'
            f"{_geolocation(place.position, street, int(house[home]))}]"
        )
    return {"line": lines, "city": cities, "where": where}


def _geolocation(middle: tuple[float, float] | None, street: int, house: int) -> str:
    """Where a house stands: streets cross in a grid around the middle, numbers run along them."""
    if middle is None:
        return ""
    across, along = (street // 2 - 2) * BLOCK_DEGREES, (house - 80) * HOUSE_DEGREES
    north, east = (across, along) if street % 2 else (along, across)
    latitude, longitude = middle[0] + north, middle[1] + east * 1.36
    return (
        f',{{"url":"{GEOLOCATION}","extension":[{{"url":"latitude","valueDecimal":{latitude:.5f}}},'
        f'{{"url":"longitude","valueDecimal":{longitude:.5f}}}]}}'
    )


def _attached(page: _Page) -> Texts:
    """The organisation and the GP of everyone who is attached now; nothing for the others."""
    rows = next(rows for rows in page.block.rows if rows.kind == "attachment")
    area, left = rows.columns["organization_id"], rows.columns["left_on"]
    assert isinstance(area, Words) and isinstance(left, Dates)  # noqa: S101, PT018
    found = [""] * len(page.block.people)
    sites = page.recipe.layout.site_of_area.tolist()
    open_ = day_texts(left.days)
    for person, number, until in zip(rows.person.tolist(), area.index.tolist(), open_, strict=True):
        if until is None:
            own = area_id(number)
            post = post_id(page.recipe.invention["team"]["roles"], GENERAL_PRACTITIONER, number)
            gp = f'{{"reference":"PractitionerRole/{post}"}}'
            found[person] = (
                f',"generalPractitioner":[{gp},{{"reference":"Organization/{own}"}}],'
                f'"managingOrganization":{{"reference":"Organization/{site_id(sites[number])}"}}'
            )
    return found


def _attachments(page: _Page, rows: Rows, values: Values) -> Values:
    status = ["active" if left is None else "finished" for left in values["left_on"]]
    return {"status": status, "end": _end(values)}


def _enrolments(page: _Page, rows: Rows, values: Values) -> Values:
    return {"end": _end(values), "site": page.sites(rows)}


def _coverages(page: _Page, rows: Rows, values: Values) -> Values:
    return {"end": _end(values)}


def _problems(page: _Page, rows: Rows, values: Values) -> Values:
    confirmed = {"true": "confirmed", "false": "provisional"}
    onset = zip(values["onset_on"], values["onset_precision"], strict=True)
    return {
        "clinical": ["resolved" if day else "active" for day in values["resolved_on"]],
        "verified": [confirmed[said] for said in values["is_confirmed"]],
        "onset_on": [_cut(day, how) for day, how in onset],
        "abatement": piece("abatementDateTime", values["resolved_on"]),
    }


def _visits(page: _Page, rows: Rows, values: Values) -> Values:
    """Who was met is a post of the person's area; an ambulance crew is none of its posts."""
    areas = page.block.people.area[rows.person].tolist()
    start = f',"participant":[{{"type":[{{"coding":[{{"system":"{CODES}/role","code":"'
    posts = page.recipe.invention["team"]["roles"]
    roles = values.get("role", [None] * len(rows))
    contacts = values.get("contact", [None] * len(rows))
    kind = f',"type":[{{"coding":[{{"system":"{CODES}/contact","code":"'
    return {
        "participant": [
            f'{start}{role}"}}]}}],"individual":{{"reference":"PractitionerRole/'
            f'{post_id(posts, role, area)}"}}}}]'
            if role
            else ""
            for role, area in zip(roles, areas, strict=True)
        ],
        "type": [f'{kind}{contact}"}}]}}]' if contact else "" for contact in contacts],
    }


def _vaccinations(page: _Page, rows: Rows, values: Values) -> Values:
    system = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
    start = f',"statusReason":{{"coding":[{{"system":"{system}","code":"'
    return {
        "cvx": page.texts.of(rows.more["cvx"]),
        "reason": [f'{start}{why}"}}]}}' if why else "" for why in values["status_reason"]],
        "lot": piece("lotNumber", values["lot"]),
    }


def _referrals(page: _Page, rows: Rows, values: Values) -> Values:
    return {"booked": piece("occurrenceDateTime", values["booked_on"]), **_sides(page, rows)}


def _sides(page: _Page, rows: Rows) -> Values:
    """Who asked, the GP of the person's area, and who is to answer, the hospital."""
    posts = page.recipe.invention["team"]["roles"]
    areas = page.block.people.area[rows.person].tolist()
    return {
        "requester": [post_id(posts, GENERAL_PRACTITIONER, area) for area in areas],
        "performer": [HOSPITAL] * len(rows),
    }


def _referral_ways(page: _Page, rows: Rows, values: Values) -> Values:
    names = ("booked", "seen", "replied", "closed")
    start = f'{{"type":{{"coding":[{{"system":"{CODES}/outcome","code":"'
    steps = zip(*(values[f"{name}_on"] for name in names), strict=True)
    lists = [
        ",".join(
            f'{start}{name}"}}]}},"valueDateTime":"{day}"}}'
            for name, day in zip(names, days, strict=True)
            if day
        )
        for days in steps
    ]
    return {
        "steps": [f',"output":[{each}]' if each else "" for each in lists],
        "status": ["completed" if day else "in-progress" for day in values["closed_on"]],
        **_sides(page, rows),
    }


def _acts(page: _Page, rows: Rows, values: Values) -> Values:
    return {"until": piece("restriction", values["until"], before='{"period":{"end":', after="}}")}


def _consents(page: _Page, rows: Rows, values: Values) -> Values:
    return {
        "permitted": ["permit" if said == "true" else "deny" for said in values["is_permitted"]],
        "until": piece("period", values["until"], before='{"end":', after="}"),
    }


def _plans(page: _Page, rows: Rows, values: Values) -> Values:
    """Who made a plan is a post of the person's area; some plans carry a label."""
    part, posts = page.recipe.invention["support"]["plans"], page.recipe.invention["team"]["roles"]
    areas = page.block.people.area[rows.person].tolist()
    marks = {}
    for role in set(values["role"]):
        system, _, code = str(part[role].get("label", "")).partition("|")
        security = f',"meta":{{"security":[{{"system":"{system}","code":"{code}"}}]}}'
        marks[role] = security if code else ""
    return {
        "title": [str(part["title"])] * len(rows),
        "author": [post_id(posts, role, a) for role, a in zip(values["role"], areas, strict=True)],
        "meta": [marks[role] for role in values["role"]],
    }


More = Callable[[_Page, Rows, Values], Values]
_KINDS: Final[Mapping[str, tuple[shapes.Shape, More | None]]] = {
    "patient": (shapes.PATIENT, _patients),
    "attachment": (shapes.ATTACHMENT, _attachments),
    "coverage": (shapes.COVERAGE, _coverages),
    "related_mother": (shapes.MOTHER, None),
    "condition": (shapes.CONDITION, _problems),
    "enrolment": (shapes.ENROLMENT, _enrolments),
    "visit": (shapes.VISIT, _visits),
    "stay": (shapes.STAY, None),
    "medication": (shapes.MEDICATION, None),
    "immunisation": (shapes.IMMUNISATION, _vaccinations),
    "exemption": (shapes.EXEMPTION, None),
    "vaccination_observation": (shapes.VACCINATION_OBSERVATION, None),
    "examination Observation": (shapes.EXAMINATION["Observation"], None),
    "examination Procedure": (shapes.EXAMINATION["Procedure"], None),
    "screening_result": (shapes.SCREENING_RESULT, None),
    "referral": (shapes.REFERRAL, _referrals),
    "referral way": (shapes.REFERRAL_WAY, _referral_ways),
    "contact_attempt": (shapes.CONTACT_ATTEMPT, None),
    "task": (shapes.TASK, _acts),
    "goal": (shapes.GOAL, None),
    "consent": (shapes.CONSENT, _consents),
    "care_plan": (shapes.CARE_PLAN, _plans),
}


def _reading_lines(page: _Page, rows: Rows) -> Iterator[tuple[str, Iterable[str]]]:
    part = page.recipe.invention["readings"]
    entry = part["readings"][rows.kind]
    values = page.texts.all_of(rows)
    values["answer"] = values.get("code", [])
    codes = codes_used(page.block.people, rows.kind, entry["code"], len(rows))
    values["code"] = page.texts.of(codes)
    contact = rows.more["contact"]
    assert isinstance(contact, Dates)  # noqa: S101
    places = contact.days.tolist()
    seen = [page.encounters[place] for place in places]
    values["encounter"] = piece(
        "encounter",
        seen and [f"Encounter/{key}" if key else None for key in seen],
        before='{"reference":',
        after="}",
    )
    values["time"] = [TIMES[place % len(TIMES)] for place in places]
    start = f',"extension":[{{"url":"{EXTENSIONS}/setting","valueCode":"'
    values["setting"] = [f'{start}{setting}"}}]' for setting in values.get("setting", [])]
    values["setting"] = values["setting"] or [""] * len(rows)
    asked = entry.get("questionnaire")
    values["response_id"] = [RESPONSE_LETTER + own[1:] for own in values["observation_id"]]
    derived = [f"QuestionnaireResponse/{own}" for own in values["response_id"]]
    values["derived"] = (
        piece("derivedFrom", derived, before='[{"reference":', after="}]")
        if asked
        else [""] * len(rows)
    )
    category = _category(part, entry)
    yield (
        "Observation",
        _observation_template(json.dumps(entry, sort_keys=True), category).fill(values),
    )
    if asked:
        said = entry.get("told")
        values["item"] = [""] * len(rows)
        if said:
            start = f',"item":[{{"linkId":"{said["question"]}","answer":[{{"valueCoding":{{"code":"'
            answers = page.texts.of(told(page.block.people, entry, rows))
            values["item"] = [f'{start}{answer}"}}}}]}}]' for answer in answers]
        name = canonical(asked, said["version"]) if said else f"{CODES}/questionnaire|{asked}"
        template = template_of(shapes.questionnaire_response(name))
        yield "QuestionnaireResponse", template.fill(values)


def _category(part: Mapping[str, Any], entry: Mapping[str, Any]) -> str:
    while "panel" not in entry:
        entry = part["readings"][entry["along"]]
    return str(part["panels"][entry["panel"]].get("category", "laboratory"))


@lru_cache(maxsize=128)
def _observation_template(entry: str, category: str) -> Template:
    return template_of(shapes.observation(json.loads(entry), category))


def _households(page: _Page, rows: Rows) -> Iterator[str]:
    """One Group a household, its members in the order of their ids."""
    values = page.texts.all_of(rows)
    members: dict[str, list[str]] = {}
    role_url = f"{EXTENSIONS}/household_role"
    each = zip(
        values["group_id"],
        values["patient_id"],
        values["household_role"],
        values["from_on"],
        _end(values),
        strict=True,
    )
    for group, patient, role, since, end in each:
        members.setdefault(group, []).append(
            f'{{"extension":[{{"url":"{role_url}","valueCode":"{role}"}}],'
            f'"entity":{{"reference":"Patient/{patient}"}},"period":{{"start":"{since}"{end}}}}}'
        )
    code = f'"code":{{"coding":[{{"system":"{CODES}/group_kind","code":"household"}}]}}'
    for group, inside in members.items():
        yield (
            f'{{"resourceType":"Group","id":"{group}","active":true,"type":"person",'
            f'"actual":true,{code},"quantity":{len(inside)},"member":[{",".join(inside)}]}}'
        )


def _answered(page: _Page, rows: Rows) -> Iterator[str]:
    """One QuestionnaireResponse for the answers of a person."""
    values = page.texts.all_of(rows)
    names = ("questionnaire_response_id", "patient_id", "questionnaire", "answered_on")
    said = zip(*(values[name] for name in names), strict=True)
    answers = zip(values["question"], values["answer"], strict=True)
    for (id_, patient, form, day), own in groupby(
        zip(said, answers, strict=True), key=lambda one: one[0]
    ):
        items = ",".join(
            f'{{"linkId":"{question}","answer":[{{"valueBoolean":{answer}}}]}}'
            for _, (question, answer) in own
        )
        yield (
            f'{{"resourceType":"QuestionnaireResponse","id":"{id_}","questionnaire":"{form}",'
            f'"status":"completed","subject":{{"reference":"Patient/{patient}"}},'
            f'"authored":"{day}{shapes.TIME}","item":[{items}]}}'
        )
