"""A person's forecast as FHIR R4: ImmunizationEvaluation and ImmunizationRecommendation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, Final

from qamqor.engine.fhir.names import CODES, CVX
from qamqor.engine.immunisation.one_child.answer import Answer, DoseAnswer, GroupAnswer
from qamqor.engine.immunisation.one_child.state import Judged, Standing
from qamqor.engine.immunisation.schedule import Schedule, item_code

LOINC: Final = "http://loinc.org"
TERMINOLOGY: Final = "http://terminology.hl7.org/CodeSystem"
DOSE_STATUS: Final = f"{TERMINOLOGY}/immunization-evaluation-dose-status"
FORECAST_STATUS: Final = f"{TERMINOLOGY}/immunization-recommendation-status"
# The dates of a forecast, as the guide for decision support names them.
DATES: Final = (
    ("earliest", "30981-5", "Earliest date to give"),
    ("recommended", "30980-7", "Date vaccine due"),
    ("past_due", "59778-1", "Date when overdue for immunization"),
    ("latest", "59777-3", "Latest date to give immunization"),
)
Resource = dict[str, Any]
Tell = Callable[[str, object], str]


class Shown:
    """Puts one person's answer into resources, with words for the codes.

    Source:
        HL7 Immunization Decision Support Forecast (ImmDS) 1.0.0 for the operation and its dates.
    """

    def __init__(
        self, schedule: Schedule, patient: str, as_of: date, tell: Tell, title: str
    ) -> None:
        """Say whose answer it is.

        Args:
            patient: a reference, ``Patient/x``.
            tell: the words of a code of some part: ``group``, ``vaccine``, ``standing`` …
        """
        self.schedule, self.patient, self.as_of = schedule, patient, as_of
        self.tell, self.title = tell, title

    def evaluations(self, answer: Answer) -> Iterator[Resource]:
        """One for each given dose and vaccine group it was given for."""
        for group in answer.groups.values():
            counted = 0
            for dose in group.doses:
                counted += dose.judged is Judged.VALID
                yield self._evaluation(group, dose, counted)

    def _evaluation(self, group: GroupAnswer, dose: DoseAnswer, counted: int) -> Resource:
        is_valid = dose.judged is Judged.VALID
        status = {"system": DOSE_STATUS, "code": "valid" if is_valid else "notvalid"}
        own = self._coded("dose-judgement", "judged", dose.judged)
        reasons = [self._coded("dose-fault", "fault", fault) for fault in sorted(dose.faults)]
        found: Resource = {
            "resourceType": "ImmunizationEvaluation",
            "status": "completed",
            "patient": {"reference": self.patient},
            "date": self.as_of.isoformat(),
            "authority": {"display": self.title},
            "targetDisease": self._group(group),
            "immunizationEvent": {"reference": dose.dose.dose_id},
            "doseStatus": {"coding": [status, *own["coding"]], "text": own["text"]},
        }
        if reasons:
            found["doseStatusReason"] = reasons
        if is_valid:
            found["doseNumberPositiveInt"] = counted
        return found

    def recommendation(self, answer: Answer, patient: str) -> Resource:
        """What is next for every vaccine group."""
        return {
            "resourceType": "ImmunizationRecommendation",
            "patient": {"reference": patient},
            "date": self.as_of.isoformat(),
            "authority": {"display": self.title},
            "recommendation": [self._recommended(group) for group in answer.groups.values()],
        }

    def _recommended(self, group: GroupAnswer) -> Resource:
        reasons = [r for r in group.reason.split("; ") if r]
        found: Resource = {
            "targetDisease": self._group(group),
            "forecastStatus": self._status(group),
        }
        if reasons:
            found["forecastReason"] = [self._coded("forecast-reason", "reason", r) for r in reasons]
        if group.vaccines:
            found["vaccineCode"] = [self._vaccine(cvx) for cvx in group.vaccines]
        dates = [(code, said, getattr(group, name)) for name, code, said in DATES]
        criteria = [
            {
                "code": {"coding": [{"system": LOINC, "code": code, "display": said}]},
                "value": day.isoformat(),
            }
            for code, said, day in dates
            if day
        ]
        if criteria:
            found["dateCriterion"] = criteria
        if group.dose_number:
            found["doseNumberPositiveInt"] = group.dose_number
        if group.courses:
            found["series"] = group.courses[0].series.name
        given = list(dict.fromkeys(dose.dose.dose_id for dose in group.doses))
        if given:
            found["supportingImmunization"] = [{"reference": one} for one in given]
        return found

    def _status(self, group: GroupAnswer) -> Resource:
        """HL7's code where it has one, and our own, which also knows all standings."""
        own = self._coded("vaccination-standing", "standing", group.standing)
        standard = {
            Standing.COMPLETE: "complete",
            Standing.IMMUNE: "immune",
            Standing.CONTRAINDICATED: "contraindicated",
        }.get(group.standing)
        if group.standing is Standing.NOT_COMPLETE:
            is_late = group.past_due is not None and group.past_due < self.as_of
            standard = "overdue" if is_late else "due"
        coded = [{"system": FORECAST_STATUS, "code": standard}] if standard else []
        return {"coding": [*coded, *own["coding"]], "text": own["text"]}

    def _coded(self, system: str, part: str, code: object) -> Resource:
        said = self.tell(part, code)
        text = item_code(str(code))
        return {
            "coding": [{"system": f"{CODES}/{system}", "code": text, "display": said}],
            "text": said,
        }

    def _group(self, group: GroupAnswer) -> Resource:
        return self._coded("vaccine_group", "group", group.group)

    def _vaccine(self, cvx: int) -> Resource:
        said = self.tell("vaccine", cvx)
        return {"coding": [{"system": CVX, "code": f"{cvx:02d}", "display": said}], "text": said}
