"""What a load did, in numbers that add up."""

from __future__ import annotations

import msgspec


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What became of every piece of a delivery: of every line, entry of a Bundle, broken file.

    Attributes:
        folder: the data folder.
        generation: number of the state now in force; ``is_changed`` says whether it is new.
        read: all pieces; blank lines are counted apart.
        new, replaced, unchanged, older, removed: what became of resources. ``older`` ones were
            here in a newer version, or had been deleted since.
        not_used: by resource type, R4 types that no table reads.
        quarantined: by reason, pieces that are not in the tables.
        notes: by reason, remarks in the quarantine beside pieces that were loaded.
        ended: earlier entries of the quarantine that are over, because what they waited for
            came or the resource was delivered anew.
        kept: entries of the quarantine now.
        people, rows: what the warehouse holds now.
        referring: resources that refer to a patient deleted by this delivery, at most 1000.
        refused_because: with ``--strict``, that nothing was changed.
    """

    folder: str
    generation: int
    is_changed: bool
    files: int
    bytes: int
    read: int
    blank: int
    new: int
    replaced: int
    unchanged: int
    older: int
    removed: int
    not_used: dict[str, int]
    quarantined: dict[str, int]
    notes: dict[str, int]
    ended: int
    kept: int
    buckets: int
    people: int
    rows: dict[str, int]
    partitions_written: int
    referring: list[str]
    refused_because: str = ""

    @property
    def loaded(self) -> int:
        """Pieces whose resource is now in the warehouse as they say."""
        return self.new + self.replaced

    @property
    def accounted(self) -> int:
        """Pieces whose fate is told; always all that were read."""
        return (
            self.loaded
            + self.unchanged
            + self.older
            + self.removed
            + sum(self.not_used.values())
            + sum(self.quarantined.values())
        )

    @property
    def bad(self) -> int:
        """Pieces and remarks that ``--strict`` does not let pass."""
        return sum(self.quarantined.values()) + sum(self.notes.values())
