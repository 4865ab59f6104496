"""Where a search goes on, as an opaque text for a link: nobody reads a name or number out of it."""

from __future__ import annotations

import base64
import hashlib
import zlib
from functools import cache
from typing import Any, Final

import msgspec
from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

from qamqor.errors import Issue, Unusable

LONGEST: Final = 100_000


@cache
def _lock(secret: str) -> Fernet:
    digest = hashlib.sha256(b"page of a search:" + secret.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))


def sealed(content: Any) -> str:
    """A JSON value as an encrypted text for a URL."""
    packed = zlib.compress(msgspec.json.encode(content))
    return _lock(settings.SECRET_KEY).encrypt(packed).decode()


def opened(text: str) -> Any:
    """The value again.

    Raises:
        Unusable: the text was not made here.
    """
    try:
        packed = _lock(settings.SECRET_KEY).decrypt(text[:LONGEST].encode())
    except InvalidToken:
        said = "this page is not known here; start the search again"
        raise Unusable([Issue("invalid", said)]) from None
    return msgspec.json.decode(zlib.decompress(packed))
