"""Applies a patch to what is stored."""

from __future__ import annotations

from typing import Any

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.patch import fhirpath_patch, json_patch
from qamqor.errors import Issue, Unusable


def applied(content: str, asked: Any, *, where: str = "") -> dict[str, Any]:
    """The resource as a JSON Patch (a list) or a FHIRPath Patch (a Parameters) leaves it.

    Raises:
        Unusable: the patch cannot be read, or cannot be done on this resource.
    """
    resource = json_text.decode(content)
    if isinstance(asked, dict) and asked.get("resourceType") == "Binary":
        asked = _unpacked(asked, where)
    if isinstance(asked, list):
        changed = json_patch.apply(resource, asked)
    elif isinstance(asked, dict) and asked.get("resourceType") == "Parameters":
        changed = fhirpath_patch.apply(resource, asked)
    else:
        text = "send a JSON Patch (a list) or a FHIRPath Patch (a Parameters resource)"
        raise Unusable([Issue("structure", text, where)])
    if not isinstance(changed, dict):
        raise Unusable([Issue("processing", "the patch leaves no resource", where)], status=422)
    return changed


def _unpacked(binary: dict[str, Any], where: str) -> Any:
    """The JSON Patch in a Binary, which is how a bundle carries one."""
    import base64

    said = binary.get("data")
    if not isinstance(said, str) or "json-patch" not in str(binary.get("contentType")):
        text = "a Binary patch needs contentType application/json-patch+json and data in base64"
        raise Unusable([Issue("structure", text, where)])
    try:
        return json_text.decode(base64.b64decode(said, validate=True))
    except ValueError as error:
        raise Unusable([Issue("structure", f"the patch cannot be read: {error}", where)]) from None
