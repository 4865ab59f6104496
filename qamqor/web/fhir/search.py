"""Search over HTTP: by GET and POST, of a type, of all types and in a compartment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from qamqor.engine.fhir import json_text, summary
from qamqor.engine.fhir.envelope import ID
from qamqor.engine.fhir.names import IDENTIFIERS
from qamqor.engine.fhir.search.parameters import (
    KEPT_APART,
    compartment,
    is_compartment_owner,
    searchable_types,
)
from qamqor.engine.identity.numbers import iin_problem
from qamqor.errors import Issue, NotThere, Unusable
from qamqor.services.access.actor import Actor
from qamqor.services.fhir import search, search_together, valid
from qamqor.services.fhir.search import Asked, Found
from qamqor.web.fhir import exchange, gate, outcomes, page_token
from qamqor.web.fhir.exchange import FORMS, Wishes
from qamqor.web.fhir.outcomes import CONTENT_TYPE

PAGE: Final = "_page"
IIN: Final = f"{IDENTIFIERS}/iin|"
Pairs = tuple[tuple[str, str], ...]


def search_type(request: HttpRequest, type_: str) -> HttpResponse:
    valid.type_must_exist(type_)
    return _answer(request, (type_,))


def search_all(request: HttpRequest) -> HttpResponse:
    return _answer(request, ())


def search_compartment(request: HttpRequest, type_: str, id_: str, inside: str) -> HttpResponse:
    return _answer(request, in_compartment(type_, id_, inside), owner=(type_, id_))


def in_compartment(type_: str, id_: str, inside: str) -> tuple[str, ...]:
    """The types of ``Patient/1/Observation``, or of ``Patient/1/*``.

    Raises:
        NotThere: there is no such compartment, or it never holds such a type.
    """
    if not is_compartment_owner(type_) or not ID.fullmatch(id_):
        raise NotThere(f"{type_} has no compartment, so {type_}/id/{inside} is no address")
    if inside == "*":
        held = (t for t in searchable_types() if t == type_ or compartment(type_, t))
        return tuple(t for t in held if t not in KEPT_APART)
    valid.type_must_exist(inside)
    if inside in KEPT_APART:
        raise NotThere(f"{inside} is searched at its own address, {inside}?patient={type_}/id")
    if inside != type_ and not compartment(type_, inside):
        raise NotThere(f"{inside} does not belong to the compartment of {type_}")
    return (inside,)


def _answer(
    request: HttpRequest, types: tuple[str, ...], *, owner: tuple[str, str] | None = None
) -> HttpResponse:
    wishes, base = exchange.wishes(request), exchange.address(request)
    asked = asked_of(types, parameters(request), owner=owner, base=base, wishes=wishes)
    at, token, found = timezone.now(), gate.token_of(request), None
    if token is not None:
        found = search_together.find(gate.checksum_of(token), asked, at=at)
    if found is None:
        found = search.find(asked, actor=gate.actor_of(request), at=at)
    body = written(found, asked, base=base).encode()
    if wishes.is_pretty:
        body = msgspec.json.format(body, indent=2)
    return HttpResponse(body, content_type=CONTENT_TYPE)


def entry(
    types: tuple[str, ...],
    pairs: Pairs,
    *,
    owner: tuple[str, str] | None = None,
    actor: Actor,
    wishes: Wishes,
    base: str,
) -> dict[str, Any]:
    """The answer to a search that stands in a bundle."""
    asked = asked_of(types, pairs, owner=owner, base=base, wishes=wishes)
    found = search.find(asked, actor=actor, at=timezone.now())
    answer: dict[str, Any] = json_text.decode(written(found, asked, base=base))
    return answer


def parameters(request: HttpRequest) -> Pairs:
    """The parameters of the address and, for POST, of the form.

    Raises:
        Unusable: a person's number in an address, or a body that is no form.
    """
    in_address = tuple(parse_qsl(request.META.get("QUERY_STRING", ""), keep_blank_values=True))
    if request.method != "POST":
        must_name_nobody(in_address)
        return in_address
    kind = request.META.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if kind and kind not in FORMS:
        text = "send the parameters of a search as application/x-www-form-urlencoded"
        raise Unusable([Issue("not-supported", text)], status=415)
    form = request.body.decode()
    return (*in_address, *parse_qsl(form, keep_blank_values=True))


def must_name_nobody(pairs: Iterable[tuple[str, str]]) -> None:
    """Addresses end in logs and histories, so nobody is looked up by number in one."""
    for name, value in pairs:
        last = name.split(":")[0] if "." not in name else name.rsplit(".", 1)[1].split(":")[0]
        last = name.rsplit(":", 1)[1] if name.startswith("_has:") else last
        if last == "identifier" and any(_is_iin(part) for part in value.split(",")):
            text = "send a person's number by POST to _search, not in an address"
            raise Unusable([Issue("security", f"{name}: {text}")])


def _is_iin(value: str) -> bool:
    number = value.rsplit("|", 1)[-1]
    return value.startswith(IIN) or ("|" not in value and iin_problem(number) is None)


def asked_of(
    types: tuple[str, ...],
    pairs: Pairs,
    *,
    owner: tuple[str, str] | None,
    base: str,
    wishes: Wishes,
) -> Asked:
    """The search that parameters ask for, or the one that a page of an earlier search goes on.

    Raises:
        Unusable: the page is not one of this server and address.
    """
    page = next((value for name, value in pairs if name == PAGE), None)
    after = None
    if page is not None:
        said = page_token.opened(page)
        if said["types"] != list(types) or said["owner"] != (list(owner) if owner else None):
            raise Unusable([Issue("invalid", "this page belongs to another search")])
        pairs, after = tuple((n, v) for n, v in said["pairs"]), tuple(said["after"])
    return Asked(types, pairs, owner, after, is_strict=wishes.is_strict, bases=(base,))


def written(found: Found, asked: Asked, *, base: str) -> str:
    """A searchset Bundle as text; stored resources stand in it as they lie."""
    address = "/".join([base, *(asked.owner or ()), *asked.types[:1]])
    if asked.owner and len(asked.types) > 1:
        address = "/".join([base, *asked.owner, "*"])
    own = urlencode(found.query.used, quote_via=quote)
    links = [{"relation": "self", "url": f"{address}?{own}" if own else address}]
    if found.next is not None:
        links.append({"relation": "next", "url": f"{address}?{PAGE}={_following(asked, found)}"})
    head = {
        "resourceType": "Bundle",
        "type": "searchset",
        **({"total": found.total} if found.total is not None else {}),
        "link": links,
    }
    entries = ",".join(_entries(found, base))
    text = json_text.encode(head).decode()
    return f'{text[:-1]},"entry":[{entries}]}}' if entries else text


def _following(asked: Asked, found: Found) -> str:
    return page_token.sealed(
        {
            "types": asked.types,
            "owner": asked.owner,
            "pairs": [pair for pair in asked.pairs if pair[0] != PAGE],
            "after": found.next,
        }
    )


def _entries(found: Found, base: str) -> Iterator[str]:
    for mode, versions in (("match", found.matches), ("include", found.included)):
        for version in versions:
            content = _shown(found, version.content or "")
            yield (
                f'{{"fullUrl":"{base}/{version.type}/{version.id}","resource":{content},'
                f'"search":{{"mode":"{mode}"}}}}'
            )
    if found.notes:
        content = json_text.encode(outcomes.outcome(found.notes)).decode()
        yield f'{{"resource":{content},"search":{{"mode":"outcome"}}}}'


def _shown(found: Found, content: str) -> str:
    """A resource whole, or as ``_summary`` or ``_elements`` asks."""
    query = found.query
    if query.elements:
        return json_text.encode(summary.only(json_text.decode(content), query.elements)).decode()
    if query.summary in {"true", "text", "data"}:
        said: Any = summary.summarised(json_text.decode(content), query.summary)
        return json_text.encode(said).decode()
    return content
