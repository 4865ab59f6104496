"""Titles, reasons and what closes them, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from qamqor.engine.programmes.schema import Programme

Path = tuple[str, ...]


def english(programme: Programme) -> Iterator[tuple[Path, str]]:
    """Every word of a programme that people read, by its place, in English."""
    yield ("title",), programme.title
    yield ("purpose",), programme.purpose
    for name, state in programme.states.items():
        at: Path = ("states", name)
        yield (*at, "title"), state.title
        for code, said in state.values.items():
            yield (*at, "values", code), said
    for name, action in programme.actions.items():
        at = ("actions", name)
        yield (*at, "title"), action.title
        for code, said in action.reasons.items():
            yield (*at, "reasons", code), said
        for code, said in action.items.items():
            yield (*at, "items", code), said
        yield (*at, "closes"), action.closes
        if action.told is not None:
            for code, said in action.told.words.items():
                yield (*at, *_told(code)), said
    for name, measure in programme.measures.items():
        at = ("measures", name)
        yield (*at, "title"), measure.title
        yield (*at, "numerator"), measure.numerator
        yield (*at, "denominator"), measure.denominator
        for code, said in measure.exclusions.items():
            yield (*at, "exclusions", code), said


def title(programme: Programme, language: str) -> str:
    """The programme's title."""
    return _said(programme, language, ("title",), programme.title)


def purpose(programme: Programme, language: str) -> str:
    """What the programme is for."""
    return _said(programme, language, ("purpose",), programme.purpose)


def state_title(programme: Programme, state: str, language: str) -> str:
    """What a state tells about a person."""
    return _said(programme, language, ("states", state, "title"), programme.states[state].title)


def state_value(programme: Programme, name: str, code: str, language: str) -> str:
    """The state a person is in."""
    own = programme.states[name].values.get(code, code)
    return _said(programme, language, ("states", name, "values", code), own)


def action_title(programme: Programme, action: str, language: str) -> str:
    """What is to be done."""
    return _said(programme, language, ("actions", action, "title"), programme.actions[action].title)


def reason(programme: Programme, action: str, code: str, language: str) -> str:
    """Why it is due, or not yet."""
    own = programme.actions[action].reasons.get(code, code)
    return _said(programme, language, ("actions", action, "reasons", code), own)


def item(programme: Programme, action: str, code: str, language: str) -> str:
    """Which of an action's items a row is about; empty where it has none."""
    own = programme.actions[action].items.get(code, code)
    return _said(programme, language, ("actions", action, "items", code), own or code)


def closes(programme: Programme, action: str, language: str) -> str:
    """What would close it."""
    own = programme.actions[action].closes
    return _said(programme, language, ("actions", action, "closes"), own)


def told(programme: Programme, action: str, item: str, language: str) -> str:
    """What the person reads of an action; empty where they are told nothing."""
    own = programme.actions[action].told
    if own is None:
        return ""
    code = item if item in own.words else ""
    path = ("actions", action, *_told(code))
    return _said(programme, language, path, own.words.get(code, ""))


def is_ours(programme: Programme, action: str) -> bool:
    """Whether what the person reads of an action is what the clinic does for them."""
    own = programme.actions[action].told
    return own is not None and own.is_ours


def _told(code: str) -> Path:
    return ("told", code) if code else ("told",)


def measure_title(programme: Programme, measure: str, language: str) -> str:
    """What a measure measures."""
    own = programme.measures[measure].title
    return _said(programme, language, ("measures", measure, "title"), own)


def numerator(programme: Programme, measure: str, language: str) -> str:
    """Who is counted in the numerator."""
    own = programme.measures[measure].numerator
    return _said(programme, language, ("measures", measure, "numerator"), own)


def denominator(programme: Programme, measure: str, language: str) -> str:
    """Who is counted in the denominator."""
    own = programme.measures[measure].denominator
    return _said(programme, language, ("measures", measure, "denominator"), own)


def exclusion(programme: Programme, measure: str, code: str, language: str) -> str:
    """Why a person is left out of a measure."""
    own = programme.measures[measure].exclusions.get(code, code)
    return _said(programme, language, ("measures", measure, "exclusions", code), own)


def translated(programme: Programme, language: str, path: Path) -> str:
    """The words at a place in a language; empty where it has none."""
    return _found(programme.words.get(language, {}), path)


def missing(programme: Programme, languages: Sequence[str]) -> Iterator[tuple[str, Path]]:
    """The language and place of every word that has no translation."""
    for language in languages:
        if language == "en":
            continue
        for path, _ in english(programme):
            if not _found(programme.words.get(language, {}), path):
                yield language, path


def unknown(programme: Programme, language: str) -> Iterator[Path]:
    """The places of translations of words the programme does not have."""
    known = {path for path, _ in english(programme)}
    inner = {path[:length] for path in known for length in range(1, len(path))}
    yield from _unknown(programme.words.get(language, {}), (), known, inner)


def _unknown(words: Any, at: Path, known: set[Path], inner: set[Path]) -> Iterator[Path]:
    for key, value in words.items() if isinstance(words, Mapping) else ():
        path = (*at, str(key))
        if path in inner:
            yield from _unknown(value, path, known, inner)
        elif path not in known:
            yield path


def _said(programme: Programme, language: str, path: Path, english_words: str) -> str:
    """The translation, or the English words where a language has none."""
    return _found(programme.words.get(language, {}), path) or english_words


def _found(words: Mapping[str, Any], path: Path) -> str:
    value: Any = words
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value.strip() if isinstance(value, str) else ""
