"""Write qamqor/engine/fhir/summary.json: which elements of each R4 type are in its summary.

python tools/make_summary_facts.py
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

from r4_definitions import SOURCE, definitions

TARGET = Path(__file__).parents[1] / "qamqor/engine/fhir/summary.json"


def main() -> None:
    """One line a type; a part of a type is named by its path, as in facts.json."""
    listed: dict[str, list[str]] = defaultdict(list)
    for definition in definitions():
        for element in definition["snapshot"]["element"]:
            owner, _, name = element["path"].removesuffix("[x]").rpartition(".")
            if owner and element.get("isSummary"):
                listed[owner].append(name)
    lines = [
        f"  {json.dumps(owner)}: {json.dumps(sorted(set(n)))}"
        for owner, n in sorted(listed.items())
    ]
    head = f'{{\n"source": {json.dumps(SOURCE)},\n"types": {{\n'
    TARGET.write_text(head + ",\n".join(lines) + "\n}}\n")


if __name__ == "__main__":
    main()
