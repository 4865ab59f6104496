"""Write qamqor/engine/fhir/search/units.json: what common UCUM units are in the unit of their kind.

    python tools/make_units.py

The codes are the table of example UCUM codes for electronic messaging that comes with ucumvert
(Regenstrief Institute), and what laboratories here and in test data send besides. A unit is
``[kind, factor, offset]``, worked out by the unit library, which takes a second to load; a code
that compares to nothing else is null. Codes that are not listed are worked out when they come.
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

from qamqor.engine.fhir.search import units

TARGET = Path(__file__).parents[1] / "qamqor/engine/fhir/search/units.json"
MORE = (
    "1 % /min mm[Hg] kg kg/m2 cm m mm fL pg g/dL g/L mg/dL mg/L mg/g mg/mmol ug/dL ug/L ug/mL"
    " ng/mL ng/dL pg/mL mmol/L umol/L nmol/L pmol/L mmol/mol U/L kU/L m[IU]/L m[IU]/mL 10*3/uL"
    " 10*6/uL 10*9/L 10*12/L mL mL/min mL/min/{1.73_m2} mL/min/1.73m2 Cel [degF] s min h d wk mo a"
    " {score} {INR} {count} {nominal} {T-score} {#} [pH] pH IU/L K/uL M/uL [lb_av] [in_i] kPa g mg"
)


def listed() -> list[str]:
    """Every code, each once, in order."""
    table = files("ucumvert").joinpath("vendor/ucum_examples.tsv").read_text(encoding="utf-8")
    examples = [line.split("\t")[1] for line in table.splitlines()[1:]]
    return sorted({*examples, *MORE.split()})


def main() -> None:
    """Work them all out, a line a unit."""
    made = {code: units.measured(code) for code in listed() if units.may_compare(code)}
    rows = (
        f"{json.dumps(code)}: {json.dumps([u.kind, u.factor, u.offset] if u else None)}"
        for code, u in made.items()
    )
    TARGET.write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="utf-8")
    print(f"{len(made)} units, {sum(u is not None for u in made.values())} of them comparable")


if __name__ == "__main__":
    main()
