"""Reads a form from its YAML and lists everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from qamqor.engine.fhir.names import CODES, LOINC
from qamqor.engine.forms.form import (
    KINDS,
    Alert,
    Band,
    Form,
    Option,
    Question,
    may_be,
)
from qamqor.engine.words import Words, read_words
from qamqor.errors import InvalidPack, Problem

SYSTEMS: Final = {"loinc": LOINC, "ours": f"{CODES}/questionnaire"}
_FORM_KEYS: Final = {
    "id", "version", "status", "title", "source", "intro", "answers", "items", "score", "alerts",
}  # fmt: skip


def read_form(raw: Any, where: str) -> Form:
    """A form from its YAML.

    Raises:
        InvalidPack: everything wrong with it, each by place.
    """
    reading = _Reading(where)
    form = reading.form(raw)
    if reading.problems or form is None:
        raise InvalidPack(reading.problems)
    return form


class _Reading:
    """Reads one file and gathers what is wrong."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.problems: list[Problem] = []

    def wrong(self, place: str, what: str) -> None:
        self.problems.append(Problem(f"{self.where}: {place}", what))

    def form(self, raw: Any) -> Form | None:
        if not isinstance(raw, Mapping):
            self.wrong("form", "must be a mapping")
            return None
        for key in set(raw) - _FORM_KEYS:
            self.wrong(str(key), "is no part of a form")
        sets = {
            str(name): tuple(self._options(one, f"answers.{name}"))
            for name, one in (raw.get("answers") or {}).items()
        }
        questions = tuple(self._questions(raw.get("items"), sets))
        self._check_order(questions)
        score = raw.get("score") or {}
        return Form(
            id=self._text(raw, "id"),
            version=str(raw.get("version", "")) or self._text(raw, "version"),
            status=self._text(raw, "status"),
            title=self._words(raw.get("title"), "title"),
            source=self._text(raw, "source"),
            questions=questions,
            bands=tuple(self._bands(score.get("bands"))),
            alerts=tuple(self._alerts(raw.get("alerts"), questions)),
            intro=self._words(raw["intro"], "intro") if "intro" in raw else None,
            score_system=self._system(score),
            score_code=str(score.get("code", "")),
        )

    def _system(self, score: Mapping[str, Any]) -> str:
        named = score.get("system", "loinc")
        if named not in SYSTEMS:
            self.wrong("score.system", f"is one of {', '.join(SYSTEMS)}")
        return SYSTEMS.get(str(named), "")

    def _text(self, raw: Mapping[str, Any], key: str) -> str:
        found = raw.get(key)
        if not isinstance(found, str) or not found.strip():
            self.wrong(key, "is missing")
            return ""
        return found.strip()

    def _words(self, raw: Any, place: str) -> Words:
        return read_words(raw, f"{self.where}: {place}", self.problems)

    def _options(self, raw: Any, place: str) -> Iterator[Option]:
        for number, one in enumerate(raw or []):
            counts = one.get("counts")
            if counts is not None and (not isinstance(counts, int) or isinstance(counts, bool)):
                self.wrong(f"{place}[{number}]", "counts must be a whole number")
            at, code = f"{place}[{number}]", one.get("code")
            if not isinstance(code, str) or not code:
                self.wrong(at, f"code is {code!r}; write it in quotes (YAML reads yes as true)")
            yield Option(str(code), self._words(one, at), counts)

    def _questions(self, raw: Any, sets: Mapping[str, tuple[Option, ...]]) -> Iterator[Question]:
        if not raw:
            self.wrong("items", "there is no question")
        for number, one in enumerate(raw or []):
            yield self._question(one, f"items[{number}]", sets)

    def _question(
        self, one: Mapping[str, Any], place: str, sets: Mapping[str, tuple[Option, ...]]
    ) -> Question:
        kind, named = one.get("type", "choice"), one.get("answers")
        if kind not in KINDS:
            self.wrong(place, f"type is one of {', '.join(KINDS)}")
        options = (
            sets.get(named, ())
            if isinstance(named, str)
            else tuple(self._options(named, f"{place}.answers"))
        )
        if kind == "choice" and not options:
            self.wrong(place, f"{named!r} is no set of answers")
        when = one.get("shown_when")
        return Question(
            id=self._text(one, "id"),
            kind=str(kind),
            words=self._words(one, place),
            options=options,
            shown_when={str(k): tuple(v) for k, v in when.items()} if when else None,
            is_required=bool(one.get("required", True)),
            counts=bool(one.get("counts", kind == "choice")),
            smallest=one.get("smallest"),
            largest=one.get("largest"),
        )

    def _check_order(self, questions: Sequence[Question]) -> None:
        """A condition may only look back, so that filling in goes one way."""
        before: dict[str, Question] = {}
        for one in questions:
            if one.id in before:
                self.wrong(one.id, "stands twice")
            for named, answers in (one.shown_when or {}).items():
                if named not in before:
                    self.wrong(
                        one.id, f"shown_when names {named}, which is not an earlier question"
                    )
                    continue
                for answer in answers:
                    if not may_be(before[named], answer):
                        self.wrong(one.id, f"{named} cannot be answered {answer!r}")
            before[one.id] = one

    def _bands(self, raw: Any) -> Iterator[Band]:
        last: int | None = None
        for number, one in enumerate(raw or []):
            from_ = one.get("from")
            if not isinstance(from_, int) or (last is not None and from_ <= last):
                self.wrong(f"score.bands[{number}]", "from must be a number above the band before")
                continue
            last = from_
            yield Band(from_, str(one.get("code", "")), self._words(one, f"score.bands[{number}]"))

    def _alerts(self, raw: Any, questions: Sequence[Question]) -> Iterator[Alert]:
        known = {one.id: one for one in questions}
        for number, one in enumerate(raw or []):
            place, asked = f"alerts[{number}]", str(one.get("question"))
            answers = tuple(one.get("answers") or ())
            if asked not in known:
                self.wrong(place, f"there is no question {asked}")
            elif not answers or not all(may_be(known[asked], answer) for answer in answers):
                self.wrong(place, f"answers must be answers of {asked}")
            yield Alert(asked, answers, self._words(one, place))
