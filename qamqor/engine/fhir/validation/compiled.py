"""The invariants of common resources as Python: the quick twin of their FHIRPath."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from qamqor.engine.fhir.fhirpath import moments

Names = frozenset[str]
LARGE: Final = 10**18
UCUM: Final = "http://unitsofmeasure.org"
TERMS: Final = "http://terminology.hl7.org/CodeSystem/"


def some(names: Names, choice: str) -> bool:
    """Whether an element with several types is given, whatever its type."""
    size = len(choice)
    return any(name.startswith(choice) and name[size : size + 1].isupper() for name in names)


def one_of(*wanted: str) -> Callable[[Names], bool]:
    return lambda names: not names.isdisjoint(wanted)


def needs(first: str, second: str) -> Callable[[Names], bool]:
    return lambda names: first not in names or second in names


def not_both(first: str, second: str) -> Callable[[Names], bool]:
    return lambda names: first not in names or second not in names


def _ratio(names: Names) -> bool:
    both = ("numerator" in names) == ("denominator" in names)
    return both and ("numerator" in names or "extension" in names)


def _parameter(names: Names) -> bool:
    value, resource = some(names, "value"), "resource" in names
    return not (value or resource) if "part" in names else value != resource


# What is decided by which properties an object has, siblings (`_name`) counted as the property.
PRESENCE: Final[dict[str, Callable[[Names], bool]]] = {
    "app-1": one_of("type", "actor"),
    "app-2": lambda names: ("start" in names) == ("end" in names),
    "apr-1": one_of("participantType", "actor"),
    "att-1": needs("data", "contentType"),
    "bdl-5": one_of("resource", "request", "response"),
    "cmp-1": one_of("text", "entry", "section"),
    "cmp-2": not_both("emptyReason", "entry"),
    "con-1": one_of("summary", "assessment"),
    "con-2": one_of("code", "detail"),
    "cpl-3": not_both("detail", "reference"),
    "cpt-2": needs("value", "system"),
    "exp-1": one_of("expression", "reference"),
    "fhs-1": lambda names: not (some(names, "age") and some(names, "born")),
    "fhs-2": lambda names: "estimatedAge" not in names or some(names, "age"),
    "gol-1": lambda names: not some(names, "detail") or "measure" in names,
    "imm-1": one_of("documentType", "reference"),
    "imr-1": one_of("vaccineCode", "targetDisease"),
    "lst-1": not_both("emptyReason", "entry"),
    "mad-1": lambda names: "dose" in names or some(names, "rate"),
    "obs-3": one_of("low", "high", "text"),
    "obs-6": lambda names: "dataAbsentReason" not in names or not some(names, "value"),
    "org-1": one_of("identifier", "name"),
    "pat-1": one_of("name", "telecom", "address", "organization"),
    "ppc-1": one_of("policy", "policyRule"),
    "prr-1": needs("orderDetail", "code"),
    "qrs-1": not_both("answer", "item"),
    "qty-3": needs("code", "system"),
    "rat-1": _ratio,
    "sev-1": not_both("name", "query"),
    "tim-1": needs("duration", "durationUnit"),
    "tim-2": needs("period", "periodUnit"),
    "tim-6": needs("periodMax", "period"),
    "tim-7": needs("durationMax", "duration"),
    "tim-8": needs("countMax", "count"),
    "tim-10": not_both("timeOfDay", "when"),
    "Parameters.parameter inv-1": _parameter,
}


def in_order(first: str, second: str) -> bool:
    """Whether the first date is not after the second, as far as their precision says."""
    order = moments.compared(first, second, "date")
    return order is None or order <= 0


def _period(value: Mapping[str, Any]) -> bool:
    start, end = value["start"], value["end"]
    is_alike = len(start) == len(end) and (
        len(start) <= 10 or start[-6:] == end[-6:] or start[-1] == "Z" == end[-1]
    )
    if is_alike and start <= end:
        return True
    return in_order(start, end)


def given(value: Mapping[str, Any], name: str) -> bool:
    """Whether a simple element is there, if only with an extension."""
    return name in value or f"_{name}" in value


def _range(value: Mapping[str, Any]) -> bool | None:
    low, high = value["low"], value["high"]
    amounts = low.get("value"), high.get("value")
    if low.get("code") != high.get("code") or low.get("unit") != high.get("unit"):
        return None
    if not all(type(a) in {int, Decimal} and -LARGE < a < LARGE for a in amounts):
        return None
    return bool(amounts[0] <= amounts[1])


def _age(value: Mapping[str, Any]) -> bool:
    amount = value.get("value")
    if amount is not None and ("code" not in value or amount <= 0):
        return False
    return bool(value.get("system", UCUM) == UCUM)


def _duration(value: Mapping[str, Any]) -> bool:
    return value.get("system", UCUM) == UCUM and "value" in value


def coded(concept: Mapping[str, Any] | None, system: str, *codes: str) -> bool:
    """Whether a concept has a coding with one of these codes."""
    listed = (concept or {}).get("coding", ())
    return any(c.get("system") == system and c.get("code") in codes for c in listed)


def _components(value: Mapping[str, Any]) -> bool:
    if not some(frozenset(value), "value"):
        return True
    own = value["code"].get("coding", ())
    parts = (part["code"].get("coding", ()) for part in value["component"])
    return not any(coding in own for codings in parts for coding in codings)


def _is_withdrawn(value: Mapping[str, Any], system: str) -> bool:
    return coded(value.get("verificationStatus"), TERMS + system, "entered-in-error")


def _allergy_status(value: Mapping[str, Any]) -> bool:
    withdrawn = _is_withdrawn(value, "allergyintolerance-verification")
    return withdrawn or "clinicalStatus" in value


def _allergy_withdrawn(value: Mapping[str, Any]) -> bool:
    return not _is_withdrawn(value, "allergyintolerance-verification")


def _abated(value: Mapping[str, Any]) -> bool:
    if not some(frozenset(value), "abatement"):
        return True
    ended = "resolved", "remission", "inactive"
    return coded(value.get("clinicalStatus"), f"{TERMS}condition-clinical", *ended)


def _appointment(value: Mapping[str, Any]) -> bool:
    timed = "start" in value and "end" in value
    return timed or value.get("status") in {"proposed", "cancelled", "waitlist"}


def _entries(value: Mapping[str, Any], name: str, types: frozenset[str]) -> bool:
    wanted = value.get("type") in types
    return all((name in entry) == wanted for entry in value["entry"])


REQUESTS: Final = frozenset({"batch", "transaction", "history"})
RESPONSES: Final = frozenset({"batch-response", "transaction-response", "history"})


def _full_urls(value: Mapping[str, Any]) -> bool:
    if value.get("type") == "history":
        return True
    said = [
        e["fullUrl"] + (e.get("resource", {}).get("meta", {}).get("versionId") or "")
        for e in value["entry"]
        if "fullUrl" in e
    ]
    return len(said) == len(set(said))


def _is_identified(value: Mapping[str, Any]) -> bool:
    if value.get("type") != "document":
        return True
    identifier = value.get("identifier", {})
    return given(identifier, "system") and given(identifier, "value")


def _first_is(name: str) -> Callable[[Mapping[str, Any]], bool]:
    kind = {"Composition": "document", "MessageHeader": "message"}[name]

    def is_so(value: Mapping[str, Any]) -> bool:
        first = value["entry"][0].get("resource")
        return value.get("type") != kind or first is None or first["resourceType"] == name

    return is_so


def _only_in(name: str, *modes: str) -> Callable[[Mapping[str, Any]], bool]:
    def is_so(value: Mapping[str, Any]) -> bool:
        return value.get("mode") in modes or not any(given(entry, name) for entry in value["entry"])

    return is_so


def not_negative(name: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda value: bool(value[name] >= Decimal(0))


Test = Callable[[Mapping[str, Any]], bool | None]
ANY: Final = frozenset[str]()
# What also depends on values: asked where the named properties are there, all without siblings.
# Nothing as an answer: FHIRPath is asked.
VALUES: Final[dict[str, tuple[frozenset[str], Test]]] = {
    "age-1": (ANY, _age),
    "ait-1": (ANY, _allergy_status),
    "ait-2": (frozenset({"clinicalStatus"}), _allergy_withdrawn),
    "app-3": (ANY, _appointment),
    "app-4": (
        frozenset({"cancelationReason"}),
        lambda value: value.get("status") in {"noshow", "cancelled"},
    ),
    "bdl-1": (
        frozenset({"total"}),
        lambda value: value.get("type") in {"searchset", "history"},
    ),
    "bdl-2": (
        frozenset({"entry"}),
        lambda value: value.get("type") == "searchset" or _entries(value, "search", ANY),
    ),
    "bdl-3": (frozenset({"entry"}), lambda value: _entries(value, "request", REQUESTS)),
    "bdl-4": (frozenset({"entry"}), lambda value: _entries(value, "response", RESPONSES)),
    "bdl-7": (frozenset({"entry"}), _full_urls),
    "bdl-8": (frozenset({"fullUrl"}), lambda value: "/_history/" not in value["fullUrl"]),
    "bdl-9": (ANY, _is_identified),
    "bdl-10": (ANY, lambda value: value.get("type") != "document" or "timestamp" in value),
    "bdl-11": (frozenset({"entry"}), _first_is("Composition")),
    "bdl-12": (frozenset({"entry"}), _first_is("MessageHeader")),
    "con-4": (ANY, _abated),
    "con-5": (
        frozenset({"clinicalStatus"}),
        lambda value: not _is_withdrawn(value, "condition-ver-status"),
    ),
    "drt-1": (frozenset({"code"}), _duration),
    "grp-1": (frozenset({"member"}), lambda value: value.get("actual") is True),
    "lst-2": (frozenset({"entry"}), _only_in("deleted", "changes")),
    "lst-3": (frozenset({"entry"}), _only_in("date", "working")),
    "mdd-1": (
        frozenset({"whenHandedOver", "whenPrepared"}),
        lambda value: in_order(value["whenPrepared"], value["whenHandedOver"]),
    ),
    "obs-7": (frozenset({"component"}), _components),
    "org-2": (frozenset({"use"}), lambda value: value["use"] != "home"),
    "org-3": (frozenset({"use"}), lambda value: value["use"] != "home"),
    "per-1": (frozenset({"start", "end"}), _period),
    "rng-2": (frozenset({"low", "high"}), _range),
    "tim-4": (frozenset({"duration"}), not_negative("duration")),
    "tim-5": (frozenset({"period"}), not_negative("period")),
    "Task inv-1": (
        frozenset({"lastModified", "authoredOn"}),
        lambda value: in_order(value["authoredOn"], value["lastModified"]),
    ),
}
