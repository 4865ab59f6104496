"""Finding twins in a file of invented people: what is found, what is missed, and how fast."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from datetime import date

from qamqor import settings
from qamqor.engine.fhir.names import IDENTIFIERS
from qamqor.engine.identity.compare import Verdict
from qamqor.engine.identity.everyone import Pair, find_twins
from qamqor.engine.identity.person import Identity, identity_of
from qamqor.engine.identity.weights import LIKELY, POSSIBLE
from qamqor.engine.invented.block import make_block
from qamqor.engine.invented.numbering import numbers_by_block
from qamqor.engine.invented.resources import block_lines
from qamqor.services import demo
from tests.engine.identity.mistyped import Desk

PEOPLE = 40_000
SHARE_AGAIN = 0.05


def invented(people: int) -> tuple[list[Identity], Desk]:
    """Who the invented residents are, and a desk that writes them down again."""
    import duckdb

    wish = demo.Wish(settings.read().shipped_content, people, "kazakhstan", 1, date(2026, 11, 24))
    recipe = demo.recipe_of(wish)
    with duckdb.connect() as connection:
        numbers = numbers_by_block(connection, people)
    found = []
    for block, own in numbers.items():
        for kind, lines in block_lines(recipe, make_block(recipe, block, own)):
            if kind == "Patient":
                found += [identity_of(json.loads(line), iin_system=f"{IDENTIFIERS}/iin")
                          for line in lines]  # fmt: skip
    names = recipe.invention["names"]
    families = [pair[1] for people in names["peoples"].values() for pair in people["surnames"]]
    return found, Desk(7, names["latin"], families)


def run() -> None:
    """Print recall by number and kind of mistake, precision by verdict, and pairs compared."""
    people, desk = invented(PEOPLE)
    draw = random.Random(3)
    again = sorted(draw.sample(range(len(people)), round(len(people) * SHARE_AGAIN)))
    records = [desk.again(people[person], mistakes=1 + draw.randrange(3)) for person in again]
    everyone = [*people, *(record for record, _ in records)]
    truth = {(person, len(people) + place) for place, person in enumerate(again)}
    find_twins(everyone, least=POSSIBLE)  # fills the caches of names
    started = time.process_time()
    twins = find_twins(everyone, least=POSSIBLE)
    seconds = time.process_time() - started
    pairs = {(pair.one, pair.other): pair for pair in twins.pairs}
    _say_found(pairs, truth, [kinds for _, kinds in records], len(people))
    square = len(everyone) * (len(everyone) - 1) // 2
    print(
        f"{len(everyone):,} people: {twins.compared:,} of {square:,} pairs compared, "
        f"{square / twins.compared:,.0f} x fewer; {twins.passed_over} keys passed over"
    )
    quarter = everyone[: len(everyone) // 4]
    started = time.process_time()
    find_twins(quarter, least=POSSIBLE)
    part = time.process_time() - started
    print(f"{len(everyone) / seconds:,.0f} people/s; four times the people take "
          f"{seconds / part:.1f} x the time (aim at most 6)")  # fmt: skip


def _say_found(
    pairs: dict[tuple[int, int], Pair], truth: set[tuple[int, int]], kinds: list[list[str]],
    known: int,
) -> None:  # fmt: skip
    total: Counter[object] = Counter()
    found: Counter[object] = Counter()
    for pair in truth:
        names = kinds[pair[1] - known]
        hit = pair in pairs and pairs[pair].likeness.score >= LIKELY
        for name in ("all", f"{len(names)} mistake(s)", *names):
            total[name] += 1
            found[name] += hit
    for name in sorted(total, key=str):
        print(f"  {name:32} found {found[name]} of {total[name]} ({found[name] / total[name]:.1%})")
    seen = sum(pair in pairs for pair in truth)
    print(f"shown as possible or better: {seen / len(truth):.1%} of {len(truth)}")
    order = [Verdict.certain, Verdict.likely, Verdict.possible]
    for verdicts in (order[:1], order[:2], order):
        said = {key for key, pair in pairs.items() if pair.likeness.verdict in verdicts}
        right = len(said & truth) / max(1, len(said))
        print(f"precision at {verdicts[-1]} or better: {right:.1%} of {len(said)}")
