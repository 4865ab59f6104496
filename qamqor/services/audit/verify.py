"""Reads the whole chain again and says which entry was altered, removed or inserted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from qamqor.errors import NotPossible
from qamqor.services.audit import checkpoints
from qamqor.store import audit
from qamqor.store.audit import FIRST_HASH, Checkpoint

MOST_FINDINGS: Final = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong: ``number`` of the entry, ``kind`` for machines, ``text`` for people."""

    number: int
    kind: str
    text: str


@dataclass(slots=True)
class Verdict:
    """What reading the chain found.

    Attributes:
        entries: how many were read.
        checkpoints: how many signed checkpoints agree.
        findings: what is wrong, in the order of the chain, the first hundred.
    """

    entries: int = 0
    checkpoints: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_intact(self) -> bool:
        return not self.findings

    def add(self, number: int, kind: str, text: str) -> None:
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(number, kind, text))


def verify(*, published: Path | None = None, public_key: Path | None = None) -> Verdict:
    """Read every entry and checkpoint and compare.

    Args:
        published: checkpoints as somebody else kept them; None = this node's own file.
        public_key: PEM of the key to trust; None = that of this node's private key.
    """
    verdict = Verdict()
    key = _public(public_key) if public_key else checkpoints.private_key().public_key()
    signed = _signed(verdict, published or checkpoints.published_file(), key)
    last, people = _chain(verdict, signed)
    _tail(verdict, last, signed)
    given, lines = audit.counted()
    if given > last:
        verdict.add(last + 1, "removed", f"entries {last + 1} to {given} are missing at the end")
    elif given < last:
        verdict.add(given + 1, "inserted", f"entries after {given} were not given by this node")
    if lines != people and not verdict.findings:
        verdict.add(0, "index", f"people are named {people} times, their index has {lines} lines")
    return verdict


def _public(file: Path) -> Ed25519PublicKey:
    key = serialization.load_pem_public_key(file.read_bytes())
    if not isinstance(key, Ed25519PublicKey):
        raise NotPossible(f"{file} is no Ed25519 public key")
    return key


def _signed(verdict: Verdict, file: Path, key: Ed25519PublicKey) -> dict[int, Checkpoint]:
    """Checkpoints by number, from the database and from the file, whose signatures hold."""
    kept = {one.number: one for one in audit.checkpoints()}
    outside = {one.number: one for one in checkpoints.published(file)}
    for number, one in sorted(outside.items()):
        if number not in kept:
            verdict.add(number, "checkpoint", f"published checkpoint {number} is gone from here")
        elif kept[number].hash != one.hash:
            verdict.add(number, "checkpoint", f"checkpoint {number} is not the published one")
    found: dict[int, Checkpoint] = {}
    for number, one in sorted({**kept, **outside}.items()):
        if checkpoints.is_genuine(one, key):
            found[number] = one
        else:
            text = f"checkpoint {number} is not signed by {checkpoints.name_of(key)}"
            verdict.add(number, "checkpoint", text)
    return found


def _chain(verdict: Verdict, signed: Mapping[int, Checkpoint]) -> tuple[int, int]:
    """Walk the chain; returns the last number and how many people all entries name."""
    last, hash_, people, good = 0, FIRST_HASH, 0, 0
    for some in audit.stream():
        for number, at, action, outcome, agent, entry, said in some:
            people += _named(verdict, number, entry)
            if number != last + 1:
                text = f"entries {last + 1} to {number - 1} are missing"
                verdict.add(last + 1, "removed", text)
            elif said != audit.chained(hash_, (number, at, action, outcome, agent, entry)):
                verdict.add(number, "altered", _altered(number, f"{action} by {agent}"))
            if number in signed:
                good = _compared(verdict, signed[number], said, good)
            last, hash_ = number, said
        verdict.entries += len(some)
    return last, people


def _compared(verdict: Verdict, checkpoint: Checkpoint, said: str, good: int) -> int:
    """The last number that was signed as it is now."""
    if checkpoint.hash == said:
        verdict.checkpoints += 1
        return checkpoint.number
    text = f"signed at {checkpoint.number} otherwise: changed after checkpoint {good}"
    verdict.add(checkpoint.number, "rewritten", text)
    return good


def _altered(number: int, what: str) -> str:
    if number == 1:
        return f"entry 1 ({what}) was altered"
    return f"entry {number} ({what}) does not follow from entry {number - 1}: one was altered"


def _named(verdict: Verdict, number: int, entry: str) -> int:
    try:
        return len(audit.listed(audit.named(entry).people))
    except msgspec.DecodeError:
        verdict.add(number, "altered", f"entry {number} cannot be read")
        return 0


def _tail(verdict: Verdict, last: int, signed: Mapping[int, Checkpoint]) -> None:
    beyond = max(signed, default=0)
    if beyond > last:
        text = f"the chain ends at {last}, but was signed at {beyond}: its end was cut off"
        verdict.add(last + 1, "truncated", text)
