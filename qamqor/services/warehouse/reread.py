"""Finds the text of a few pieces again, once it is known that they cannot be loaded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from qamqor.services.warehouse.bundles import pieces_of
from qamqor.services.warehouse.sift import Place
from qamqor.services.warehouse.sources import BOM, Source, lines


def texts_at(sources: Sequence[Source], places: Iterable[Place]) -> Iterator[tuple[Place, bytes]]:
    """The text of each place, in the order of the delivery.

    Keeping every text until the whole delivery is known would need its whole size in memory;
    reading the few files again that hold such pieces needs none.
    """
    wanted: dict[int, dict[int, set[int]]] = {}
    for place in places:
        if place.source >= 0:
            wanted.setdefault(place.source, {}).setdefault(place.line, set()).add(place.entry)
    for source, numbers in sorted(wanted.items()):
        for line in lines(sources[source]):
            entries = numbers.pop(line.number, None)
            if entries == {0}:
                yield Place(source, line.number, 0), line.raw.removeprefix(BOM).strip()
            elif entries:
                for number, (_, text) in enumerate(pieces_of(line.raw.removeprefix(BOM)), 1):
                    if number in entries:
                        yield Place(source, line.number, number), text
            if not numbers:
                break
