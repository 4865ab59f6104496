"""CDSi supporting data in the published form, in small."""

from datetime import date

import pytest

from qamqor.engine.immunisation.one_child.answer import answer
from qamqor.engine.immunisation.one_child.state import Child, Fault, GivenDose, Observed, Standing
from qamqor.engine.immunisation.read_cdsi import read_schedule
from qamqor.engine.immunisation.schedule import Anchor, SeriesKind, Test
from qamqor.errors import ContentError

SCHEDULE = """<scheduleSupportingData>
<liveVirusConflicts><liveVirusConflict><previous><cvx>03</cvx></previous>
<current><cvx>03</cvx></current><conflictBeginInterval>1 day</conflictBeginInterval>
<minConflictEndInterval>24 days</minConflictEndInterval>
<conflictEndInterval>28 days</conflictEndInterval></liveVirusConflict></liveVirusConflicts>
<vaccineGroups><vaccineGroup><name>Ash</name>
<administerFullVaccineGroup/></vaccineGroup></vaccineGroups>
<vaccineGroupToAntigenMap><vaccineGroupMap><name>Ash</name><antigen>Ash</antigen>
</vaccineGroupMap></vaccineGroupToAntigenMap>
<cvxToAntigenMap><cvxMap><cvx>03</cvx><shortDescription>Three</shortDescription><association>
<antigen>Ash</antigen><associationBeginAge/><associationEndAge>50 years</associationEndAge>
</association></cvxMap></cvxToAntigenMap></scheduleSupportingData>"""

ANTIGEN = """<antigenSupportingData>
<immunity><clinicalHistory><guidelineCode>18</guidelineCode></clinicalHistory><dateOfBirth>
<immunityBirthDate>01/01/1957</immunityBirthDate><birthCountry/>
<exclusion><exclusionCode>055</exclusionCode></exclusion></dateOfBirth></immunity>
<contraindications><vaccineGroup><contraindication><observationCode>080</observationCode>
<beginAge/><endAge/></contraindication></vaccineGroup><vaccine><contraindication>
<observationCode>076</observationCode><contraindicatedVaccine><cvx>03</cvx><beginAge/>
<endAge>5 years</endAge></contraindicatedVaccine></contraindication></vaccine></contraindications>
<series><seriesName>Ash risk</seriesName><targetDisease>Ash</targetDisease>
<vaccineGroup>Ash</vaccineGroup><seriesType>Risk</seriesType>
<equivalentSeriesGroups>1; 2</equivalentSeriesGroups><requiredGender>Female</requiredGender>
<selectSeries><defaultSeries>Yes</defaultSeries><productPath>No</productPath>
<seriesGroup>1</seriesGroup><seriesPriority>A</seriesPriority><seriesPreference/>
<minAgeToStart/><maxAgeToStart>n/a</maxAgeToStart></selectSeries>
<indication><observationCode><text>At risk</text><code>007</code></observationCode>
<beginAge>1 year</beginAge><endAge/></indication>
<seriesDose><doseNumber>Dose 1</doseNumber><age><absMinAge>1 year - 4 days</absMinAge>
<minAge>1 year</minAge><earliestRecAge/><latestRecAge/><maxAge/><effectiveDate/><cessationDate/>
</age><interval/><preferableVaccine><cvx>03</cvx><beginAge/><endAge/><tradeName/><mvx>MSD</mvx>
<forecastVaccineType>Y</forecastVaccineType></preferableVaccine>
<inadvertentVaccine/><conditionalSkip><context>Both</context><setLogic>n/a</setLogic><set>
<effectiveDate/><cessationDate/><conditionLogic/><condition>
<conditionType>Vaccine Count By Age</conditionType><startDate/><endDate/><beginAge/>
<endAge>1 year</endAge><interval/><doseCount>0</doseCount><doseType>total</doseType>
<doseCountLogic>Greater Than</doseCountLogic><vaccineTypes>03; 4</vaccineTypes><seriesGroups/>
</condition></set></conditionalSkip><recurringDose>No</recurringDose>
<seasonalRecommendation><startDate>20250827</startDate><endDate/></seasonalRecommendation>
</seriesDose><seriesDose><doseNumber>Dose 2</doseNumber><age/><interval><fromPrevious/>
<fromTargetDose/><fromMostRecent>03</fromMostRecent><fromRelevantObs/><absMinInt>24 days</absMinInt>
<minInt>28 days</minInt><earliestRecInt/><latestRecInt/>
<intervalPriority>override</intervalPriority>
<effectiveDate/><cessationDate/></interval><interval><fromPrevious/><fromTargetDose>1</fromTargetDose>
<fromMostRecent/><fromRelevantObs/><absMinInt>20 days</absMinInt></interval>
<interval><fromPrevious/><fromTargetDose/><fromMostRecent/><fromRelevantObs><code>170</code>
</fromRelevantObs><absMinInt/></interval><preferableVaccine><cvx>03</cvx></preferableVaccine>
<recurringDose>Yes</recurringDose></seriesDose></series></antigenSupportingData>"""

