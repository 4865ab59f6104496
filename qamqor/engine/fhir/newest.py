"""Which of two versions of one resource counts, in Python and in DuckDB."""

from __future__ import annotations

from typing import Final

import msgspec

# ``o`` is what is known, ``n`` what comes later; the columns are those of Version.
NEWER_SQL: Final = """
case
    when n.updated is not null and o.updated is not null and n.updated <> o.updated
        then n.updated > o.updated
    when n.version is not null and o.version is not null and n.version <> o.version
        then n.version > o.version
    when o.removed and not n.removed
        then n.content <> o.content
            and (n.updated is null or o.updated is null)
            and (n.version is null or o.version is null)
    else true
end
"""


class Version(msgspec.Struct, frozen=True, gc=False):
    """One version of a resource.

    Attributes:
        updated: ``meta.lastUpdated`` in microseconds; None where absent.
        version: ``meta.versionId`` where it is a whole number.
        content: hash of its text; of a removed one, of the last text that
            held, or 0 where none is known.
        removed: deleted, or entered in error.
    """

    updated: int | None
    version: int | None
    content: int
    removed: bool


def is_newer(new: Version, old: Version) -> bool:
    """Whether ``new``, which was delivered later, takes the place of ``old``.

    The higher ``lastUpdated`` counts, else the higher ``versionId``, else the later
    delivery. A deletion is stronger: where no stamp tells, the text that was deleted does
    not come back by being delivered once more.
    """
    if new.updated is not None and old.updated is not None and new.updated != old.updated:
        return new.updated > old.updated
    if new.version is not None and old.version is not None and new.version != old.version:
        return new.version > old.version
    if old.removed and not new.removed:
        stamped = None not in (new.updated, old.updated) or None not in (new.version, old.version)
        return new.content != old.content and not stamped
    return True


def after(new: Version, old: Version | None) -> Version:
    """What is remembered once ``new`` has taken the place of ``old``."""
    if not new.removed or old is None:
        return new
    return Version(
        updated=old.updated if new.updated is None else new.updated,
        version=old.version if new.version is None else new.version,
        content=new.content or old.content,
        removed=True,
    )
