"""Reads what a batch or transaction bundle asks for, entry by entry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from qamqor.engine.fhir.definitions import is_resource
from qamqor.engine.fhir.envelope import ID
from qamqor.errors import Issue, Unusable

METHODS: Final = ("DELETE", "POST", "PUT", "PATCH", "GET", "HEAD")
ORDER: Final = {"DELETE": 0, "POST": 1, "PUT": 2, "PATCH": 2, "GET": 3, "HEAD": 3}
"""In which order a transaction does things, whatever the order of its entries."""


@dataclass(frozen=True, slots=True)
class Address:
    """What an address below the FHIR endpoint names.

    Attributes:
        type, id: the resource or type; None at system level.
        rest: what follows, such as ``("_history", "3")``.
        query: text behind the question mark.
    """

    type: str | None
    id: str | None
    rest: tuple[str, ...]
    query: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a bundle.

    Attributes:
        where: FHIRPath of the entry.
        full_url: by what name other entries may point to it; empty = none.
        resource: what to store, or the patch.
        if_match, if_none_match, if_none_exist, if_modified_since: as the headers; empty = not said.
    """

    where: str
    full_url: str
    method: str
    address: Address
    resource: Any
    if_match: str
    if_none_match: str
    if_none_exist: str
    if_modified_since: str

    @property
    def is_operation(self) -> bool:
        """Whether it calls an operation, such as ``Patient/1/$everything``."""
        return bool(self.address.rest) and self.address.rest[0].startswith("$")

    @property
    def is_reading(self) -> bool:
        """Whether it only looks something up: by GET, HEAD, or POST to ``_search``."""
        return self.method in {"GET", "HEAD"} or _is_search(self.method, self.address)


def entries(bundle: dict[str, Any], *, base: str) -> list[Entry | Unusable]:
    """Every entry in order; one that cannot be understood is what is wrong with it.

    Args:
        base: absolute address of the endpoint, ``https://host/fhir``.
    Raises:
        Unusable: the bundle has no list of entries.
    """
    listed = bundle.get("entry", [])
    if not isinstance(listed, list):
        raise Unusable([Issue("structure", "entry must be a list", "Bundle.entry")])
    return [_entry_or_error(said, f"Bundle.entry[{n}]", base) for n, said in enumerate(listed)]


def _entry_or_error(said: Any, where: str, base: str) -> Entry | Unusable:
    try:
        return _entry(said, where, base)
    except Unusable as error:
        return error


def _entry(said: Any, where: str, base: str) -> Entry:
    request = said.get("request") if isinstance(said, dict) else None
    if not isinstance(request, dict):
        text = "say in request what to do with this entry: its method and url"
        raise Unusable([Issue("required", text, f"{where}.request")])
    method = request.get("method")
    if method not in METHODS:
        text = f"the method must be one of {', '.join(METHODS)}"
        raise Unusable([Issue("value", text, f"{where}.request.method")])
    asked = {
        name: _text(request, name, where)
        for name in ("url", "ifMatch", "ifNoneMatch", "ifNoneExist", "ifModifiedSince")
    }
    named = address(asked["url"], base=base, where=f"{where}.request.url")
    brings = method in {"POST", "PUT", "PATCH"} and not _is_search(method, named)
    if brings and "resource" not in said:
        text = f"a {method} needs the resource to store, or the patch"
        raise Unusable([Issue("required", text, f"{where}.resource")])
    return Entry(
        where=where,
        full_url=_text(said, "fullUrl", where),
        method=method,
        address=named,
        resource=said.get("resource"),
        if_match=asked["ifMatch"],
        if_none_match=asked["ifNoneMatch"],
        if_none_exist=condition(asked["ifNoneExist"], named.type or ""),
        if_modified_since=asked["ifModifiedSince"],
    )


def _is_search(method: str, named: Address) -> bool:
    return method == "POST" and bool(named.rest) and named.rest[-1] == "_search"


def condition(text: str, type_: str) -> str:
    """The search of an If-None-Exist, which some write with the type or the mark before it."""
    return text.strip().removeprefix(f"{type_}?").removeprefix("?")


def _text(holder: dict[str, Any], name: str, where: str) -> str:
    said = holder.get(name, "")
    if not isinstance(said, str):
        raise Unusable([Issue("value", f"{name} must be text", where)])
    return said


def address(url: str, *, base: str = "", where: str = "") -> Address:
    """What a relative address, or an absolute one below ``base``, names.

    Raises:
        Unusable: it names another server, an unknown type, or an id that cannot be one.
    """
    inner = url.removeprefix(base) if base else url
    path, _, query = inner.partition("?")
    parts = [unquote(part) for part in path.strip("/").split("/")] if path.strip("/") else []
    if "://" in path or (not parts and not query):
        text = f"the url must be relative to this server, such as Patient/1, not {url[:100]!r}"
        raise Unusable([Issue("value", text, where)])
    if not parts or not parts[0][:1].isalpha() or parts == ["metadata"]:
        return Address(None, None, tuple(parts), query)
    if not is_resource(parts[0]):
        raise Unusable(
            [Issue("not-supported", f"{parts[0][:64]!r} is no FHIR R4 type", where)], status=404
        )
    has_id = len(parts) > 1 and not parts[1].startswith(("_", "$"))
    id_ = parts[1] if has_id else None
    if id_ is not None and not ID.fullmatch(id_):
        raise Unusable([Issue("value", f"{id_[:64]!r} cannot be an id: {ID_RULE}", where)])
    return Address(parts[0], id_, tuple(parts[2 if has_id else 1 :]), query)


ID_RULE: Final = "1 to 64 letters A-Z a-z, digits, hyphens and points"


def base_of(full_url: str) -> str:
    """``https://host/fhir`` of ``https://host/fhir/Patient/1``; empty for a URN."""
    if "://" not in full_url:
        return ""
    parts = full_url.rsplit("/", 2)
    return parts[0] if len(parts) == 3 and is_resource(parts[1]) else ""
