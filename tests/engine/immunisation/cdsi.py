"""The CDC's published test cases: how a row becomes a child, and how an answer is compared.

Nothing is special-cased: every row goes the same way. Rows that the publisher's followers list as
known anomalies are counted apart, never dropped.
"""

import csv
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from qamqor.engine.immunisation.one_child.answer import Answer, DoseAnswer
from qamqor.engine.immunisation.one_child.state import Child, GivenDose, Observed
from qamqor.engine.immunisation.read_cdsi import read_schedule
from qamqor.engine.immunisation.schedule import Schedule

Row = dict[str, str]
SPELLINGS = {
    "dtap": "dtap/tdap/td",
    "pol": "polio",
    "ipol": "polio",
    "mcv": "meningococcal",
    "menb": "meningococcal b",
    "pcv": "pneumococcal",
    "flu": "influenza",
    "rota": "rotavirus",
    "var": "varicella",
}
SEXES = {"F": "Female", "M": "Male"}


def schedule(folder: Path) -> Schedule:
    files = (folder / "supporting-data").glob("*.xml")
    return read_schedule({file.name: file.read_text(encoding="utf-8") for file in files})


def rows(folder: Path) -> Iterator[Row]:
    with (folder / "cases.csv").open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def day(text: str) -> date | None:
    return date.fromisoformat(text.strip()) if text.strip() not in {"", "-"} else None


def group_name(row: Row, schedule: Schedule) -> str:
    spelled = row["Vaccine_Group"].strip().lower()
    names = {name.lower(): name for name in schedule.groups}
    return names[SPELLINGS.get(spelled, spelled)]


def child(row: Row) -> Child:
    numbers = [i for i in range(1, 8) if row[f"Date_Administered_{i}"].strip()]
    return Child(
        born_on=day(row["DOB"]) or date.min,
        sex=SEXES.get(row["Gender"].strip(), "Unknown"),
        doses=tuple(
            GivenDose(
                day(row[f"Date_Administered_{i}"]) or date.min,
                int(row[f"CVX_{i}"]),
                row[f"MVX_{i}"].strip() or None,
                dose_id=str(i),
            )
            for i in numbers
        ),
        observations=tuple(
            Observed(
                row[f"Observation_Code_{i}"].strip().zfill(3), day(row[f"Observation_Date_{i}"])
            )
            for i in range(1, 4)
            if row[f"Observation_Code_{i}"].strip()
        ),
        country="U.S.",
    )


def differences(row: Row, answer: Answer, schedule: Schedule) -> Counter[tuple[str, bool]]:
    """Each compared field and whether it agrees; several doses count several times."""
    group = answer.groups[group_name(row, schedule)]
    found: Counter[tuple[str, bool]] = Counter()
    found["series status", row["Series_Status"].strip().lower() == str(group.standing)] += 1
    if earliest := day(row["Earliest_Date"]):
        found["earliest date", earliest == group.earliest] += 1
        found["recommended date", day(row["Recommended_Date"]) == group.recommended] += 1
        past_due = day(row["Past_Due_Date"])
        if past_due or row["suite"] == "healthy":
            found["past due date", past_due == group.past_due] += 1
        number = row["Forecast_#"].strip().strip("-")
        found["dose number", number == str(group.dose_number or "")] += 1
    for judged, status, reason in dose_expectations(row, answer, group.group):
        found["dose status", judged is not None and str(judged.judged) == status] += 1
        if reason:
            faults = {str(fault) for fault in judged.faults} if judged else set()
            found["dose reason", reason in faults] += 1
    return found


def dose_expectations(
    row: Row, answer: Answer, group: str
) -> Iterator[tuple[DoseAnswer | None, str, str]]:
    others = [g for name, g in answer.groups.items() if name != group]
    for i in range(1, 8):
        if row[f"Date_Administered_{i}"].strip():
            of_dose = [
                judged
                for g in (answer.groups[group], *others)
                for judged in g.doses
                if judged.dose.dose_id == str(i)
            ]
            reason = row[f"Evaluation_Reason_{i}"].strip().lower()
            reason = reason.replace("interval too soon", "interval: too soon")
            status = row[f"Evaluation_Status_{i}"].strip().lower()
            yield of_dose[0] if of_dose else None, status, reason
