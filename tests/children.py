"""A child of the village with a history of doses, as tests of vaccinations begin."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from qamqor.engine.calendar import month_later
from qamqor.engine.fhir.names import CVX
from tests.services.access.village import patient as villager
from tests.services.test_derived import put
from tests.services.worklist.test_today import of

HISTORY = ((0, 0, 8), (0, 3, 19), (2, 0, 146), (2, 0, 133), (3, 0, 120), (4, 0, 146), (4, 0, 133))
"""Age in months and days, and vaccine: all that the calendar wants of the first year."""


def dose(number: int, day: date, cvx: int, who: str = "rayana", **more: Any) -> dict[str, Any]:
    """A dose of the child, from the record of another place."""
    return {
        "resourceType": "Immunization",
        "id": f"dose-{who}-{number}",
        "status": "completed",
        "vaccineCode": {"coding": [{"system": CVX, "code": f"{cvx:02d}"}]},
        "patient": {"reference": f"Patient/{who}"},
        "occurrenceDateTime": day.isoformat(),
        "lotNumber": f"H6-{2200 + number}",
        "expirationDate": "2030-01-01",
        **more,
    }


def make_child(months: int = 14, who: str = "rayana") -> date:
    """Rayana of the village, with every dose of her first year; returns her birthday."""
    born = month_later(timezone.localdate(), -months)
    person = villager(who, "north", gender="female", birthDate=born.isoformat())
    person |= {
        "name": [{"use": "official", "family": "Омарова", "given": ["Раяна"]}],
        "identifier": [{"system": "http://qamqor.invalid/iin", "value": "250919600236"}],
        "telecom": [{"system": "phone", "value": "+77000001428"}],
    }
    attached = {
        "resourceType": "EpisodeOfCare",
        "id": "attached",
        "status": "active",
        "type": [
            {
                "coding": [
                    {
                        "system": "http://qamqor.invalid/fhir/CodeSystem/episode",
                        "code": "attachment",
                    }
                ]
            }
        ],
        "patient": {},
        "managingOrganization": {"reference": "Organization/north"},
        "period": {"start": "2025-01-01"},
    }
    given = [
        dose(n, month_later(born, age) + timedelta(days), cvx, who)
        for n, (age, days, cvx) in enumerate(HISTORY)
        if age < months
    ]
    put(person, of(attached, who), *given)
    return born
