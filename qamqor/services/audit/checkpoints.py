"""Signs the chain from time to time and publishes the signatures, so that a cut-off tail shows."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from qamqor.errors import NotPossible
from qamqor.store import audit, node
from qamqor.store.audit import Checkpoint
from qamqor.store.node import Transaction

EVERY_ENTRIES: Final = 10_000
EVERY_US: Final = 3_600_000_000
FILE: Final = "audit-checkpoints.ndjson"


def key_file() -> Path:
    """Where the private key lies; QAMQOR_AUDIT_KEY, else in the data folder."""
    return Path(settings.QAMQOR.audit_key)


def private_key() -> Ed25519PrivateKey:
    """The node's key; made on first use, readable by its owner only.

    Raises:
        NotPossible: the file is no Ed25519 private key.
    """
    file = key_file()
    if not file.exists():
        _make(file)
    key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise NotPossible(f"{file} is no Ed25519 private key; QAMQOR_AUDIT_KEY must name one")
    return key


def _make(file: Path) -> None:
    text = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    whole = file.with_name(f"{file.name}.{os.getpid()}")
    with os.fdopen(os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(text)
    try:
        os.link(whole, file)
    except FileExistsError:
        pass
    finally:
        whole.unlink()


def name_of(key: Ed25519PublicKey) -> str:
    """A short name of a public key."""
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:16]


def public_pem() -> str:
    """The public key as PEM, to hand to whoever keeps the checkpoints."""
    public = private_key().public_key()
    return public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()


def _message(number: int, at: int, hash_: str) -> bytes:
    return f"qamqor audit checkpoint\n{number}\n{at}\n{hash_}".encode()


def signed(number: int, at: int, hash_: str) -> Checkpoint:
    """A checkpoint of the chain at a number."""
    key = private_key()
    signature = key.sign(_message(number, at, hash_)).hex()
    return Checkpoint(number, at, hash_, name_of(key.public_key()), signature)


def is_genuine(checkpoint: Checkpoint, key: Ed25519PublicKey) -> bool:
    """Whether the signature is that of the key."""
    try:
        key.verify(
            bytes.fromhex(checkpoint.signature),
            _message(checkpoint.number, checkpoint.at, checkpoint.hash),
        )
    except (InvalidSignature, ValueError):
        return False
    return True


class _Clock:
    """When the last checkpoint was, as this process knows; asked of the database when unsure."""

    number = 0
    at = 0


_LAST: Final = _Clock()


def sign_if_time(tx: Transaction, number: int, hash_: str, *, at: int, added: int) -> None:
    """Sign an hour or ten thousand entries after the last checkpoint, inside the commit."""
    if number > added and not _is_time(number, at):
        return
    last = audit.last_checkpoint()
    _LAST.number, _LAST.at = (last.number, last.at) if last else (0, 0)
    if _is_time(number, at) or last is None:
        publish()  # only what is committed: the new one follows with the next, or on command
        audit.add_checkpoint(tx, signed(number, at, hash_))
        _LAST.number, _LAST.at = number, at


def _is_time(number: int, at: int) -> bool:
    return number - _LAST.number >= EVERY_ENTRIES or abs(at - _LAST.at) >= EVERY_US


def sign_now(*, at: int) -> Checkpoint | None:
    """Sign the chain as it stands and publish; None where nothing has been kept yet."""

    def work(tx: Transaction) -> Checkpoint | None:
        number, hash_ = audit.head(tx)
        if number == 0:
            return None
        checkpoint = signed(number, at, hash_)
        audit.add_checkpoint(tx, checkpoint)
        return checkpoint

    made = node.commit(work)
    publish()
    return made


def published_file() -> Path:
    """The file of published checkpoints: copy it to somebody who does not run this node."""
    return Path(settings.QAMQOR.data) / FILE


def published(file: Path) -> list[Checkpoint]:
    """The checkpoints in a published file, in order.

    Raises:
        NotPossible: a line is no checkpoint.
    """
    found: list[Checkpoint] = []
    if file.exists():
        for number, line in enumerate(file.read_bytes().splitlines(), 1):
            try:
                found.append(Checkpoint(**msgspec.json.decode(line)))
            except (msgspec.DecodeError, TypeError) as error:
                raise NotPossible(f"{file}:{number} is no checkpoint: {error}") from error
    return found


def publish() -> int:
    """Append to the file what has been committed and is not in it; returns how many."""
    file = published_file()
    there = published(file)
    new = audit.checkpoints(after=there[-1].number if there else 0)
    if new:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("ab") as out:
            out.writelines(msgspec.json.encode(one._asdict()) + b"\n" for one in new)
            out.flush()
            os.fsync(out.fileno())
    return len(new)
