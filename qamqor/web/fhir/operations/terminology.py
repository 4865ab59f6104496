"""$expand, $validate-code, $lookup, $subsumes: codes of value sets and systems, and their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from qamqor.engine.fhir.names import ICD10
from qamqor.errors import Issue, NotThere, Unusable
from qamqor.services import diagnoses
from qamqor.services.fhir import classification, code_systems, terminology
from qamqor.services.fhir.code_systems import Known
from qamqor.services.fhir.terminology import Code
from qamqor.web.fhir.operations.registry import Answer, Call, In, operation

_LANGUAGE: Final = In("displayLanguage", "code", "Language of the names, where they have it.")
STANDARD: Final = "http://hl7.org/fhir/OperationDefinition"
_CODED: Final = (
    In("code", "code", "The code to look for; give its system too."),
    In("system", "uri", "The system of the code."),
    In("coding", "Coding", "Instead of code and system."),
)


@operation(
    "expand",
    title="List the codes of a value set",
    text="Lists the codes of a value set of the content pack, or of a stored one that lists them.",
    levels=("type", "instance"),
    types=("ValueSet",),
    inputs=(
        In("url", "uri", "Canonical address of the value set."),
        In("valueSet", "ValueSet", "The value set itself, instead of its address."),
        In("filter", "string", "Only codes whose code or name holds this text."),
        In("offset", "integer", "How many codes to pass over."),
        In("count", "integer", "How many codes to list."),
        _LANGUAGE,
        In("includeDesignations", "boolean", "Whether every name of a code is given."),
        In("activeOnly", "boolean", "Said or not: every code that is listed is in use."),
        In("excludeNested", "boolean", "Said or not: codes are listed one after another."),
    ),
    returns="ValueSet",
    standard=f"{STANDARD}/ValueSet-expand",
)
def expand(call: Call) -> Answer:
    offset, count = call.one("offset", 0), call.one("count")
    if offset < 0 or (count is not None and count < 0):
        raise Unusable([Issue("value", "offset and count are zero or more")])
    text = str(call.one("filter", ""))
    value_set = _value_set(call)
    if classification.is_whole(value_set):
        return Answer(
            classification.expansion(
                text=text,
                offset=offset,
                count=count,
                language=call.one("displayLanguage", "en"),
                in_all=call.one("includeDesignations", False),
                at=call.at,
            )
        )
    found = terminology.expand(value_set, text=text, offset=offset, count=count, at=call.at)
    return Answer(found)


@operation(
    "validate-code",
    title="Say whether a code is in a value set or code system",
    text="Says whether a code is in a value set, or in ICD-10, and what it is called there.",
    levels=("type", "instance"),
    types=("ValueSet", "CodeSystem"),
    inputs=(
        In("url", "uri", "Canonical address of the value set, or of the code system."),
        In("valueSet", "ValueSet", "The value set itself, instead of its address."),
        *_CODED,
        In("codeableConcept", "CodeableConcept", "Several codings; one of them must be there."),
        In("display", "string", "The name to compare with."),
        _LANGUAGE,
    ),
    standard=f"{STANDARD}/ValueSet-validate-code",
    standards={"CodeSystem": f"{STANDARD}/CodeSystem-validate-code"},
)
def validate_code(call: Call) -> Answer:
    if call.type == "CodeSystem":
        return _in_system(call)
    value_set, asked = _value_set(call), _asked(call)
    found = terminology.member(value_set, asked, any_system=True)
    if found is None:
        named = ", ".join(f"{c.system}|{c.code}" for c in asked)
        return _said(result=False, message=f"{named} is not in {value_set.get('url', 'it')}")
    if found.system == ICD10 and classification.is_known(found.code):
        return _known(found.code, call)
    return _called(found.display, call)


@operation(
    "lookup",
    title="Say what a code is called",
    text="Says what a code is called: of ICD-10, of a stored CodeSystem, or of the content pack.",
    levels=("type", "instance"),
    types=("CodeSystem",),
    inputs=(
        *_CODED,
        _LANGUAGE,
        In("version", "string", "The version of the system, which must be the one known here."),
        In("property", "code", "Only these properties; may repeat.", most="*"),
    ),
    standard=f"{STANDARD}/CodeSystem-lookup",
)
def look_up(call: Call) -> Answer:
    asked, version = _asked(call)[0], call.one("version")
    if asked.system == ICD10 and version in (None, classification.VERSION):
        known = classification.looked_up(asked.code, call.one("displayLanguage", "en"))
        return Answer(_with_properties(known, call.inputs.get("property", ())))
    stored = _stored_system(call, asked.system)
    if version is not None and (stored is None or stored.resource.get("version") != version):
        raise NotThere(f"version {version[:64]} of {asked.system} is not known here")
    if stored is not None:
        known = code_systems.looked_up(stored, asked.code)
        return Answer(_with_properties(known, call.inputs.get("property", ())))
    found = terminology.look_up(asked.system, asked.code)
    return _said(name=found.system, display=found.display)


@operation(
    "subsumes",
    title="Say whether one code stands above another",
    text="Says how two codes of ICD-10 or of a stored CodeSystem stand to each other.",
    levels=("type", "instance"),
    types=("CodeSystem",),
    inputs=(
        In("codeA", "code", "The code that may stand above; give its system too."),
        In("codeB", "code", "The code that may stand below."),
        In("system", "uri", "The system of both codes."),
        In("version", "string", "The version of the system, which must be the one known here."),
        In("codingA", "Coding", "Instead of codeA and system."),
        In("codingB", "Coding", "Instead of codeB and system."),
    ),
    standard=f"{STANDARD}/CodeSystem-subsumes",
)
def subsumes(call: Call) -> Answer:
    one, other = _of_two(call, "A"), _of_two(call, "B")
    if one.system != other.system:
        raise Unusable([Issue("invalid", "both codes must be of one system")])
    is_classified = call.id is None and one.system == ICD10
    stored = None if is_classified else _stored_system(call, one.system)
    if stored is None and not is_classified:
        raise NotThere(f"the codes of {one.system or 'no system'} are not known here")
    here = classification.VERSION if stored is None else stored.resource.get("version")
    if call.one("version") not in (None, here):
        raise NotThere(f"version {call.one('version')[:64]} of {one.system} is not known here")
    outcome = code_systems.relation(stored, one.code, other.code)
    part = {"name": "outcome", "valueCode": outcome}
    return Answer({"resourceType": "Parameters", "parameter": [part]})


def _of_two(call: Call, which: str) -> Code:
    coding = call.one(f"coding{which}") or {}
    code = call.one(f"code{which}") or coding.get("code")
    if not isinstance(code, str) or not code:
        raise Unusable([Issue("required", f"say code{which}, with system, or coding{which}")])
    return Code(str(coding.get("system") or call.one("system", "")), code)


def _stored_system(call: Call, url: str) -> Known | None:
    """The CodeSystem that is called upon, or the stored one of an address; None: there is none."""
    if call.id is not None:
        return code_systems.known(terminology.by_id("CodeSystem", call.id))
    try:
        return code_systems.known(terminology.canonical("CodeSystem", url))
    except NotThere:
        return None


def _with_properties(known: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """The answer with those of its properties that were asked for; with all where none was."""
    parts = [
        part
        for part in known["parameter"]
        if not names or part["name"] != "property" or part["part"][0]["valueCode"] in names
    ]
    return {**known, "parameter": parts}


def _in_system(call: Call) -> Answer:
    """Whether ICD-10 or a stored CodeSystem has a code; of others nobody here knows every code."""
    asked, system = _asked(call)[0], call.one("url")
    if call.id is not None or (system or asked.system) != ICD10 or asked.system not in ("", ICD10):
        return _in_stored(call, asked, str(system or asked.system))
    if not classification.is_known(asked.code):
        near = ", ".join(diagnoses.instead(asked.code))
        said = f"{classification.NAME} has no code {asked.code}"
        return _said(result=False, message=f"{said}; the nearest are {near}" if near else said)
    return _known(asked.code, call)


def _in_stored(call: Call, asked: Code, url: str) -> Answer:
    stored = _stored_system(call, url)
    if stored is None:
        raise NotThere(f"the codes of {url or 'no system'} are not known here")
    of_another = asked.system not in ("", stored.resource.get("url"))
    found = None if of_another else stored.concepts.get(asked.code)
    if found is not None:
        return _called(found.display, call, *(words for _, words in found.names))
    if not stored.is_complete and not of_another:
        raise NotThere(f"{stored.name} is not whole here and does not name {asked.code}")
    return _said(result=False, message=f"{stored.name} has no code {asked.code}")


def _called(name: str, call: Call, *others: str) -> Answer:
    """A code that is there, with its name, and whether the name that was sent is one of its own."""
    sent = call.one("display")
    known = [one.casefold() for one in (name, *others) if one]
    wrong = sent is not None and bool(known) and sent.casefold() not in known
    display = {"display": name} if name else {}
    return _said(
        result=not wrong, **display, **({"message": f"its name is {name}"} if wrong else {})
    )


def _known(code: str, call: Call) -> Answer:
    """A code of ICD-10, with its name, and whether the name that was sent is one of its own."""
    sent, name = (
        call.one("display"),
        classification.display(code, call.one("displayLanguage", "en")),
    )
    wrong = sent is not None and not classification.is_called(code, sent)
    message = {"message": f"its name is {name}"} if wrong else {}
    return _said(result=not wrong, display=name, **message)


def _value_set(call: Call) -> Mapping[str, Any]:
    if call.id is not None:
        return terminology.by_id("ValueSet", call.id)
    given: Mapping[str, Any] | None = call.one("valueSet")
    if given is not None:
        return given
    if call.one("url") is None:
        raise Unusable([Issue("required", "say which value set: url or valueSet")])
    return terminology.canonical("ValueSet", call.one("url"))


def _asked(call: Call) -> list[Code]:
    if call.one("code") is not None:
        return [Code(call.one("system", ""), call.one("code"))]
    codings = [*call.inputs.get("coding", ()), *_of(call.one("codeableConcept"))]
    asked = [Code(str(coding.get("system", "")), str(coding.get("code", ""))) for coding in codings]
    if not asked:
        raise Unusable([Issue("required", "say which code: code and system, or coding")])
    return asked


def _of(concept: Any) -> list[Mapping[str, Any]]:
    codings = (concept or {}).get("coding", [])
    if not isinstance(codings, list) or not all(isinstance(c, dict) for c in codings):
        raise NotThere("codeableConcept.coding must be a list of codings")
    return codings


def _said(**values: object) -> Answer:
    kinds = {bool: "valueBoolean", str: "valueString"}
    parts = [{"name": name, kinds[type(value)]: value} for name, value in values.items()]
    return Answer({"resourceType": "Parameters", "parameter": parts})
