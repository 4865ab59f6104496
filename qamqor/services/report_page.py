"""Puts the figures on one page that needs no network and no script."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from qamqor.services import report_care, report_people
from qamqor.services.report_names import Names
from qamqor.services.report_shown import Figures, Split
from qamqor.services.report_speaker import Speaker, Table
from qamqor.services.report_words import TEMPLATES, Words

BRANDS: Final = {"kk": "Қамқор", "ru": "Qamqor", "en": "Qamqor"}
STYLES: Final = ("tokens.css", "charts.css", "report.css")


@dataclass(frozen=True, slots=True)
class About:
    """What the reader must know of the numbers.

    Attributes:
        pack: the content pack and its version, as written.
        approval: ``approved``, ``invented`` or ``draft``.
        is_invented: the people do not exist.
        place: what place or organisation it is about; empty = as the data say.
        quarantined: records kept apart on loading; null = not known.
    """

    pack: str
    approval: str
    is_invented: bool
    place: str = ""
    quarantined: int | None = None


def page(figures: Figures, names: Names, words: Words, about: About) -> str:
    """The whole page as HTML text."""
    speaker = Speaker(words, names)
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"say": words.say, "number": words.number}
    style = _style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    logo = (TEMPLATES / "logo.svg").read_text().strip()
    return environment.get_template("report.html.jinja").render(
        lang=words.language,
        brand=BRANDS[words.language],
        style=Markup(style),  # noqa: S704
        style_hash=f"sha256-{digest}",
        logo=Markup(logo),  # noqa: S704
        **_head(figures, speaker, about),
        **_people(figures, speaker),
        **_care(figures, speaker),
        **_foot(figures, speaker, about),
    )


def _style() -> str:
    """All styles in one text without comments, so that its hash can stand in the policy."""
    whole = "\n".join((TEMPLATES / name).read_text() for name in STYLES)
    without = re.sub(r"/\*.*?\*/", "", whole, flags=re.DOTALL)
    return re.sub(r"\s*\n\s*", "\n", without).strip()


def _head(figures: Figures, speaker: Speaker, about: About) -> dict[str, Any]:
    say, words = speaker.words.say, speaker.words
    day = words.day(figures.as_of)
    areas = {split.key for split in figures.units if split.key} if figures.unit == "area" else set()
    place = about.place or speaker.names.top(areas)
    people = words.count("{n} resident", "{n} residents", figures.everybody.people or 0)
    if not figures.covers_residents:
        people = words.count(
            "{n} person in a programme", "{n} people in programmes", figures.everybody.people or 0
        )
    messages = []
    if about.is_invented:
        messages.append(("info", say("Demonstration: all people in this report are invented.")))
    if about.approval == "invented":
        messages.append(("due", say("Invented approval: no clinician has approved these rules.")))
    if about.approval == "draft":
        messages.append(("due", say("Drafts: these rules are not approved; do not act on them.")))
    return {
        "title": say("Who needs care now"),
        "subtitle": " · ".join(part for part in (place, people, day) if part),
        "stamp": say("As of {day} · {pack}", day=words.short_day(figures.as_of), pack=about.pack),
        "messages": messages,
        **_answer(figures, speaker),
    }


def _answer(figures: Figures, speaker: Speaker) -> dict[str, Any]:
    say, words, all_ = speaker.words.say, speaker.words, figures.everybody
    people = speaker.amount(all_.people)
    if all_.open is None:
        answer = Markup(say("Fewer than 5 people need somebody now."))  # noqa: S704
    elif all_.open == 0:
        answer = words.rich("Nobody of {people} people needs anything now.", people=people)
    else:
        answer = words.rich_count(
            "<b>{n}</b> of {people} people needs somebody now.",
            "<b>{n}</b> of {people} people need somebody now.",
            all_.open,
            people=people,
        )
    more = []
    if figures.roles and figures.roles[0].open:
        first = figures.roles[0]
        more.append(
            say("The longest list: {role}, {n}.", role=speaker.role(first.key), n=first.open)
        )
    more.append(
        say("This page names nobody; the command “qamqor population due” prints the lists.")
    )
    return {"answer": answer, "answer_more": more, "states": _states(all_, speaker)}


def _states(all_: Split, speaker: Speaker) -> list[tuple[str, str, str, str]]:
    say, amount = speaker.words.say, speaker.amount
    known = [all_.people, all_.overdue, all_.due, all_.unknown, all_.not_due]
    rest = (
        None
        if any(one is None for one in known)
        else 2 * (known[0] or 0) - sum(one or 0 for one in known)
    )
    found = [
        ("urgent", say("urgent"), say("among overdue and due"), amount(all_.urgent)),
        ("overdue", say("overdue"), say("the date has passed"), amount(all_.overdue)),
        ("due", say("due"), say("the date has come"), amount(all_.due)),
        ("unknown", say("not known"), say("a record is missing"), amount(all_.unknown)),
        ("soon", say("not due yet"), "", amount(all_.not_due)),
        ("none", say("in no programme"), "", amount(rest)),
    ]
    drop = {"none"} if rest == 0 else set()
    drop |= {"unknown"} if all_.unknown == 0 else set()
    return [row for row in found if row[0] not in drop]


def _people(figures: Figures, speaker: Speaker) -> dict[str, Any]:
    say = speaker.words.say
    titles = {
        "area": say("By GP area"),
        "organisation": say("By organisation"),
        "region": say("By region"),
    }
    everybody = say("Share of residents who need somebody now, with its 95% interval.")
    some = say("Share of people in programmes who need somebody now, with its 95% interval.")
    return {
        "roles": report_people.roles(figures, speaker),
        "programmes": report_people.programmes(figures, speaker),
        "reason_levels": _reasons(figures, speaker),
        "all_reasons": report_people.all_reasons(figures, speaker),
        "lateness": report_people.lateness(figures, speaker),
        "waits": report_people.waits(figures, speaker),
        "units": report_people.units(figures, speaker),
        "regions": report_people.regions(figures, speaker),
        "unit_title": titles.get(figures.unit, say("By place")),
        "ages": report_people.ages(figures, speaker),
        "settlements": report_people.settlements(figures, speaker),
        "share_note": everybody if figures.covers_residents else some,
    }


def _reasons(
    figures: Figures, speaker: Speaker
) -> list[tuple[str, str, list[report_people.Pressing]]]:
    say, chosen = speaker.words.say, report_people.reasons(figures, speaker)
    levels = [(1, "urgent", say("urgent")), (2, "next", say("soon"))]
    found = [
        (kind, words, [one for one in chosen if one.urgency == level])
        for level, kind, words in levels
    ]
    return [level for level in found if level[2]]


def _care(figures: Figures, speaker: Speaker) -> dict[str, Any]:
    say = speaker.words.say
    found = []
    headings = {
        "settlement": say("Villages and towns"),
        "sex": say("Men and women"),
    }
    for by, heading in headings.items():
        gaps = report_care.gaps_of(figures, by, speaker)
        if gaps:
            sentence = _gap_sentence(gaps, by, speaker)
            found.append((heading, sentence, report_care.beside(by, gaps, speaker)))
    titles = _side_by_side(speaker)
    compared = report_care.compared(figures, speaker)
    usual = [one for one in compared if not one.has_outliers]
    return {
        "cards": report_care.cards(figures, speaker),
        "gaps": found,
        "outlying": [one for one in compared if one.has_outliers],
        "usual": usual,
        "others": speaker.words.count(
            "{n} measure in which none stands out",
            "{n} measures in which none stands out",
            len(usual),
        ),
        "compared_title": titles.get(figures.unit, say("Places side by side")),
    }


def _side_by_side(speaker: Speaker) -> dict[str, str]:
    say = speaker.words.say
    return {
        "area": say("GP areas side by side"),
        "organisation": say("Organisations side by side"),
        "region": say("Regions side by side"),
    }


def _gap_sentence(gaps: list[report_care.Gap], by: str, speaker: Speaker) -> str:
    behind = sum(gap.is_certain and gap.interval.value < 0 for gap in gaps)
    ahead = sum(gap.is_certain and gap.interval.value > 0 for gap in gaps)
    name_of = speaker.settlement if by == "settlement" else speaker.sex
    first, second = (name_of(key) for key in report_care.PAIRS[by])
    return speaker.words.say(
        "Beyond chance: {behind} of {all} measures worse for {first}, {ahead} for {second}.",
        all=len(gaps),
        first=first,
        second=second,
        behind=behind,
        ahead=ahead,
    )


def _foot(figures: Figures, speaker: Speaker, about: About) -> dict[str, Any]:
    say, words = speaker.words.say, speaker.words
    titles = _side_by_side(speaker)
    contents = [
        ("what", say("What people need")),
        ("late", say("What is overdue longest")),
        ("who", say("Where and who")),
        ("care", say("Does care reach people")),
        ("gaps", say("For whom care works less well")),
        ("areas", titles.get(figures.unit, say("Places side by side"))),
        ("how", say("How to read this report")),
    ]
    explanations = [
        (
            say("Due and overdue"),
            say(
                "Due: the day a programme's rule names has come. Overdue: the allowance the rule "
                "gives has passed too. Every person stands where their most pressing need stands."
            ),
        ),
        (
            say("Intervals"),
            say(
                "A share of few people is uncertain. The interval says where the true value most "
                "likely lies (95%, Wilson; for gaps Newcombe). Two overlapping lines may differ by "
                "chance only."
            ),
        ),
        (
            say("Hidden numbers"),
            say(
                "Numbers from 1 to 4 are hidden so that nobody can be recognised, and a few others "
                "with them, so that they cannot be worked out from the totals. Nought is shown."
            ),
        ),
        (
            say("Where the numbers come from"),
            say(
                "From the records loaded up to the day of the report and the rules of the content "
                "pack. What was recorded later, or never, is not here."
            ),
        ),
    ]
    if about.quarantined is not None:
        kept = words.count(
            "{n} record could not be read and was kept apart.",
            "{n} records could not be read and were kept apart.",
            about.quarantined,
        )
        explanations[-1] = (explanations[-1][0], f"{explanations[-1][1]} {kept}")
    versions = Table(
        say("Programmes and their versions"),
        (say("Programme"), say("In force from")),
        [(speaker.names.programme(one), version) for one, version in figures.versions],
    )
    return {
        "contents": contents,
        "explanations": explanations,
        "versions": versions,
        "footer": " · ".join((about.pack, words.day(figures.as_of))),
    }
