"""Reads a schedule from CDSi supporting data as the CDC publishes it (XML, release 4.64)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import TypeVar
from xml.etree import ElementTree

from qamqor.engine.immunisation.schedule import (
    AgeRule,
    Anchor,
    Antigen,
    Association,
    BirthImmunity,
    Condition,
    Conflict,
    Contraindication,
    Indication,
    IntervalRule,
    Offset,
    Schedule,
    Series,
    SeriesDose,
    SeriesKind,
    Skip,
    SkipSet,
    Test,
    VaccineGroup,
    VaccineRule,
    read_offset,
)
from qamqor.errors import ContentError, Problem

T = TypeVar("T")
Element = ElementTree.Element
_RULE_DATE, _IMMUNITY_DATE = "%Y%m%d", "%m/%d/%Y"


def read_schedule(texts: Mapping[str, str]) -> Schedule:
    """One schedule from the antigen files and the schedule file.

    Args:
        texts: XML by file name; which is which is told by the root element, never by the name.

    Raises:
        ContentError: a file is not supporting data; every such file is listed.
    """
    roots = _roots(texts)
    schedules = [root for root in roots if root.tag == "scheduleSupportingData"]
    if len(schedules) != 1:
        raise ContentError(f"expected one scheduleSupportingData file, found {len(schedules)}")
    antigens = [_antigen(root) for root in roots if root.tag == "antigenSupportingData"]
    root = schedules[0]
    full = {
        _text(g, "name"): _text(g, "administerFullVaccineGroup") for g in root.iter("vaccineGroup")
    }
    return Schedule(
        name="CDSi",
        version=root.get("version", ""),
        antigens={antigen.name: antigen for antigen in antigens},
        groups={
            _text(g, "name"): VaccineGroup(
                _text(g, "name"),
                tuple(_clean(a.text) for a in g.findall("antigen")),
                {"Yes": True, "No": False}.get(full.get(_text(g, "name"), "")),
            )
            for g in root.iter("vaccineGroupMap")
        },
        products={int(_text(m, "cvx")): _associations(m) for m in root.iter("cvxMap")},
        conflicts=dict(_conflict(c) for c in root.iter("liveVirusConflict")),
        product_names={
            int(_text(m, "cvx")): _text(m, "shortDescription") for m in root.iter("cvxMap")
        },
    )


def _roots(texts: Mapping[str, str]) -> list[Element]:
    roots, problems = [], []
    for name, text in sorted(texts.items()):
        try:
            roots.append(ElementTree.fromstring(text))  # noqa: S314 - content an operator installs
        except ElementTree.ParseError as error:
            problems.append(Problem(name, f"not XML: {error}", "take the file as published"))
    if problems:
        raise ContentError(problems)
    return roots


def _antigen(root: Element) -> Antigen:
    series = tuple(_series(element) for element in _filled(root.findall("series")))
    return Antigen(
        name=series[0].antigen,
        series=series,
        immunity_observations=frozenset(
            _code(e.text) for e in root.findall("immunity/clinicalHistory/guidelineCode") if e.text
        ),
        birth_immunity=tuple(
            _birth_immunity(e)
            for e in _filled(root.findall("immunity/dateOfBirth"))
            if _text(e, "immunityBirthDate")
        ),
        contraindications=tuple(_contraindications(root)),
    )


def _birth_immunity(element: Element) -> BirthImmunity:
    return BirthImmunity(
        _date(element, "immunityBirthDate", _IMMUNITY_DATE) or date.min,
        _text(element, "birthCountry") or None,
        frozenset(_code(e.text) for e in element.findall("exclusion/exclusionCode") if e.text),
    )


def _contraindications(root: Element) -> Iterator[Contraindication]:
    for element in _filled(root.findall("contraindications/vaccineGroup/contraindication")):
        yield Contraindication(
            _code(_text(element, "observationCode")),
            _offset(element, "beginAge"),
            _offset(element, "endAge"),
        )
    for element in _filled(root.findall("contraindications/vaccine/contraindication")):
        for vaccine in _filled(element.findall("contraindicatedVaccine")):
            yield Contraindication(
                _code(_text(element, "observationCode")),
                _offset(vaccine, "beginAge"),
                _offset(vaccine, "endAge"),
                int(_text(vaccine, "cvx")),
            )


def _series(element: Element) -> Series:
    select = element.find("selectSeries")
    if select is None:
        raise ContentError(f"series {_text(element, 'seriesName')!r} has no selectSeries")
    preference = _text(select, "seriesPreference")
    return Series(
        name=_text(element, "seriesName"),
        antigen=_text(element, "targetDisease"),
        vaccine_group=_text(element, "vaccineGroup"),
        kind=SeriesKind(_text(element, "seriesType").lower()),
        doses=tuple(_dose(dose) for dose in element.findall("seriesDose")),
        genders=frozenset(
            filter(None, (_clean(e.text) for e in element.findall("requiredGender")))
        ),
        is_default=_text(select, "defaultSeries") == "Yes",
        is_product=_text(select, "productPath") == "Yes",
        series_group=int(_text(select, "seriesGroup") or 1),
        equivalent_groups=frozenset(_numbers(_text(element, "equivalentSeriesGroups"))),
        priority=_text(select, "seriesPriority"),
        preference=int(preference) if preference else None,
        min_age_to_start=_offset(select, "minAgeToStart"),
        max_age_to_start=_offset(select, "maxAgeToStart"),
        indications=tuple(
            Indication(
                _code(_text(e, "observationCode/code")),
                _offset(e, "beginAge"),
                _offset(e, "endAge"),
            )
            for e in _filled(element.findall("indication"))
        ),
    )


def _dose(element: Element) -> SeriesDose:
    season = element.find("seasonalRecommendation")
    return SeriesDose(
        number=int(_text(element, "doseNumber").removeprefix("Dose")),
        ages=_each(element, "age", _age),
        intervals=_each(element, "interval", _interval),
        allowable_intervals=_each(element, "allowableInterval", _interval),
        preferable=_each(element, "preferableVaccine", _vaccine),
        allowable=_each(element, "allowableVaccine", _vaccine),
        inadvertent=frozenset(
            int(_text(e, "cvx"))
            for e in _filled(element.findall("inadvertentVaccine"))
            if _text(e, "cvx")
        ),
        skips=_each(element, "conditionalSkip", _skip),
        is_recurring=_text(element, "recurringDose") == "Yes",
        season_start=None if season is None else _date(season, "startDate"),
        season_end=None if season is None else _date(season, "endDate"),
    )


def _age(element: Element) -> AgeRule:
    return AgeRule(
        _offset(element, "absMinAge"),
        _offset(element, "minAge"),
        _offset(element, "earliestRecAge"),
        _offset(element, "latestRecAge"),
        _offset(element, "maxAge"),
        _date(element, "effectiveDate"),
        _date(element, "cessationDate"),
    )


def _interval(element: Element) -> IntervalRule:
    target, recent = _text(element, "fromTargetDose"), _text(element, "fromMostRecent")
    observation = _text(element, "fromRelevantObs/code")
    if target:
        anchor = Anchor.TARGET
    elif recent:
        anchor = Anchor.RECENT
    else:
        anchor = Anchor.OBSERVATION if observation else Anchor.PREVIOUS
    return IntervalRule(
        anchor,
        int(target) if target else None,
        frozenset(_numbers(recent)),
        _code(observation) if observation else None,
        _offset(element, "absMinInt"),
        _offset(element, "minInt"),
        _offset(element, "earliestRecInt"),
        _offset(element, "latestRecInt"),
        _text(element, "intervalPriority").lower() in {"override", "y"},
        _date(element, "effectiveDate"),
        _date(element, "cessationDate"),
    )


def _vaccine(element: Element) -> VaccineRule:
    return VaccineRule(
        int(_text(element, "cvx")),
        _offset(element, "beginAge"),
        _offset(element, "endAge"),
        _text(element, "tradeName") or None,
        _text(element, "mvx") or None,
        _text(element, "forecastVaccineType") == "Y",
    )


def _skip(element: Element) -> Skip:
    context = _text(element, "context").lower()
    return Skip(
        tuple(_skip_set(e) for e in _filled(element.findall("set"))),
        _text(element, "setLogic").upper() == "AND",
        context in {"evaluation", "both"},
        context in {"forecast", "both"},
    )


def _skip_set(element: Element) -> SkipSet:
    return SkipSet(
        tuple(_condition(e) for e in _filled(element.findall("condition"))),
        _text(element, "conditionLogic").upper() != "OR",
        _date(element, "effectiveDate"),
        _date(element, "cessationDate"),
    )


def _condition(element: Element) -> Condition:
    kind = _text(element, "conditionType").casefold()
    return Condition(
        Test.COUNT if kind.startswith("vaccine count") else Test(kind),
        _offset(element, "beginAge"),
        _offset(element, "endAge"),
        _date(element, "startDate"),
        _date(element, "endDate"),
        _offset(element, "interval"),
        int(_text(element, "doseCount") or 0),
        _text(element, "doseCountLogic").casefold(),
        _text(element, "doseType").casefold() == "valid",
        frozenset(_numbers(_text(element, "vaccineTypes"))),
        frozenset(_numbers(_text(element, "seriesGroups"))),
    )


def _associations(element: Element) -> tuple[Association, ...]:
    return tuple(
        Association(
            _text(e, "antigen"), _offset(e, "associationBeginAge"), _offset(e, "associationEndAge")
        )
        for e in element.findall("association")
        if _text(e, "antigen")
    )


def _conflict(element: Element) -> tuple[tuple[int, int], Conflict]:
    pair = int(_text(element, "previous/cvx")), int(_text(element, "current/cvx"))
    nothing = Offset(0, 0)
    return pair, Conflict(
        _offset(element, "conflictBeginInterval") or nothing,
        _offset(element, "minConflictEndInterval") or nothing,
        _offset(element, "conflictEndInterval") or nothing,
    )


def _filled(elements: Iterable[Element]) -> list[Element]:
    """Only elements with children: an empty one means the rule is absent, not all blank."""
    return [element for element in elements if len(element)]


def _each(element: Element, tag: str, read: Callable[[Element], T]) -> tuple[T, ...]:
    return tuple(read(child) for child in _filled(element.findall(tag)))


def _clean(text: str | None) -> str:
    words = (text or "").strip()
    return "" if words.lower() == "n/a" else words


def _text(element: Element, path: str) -> str:
    return _clean(element.findtext(path))


def _code(text: str | None) -> str:
    """Observation codes are three characters; ``7`` and ``007`` are the same."""
    return _clean(text).zfill(3)


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.replace(",", ";").split(";") if part.strip()]


def _offset(element: Element, path: str) -> Offset | None:
    return read_offset(element.findtext(path))


def _date(element: Element, path: str, form: str = _RULE_DATE) -> date | None:
    text = _text(element, path)
    return datetime.strptime(text, form).date() if text else None  # noqa: DTZ007 - a date, no time