FILES = {"a.xml": ANTIGEN, "schedule.xml": SCHEDULE}


def test_a_release_is_read_with_blank_placeholders_left_out() -> None:
    series = read_schedule(FILES).antigens["Ash"].series[0]
    first, second = series.doses
    assert (series.kind, series.genders, series.preference) == (SeriesKind.RISK, {"Female"}, None)
    assert series.equivalent_groups == {1, 2}
    assert first.intervals == ()
    assert first.skips[0].sets[0].conditions[0].test is Test.COUNT
    assert first.skips[0].sets[0].conditions[0].vaccines == {3, 4}
    assert first.season_start == date(2025, 8, 27)
    assert [rule.anchor for rule in second.intervals] == [
        Anchor.RECENT,
        Anchor.TARGET,
        Anchor.OBSERVATION,
    ]
    assert second.intervals[0].is_priority


@pytest.mark.parametrize(
    ("codes", "standing"),
    [
        (["007"], Standing.NOT_COMPLETE),
        (["007", "018"], Standing.IMMUNE),
        (["007", "080"], Standing.CONTRAINDICATED),
        (["007", "076"], Standing.CONTRAINDICATED),
        ([], Standing.NOT_RECOMMENDED),
    ],
)
def test_observations_decide_where_a_child_stands(codes: list[str], standing: Standing) -> None:
    child = Child(date(2022, 1, 31), "Female", (), tuple(Observed(code) for code in codes))
    assert answer(read_schedule(FILES), child, date(2025, 9, 1)).groups["Ash"].standing is standing


def test_a_dose_of_another_maker_or_no_known_vaccine_is_said() -> None:
    doses = (GivenDose(date(2023, 3, 1), 3, "SKB"), GivenDose(date(2023, 3, 1), 999))
    child = Child(date(2022, 1, 31), "Female", doses, (Observed("007"),))
    found = answer(read_schedule(FILES), child, date(2025, 9, 1))
    assert found.groups["Ash"].doses[0].faults == {Fault.WRONG_VACCINE}
    assert [dose.cvx for dose in found.unknown] == [999]


def test_an_expired_dose_never_counts() -> None:
    dose = GivenDose(date(2023, 3, 1), 3, is_unfit=True)
    child = Child(date(2022, 1, 31), "Female", (dose,), (Observed("007"),))
    found = answer(read_schedule(FILES), child, date(2025, 9, 1)).groups["Ash"]
    assert found.doses[0].faults == {Fault.EXPIRED}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a.xml": "<antigen"}, "a.xml: not XML"),
        ({"a.xml": ANTIGEN}, "expected one scheduleSupportingData file, found 0"),
        (
            {**FILES, "a.xml": ANTIGEN.replace("selectSeries", "x")},
            "'Ash risk' has no selectSeries",
        ),
    ],
)
def test_what_is_no_release_is_refused(files: dict[str, str], said: str) -> None:
    with pytest.raises(ContentError, match=said):
        read_schedule(files)
