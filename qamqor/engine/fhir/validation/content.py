"""Compares what an element says about content with the content beside it."""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from typing import Any

from qamqor.engine.fhir import definitions
from qamqor.engine.fhir.validation import links, primitives, rulebook


def has_its_size(attachment: Mapping[str, Any]) -> bool:
    """Whether the stated number of bytes is that of the data, where both are given."""
    size, data = attachment.get("size"), attachment.get("data")
    if size is None or data is None:
        return True
    return bool(len(binascii.a2b_base64(primitives.SPACE.sub("", data))) == size)


def is_full_url(entry: Mapping[str, Any]) -> bool:
    """Whether a bundle's address of an entry is absolute and agrees with its resource."""
    url, resource = entry.get("fullUrl"), entry.get("resource")
    if url is None:
        return True
    if links.ABSOLUTE.fullmatch(url) is None:
        return False
    match = links.REST.fullmatch(url)
    if match is None or resource is None or "id" not in resource:
        return True
    if match["type"] not in definitions.resource_types():
        return True
    return str(url).endswith(f"/{resource['resourceType']}/{resource['id']}")


def has_coding(concept: Mapping[str, Any], binding: rulebook.Binding) -> bool:
    """Whether a concept has one of the codings asked for, or an extension in its place."""
    if "coding" not in concept:
        return "extension" in concept
    return any((c.get("system"), c.get("code")) in binding.pairs for c in concept["coding"])
