"""What a merge changes: the two records, and every resource that speaks of the one replaced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.references import rewritten
from qamqor.errors import CannotMerge, NotThere
from qamqor.services.empanelment import closed
from qamqor.services.merge.trace import activity_of
from qamqor.store import mentions
from qamqor.store.fhir import versions
from qamqor.store.fhir.versions import Version
from qamqor.store.node import Transaction

Resource = dict[str, Any]
_OPEN = ("planned", "waitlist", "active", "onhold")


@dataclass(frozen=True, slots=True)
class Plan:
    """What would change.

    Attributes:
        replaced: every version as it stands now, the two Patients first.
        resources: what each becomes, in the same order.
        ended: references of episodes that end because the other record has the same one open.
    """

    replaced: tuple[Version, ...]
    resources: tuple[Resource, ...]
    ended: tuple[str, ...]


def plan(loser_id: str, winner_id: str, *, day: str, tx: Transaction | None = None) -> Plan:
    """Work out a merge without doing it.

    Args:
        loser_id: the Patient that is replaced.
        winner_id: the Patient that stays.
        day: on which episodes end that both records have.
        tx: the transaction that will do it.
    Raises:
        NotThere: one of the two is not here. CannotMerge: they cannot become one.
    """
    loser_now, winner_now = _patient(loser_id), _patient(winner_id)
    loser, winner = _content(loser_now), _content(winner_now)
    _refuse(loser_id, winner_id, loser, winner)
    pairs = [
        (winner_now, _winner(winner, loser)),
        (loser_now, _loser(loser, winner_id)),
    ]
    open_kinds = {kind for episode in _episodes(winner_id, tx) for kind in _kinds(episode)}
    ended = []
    for version in mentions.of(f"Patient/{loser_id}", tx):
        before = _content(version)
        if (version.type, version.id) == ("Patient", winner_id) or activity_of(before):
            continue
        after = _linked(before, loser_id, winner_id)
        if _is_open(before) and open_kinds & set(_kinds(before)):
            after = closed(after, day)
            ended.append(f"{version.type}/{version.id}")
        if after != before:
            pairs.append((version, after))
    return Plan(
        tuple(version for version, _ in pairs), tuple(new for _, new in pairs), tuple(ended)
    )


def _refuse(loser_id: str, winner_id: str, loser: Resource, winner: Resource) -> None:
    if loser_id == winner_id:
        raise CannotMerge("same-record", f"Patient/{loser_id} is one record, not two")
    for id_, patient in ((loser_id, loser), (winner_id, winner)):
        if replaced_by(patient):
            raise CannotMerge("replaced-already", f"Patient/{id_} is replaced by another already")
    if winner.get("active") is False:
        raise CannotMerge("out-of-use", f"Patient/{winner_id} is out of use; merge into one in use")


def replaced_by(patient: Mapping[str, Any]) -> str:
    """The reference of the record that replaced a Patient, or nothing."""
    for link in patient.get("link", []):
        if link.get("type") == "replaced-by":
            return str(link.get("other", {}).get("reference", ""))
    return ""


def _patient(patient_id: str) -> Version:
    found = versions.read("Patient", patient_id)
    if found is None or found.content is None:
        raise NotThere(f"Patient/{patient_id} is not here")
    return found


def _content(version: Version) -> Resource:
    resource: Resource = json_text.decode(version.content or "{}")
    return resource


def _winner(winner: Resource, loser: Resource) -> Resource:
    """The record that stays, with what only the other one had.

    Its own details stand. The other's names and numbers are kept as old ones, so that both
    spellings go on finding the person; contacts are taken over where there were none.
    """
    changed = dict(winner)
    for element in ("identifier", "name"):
        mine = winner.get(element, [])
        new = [{**one, "use": "old"} for one in loser.get(element, []) if not _has(mine, one)]
        if new:
            changed[element] = [*mine, *new]
    for element in ("telecom", "address", "communication", "contact", "photo"):
        if element in loser and element not in winner:
            changed[element] = loser[element]
    link = {"other": {"reference": f"Patient/{loser['id']}"}, "type": "replaces"}
    others = [
        each
        for each in winner.get("link", [])
        if each.get("other", {}).get("reference") != f"Patient/{loser['id']}"
    ]
    return {**changed, "link": [*others, link]}


def _has(values: Sequence[Mapping[str, Any]], one: Mapping[str, Any]) -> bool:
    bare = {name: value for name, value in one.items() if name != "use"}
    return any({k: v for k, v in each.items() if k != "use"} == bare for each in values)


def _loser(loser: Resource, winner_id: str) -> Resource:
    link = {"other": {"reference": f"Patient/{winner_id}"}, "type": "replaced-by"}
    return {**loser, "active": False, "link": [*loser.get("link", []), link]}


def _linked(resource: Resource, loser_id: str, winner_id: str) -> Resource:
    changed: Resource = rewritten(resource, f"Patient/{loser_id}", f"Patient/{winner_id}")
    if resource.get("resourceType") == "Group" and changed != resource:
        return _without_repeats(changed)
    return changed


def _without_repeats(group: Resource) -> Resource:
    """A household in which the person stands once, though both records were members."""
    members: list[Resource] = []
    present = set()
    for member in group.get("member", []):
        who = member.get("entity", {}).get("reference")
        is_present = "end" not in member.get("period", {}) and not member.get("inactive")
        if is_present and who in present:
            continue
        if is_present:
            present.add(who)
        members.append(member)
    if len(members) == len(group.get("member", [])):
        return group
    return {
        **group,
        "member": members,
        **({"quantity": len(members)} if "quantity" in group else {}),
    }


def _episodes(patient_id: str, tx: Transaction | None) -> Iterator[Resource]:
    for version in mentions.of(f"Patient/{patient_id}", tx):
        if version.type == "EpisodeOfCare":
            episode = _content(version)
            if _is_open(episode):
                yield episode


def _is_open(resource: Resource) -> bool:
    return (
        resource.get("resourceType") == "EpisodeOfCare"
        and resource.get("status") in _OPEN
        and "end" not in resource.get("period", {})
    )


def _kinds(episode: Resource) -> list[tuple[str, str]]:
    """What an episode is: an attachment, or one programme."""
    return [
        (str(coding.get("system")), str(coding.get("code")))
        for kind in episode.get("type", [])
        for coding in kind.get("coding", [])
    ]
