"""What can be wrong with a resource: each rule with its number in FHIR and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from qamqor import errors

LONGEST_SHOWN: Final = 40


@dataclass(frozen=True, slots=True)
class Issue(errors.Issue):
    """One thing that is wrong, or worth knowing, with FHIRPath of the element.

    The text may repeat what the sender wrote: it is for the sender, never for a log.

    Attributes:
        rule: its name in the reference pages: ``required``, or a key of FHIR's such as ``per-1``.
    """

    rule: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule written in our code: FHIR issue code, severity, what it asks."""

    code: str
    asks: str
    severity: str = "error"


RULES: Final[dict[str, Rule]] = {
    "resource-type": Rule(
        "structure", "resourceType names one of the 146 resource types of FHIR 4.0.1."
    ),
    "unknown-element": Rule("structure", "Every property is an element of its type in R4."),
    "object": Rule("structure", "An element with parts is a JSON object."),
    "array": Rule(
        "structure", "An element that may repeat is a JSON array; one that may not isn't."
    ),
    "empty": Rule("structure", "No object, array or text is empty."),
    "null": Rule(
        "structure",
        "null stands only in arrays of simple values, beside a place with an id or extension.",
    ),
    "sibling": Rule(
        "structure", "A property `_name` holds the id and extensions of the simple element `name`."
    ),
    "one-choice": Rule("structure", "Of an element with several types, `value[x]`, one is given."),
    "required": Rule("required", "Elements with a minimum of 1 are there."),
    "format": Rule("value", "A simple value has the format and range of its type."),
    "binding": Rule("code-invalid", "A code with a required binding is in its value set."),
    "simple-quantity": Rule("invariant", "A SimpleQuantity has no comparator (sqty-1)."),
    "reference-format": Rule(
        "value",
        "A reference is `Type/id`, an absolute address, `urn:uuid:…`, `urn:oid:…`, `#id` or "
        "`Type?search` (in a transaction); Type is a resource type.",
    ),
    "reference-target": Rule(
        "structure", "A reference points to a type of resource that its element allows."
    ),
    "reference-type": Rule(
        "structure", "Reference.type, where it names a resource type, agrees with the reference."
    ),
    "attachment-size": Rule(
        "value", "Attachment.size is the number of bytes in Attachment.data, where both are given."
    ),
    "full-url": Rule(
        "value",
        "Bundle.entry.fullUrl is absolute and, where it ends in Type/id, names the type and id of "
        "the resource beside it.",
    ),
    "found-id": Rule(
        "required",
        "In a searchset, resources that were found or included have an id; only what is about to "
        "be created has none.",
    ),
    "parameter-type": Rule(
        "value",
        "In a CapabilityStatement a search parameter has the type of its definition, where that "
        "is one of R4's.",
    ),
    "derived-parameter": Rule(
        "value",
        "A SearchParameter derived from one of R4's agrees with it: the same type, no other base.",
    ),
    "known-path": Rule(
        "value",
        "A StructureDefinition that constrains a type of R4 names elements of that type only.",
    ),
    "nesting": Rule("too-long", "Elements of one kind are nested at most 50 deep."),
    "ele-1": Rule("invariant", "An element has a value or parts beside its id."),
    "ext-1": Rule("invariant", "An extension has either a value or extensions, not both."),
    "dom-2": Rule("invariant", "A contained resource contains no resources."),
    "dom-3": Rule(
        "invariant",
        "A contained resource is referred to from the resource that holds it, or refers to it.",
    ),
    "dom-4": Rule("invariant", "A contained resource has no meta.versionId or meta.lastUpdated."),
    "dom-5": Rule("invariant", "A contained resource has no security label."),
    "ref-1": Rule("invariant", "A reference `#id` names a resource contained in the same one."),
    "txt-1": Rule(
        "invariant",
        "Narrative is well-formed XHTML in one `div`, of formatting elements, links and images "
        "only: no scripts, forms, frames, event attributes or script addresses.",
    ),
    "txt-2": Rule("invariant", "Narrative shows some text or an image."),
}


def shown(value: Any) -> str:
    """A value as a message may repeat it: short and printable."""
    text = value if isinstance(value, str) else _named(value)
    clean = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
    return clean if len(clean) <= LONGEST_SHOWN else f"{clean[:LONGEST_SHOWN]}…"


def _named(value: Any) -> str:
    if isinstance(value, (dict, list)) or value is None:
        return kind(value)
    if isinstance(value, bool):
        return str(value).lower()
    return format(value, ".20") if isinstance(value, float) else _number(value)


def _number(value: Any) -> str:
    try:
        return str(value)
    except ValueError:  # an integer of thousands of digits
        return "a very long number"


def kind(value: Any) -> str:
    """What a JSON value is, in words."""
    if isinstance(value, str):
        return "a text"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "an array"
    return "null" if value is None else "a number"
