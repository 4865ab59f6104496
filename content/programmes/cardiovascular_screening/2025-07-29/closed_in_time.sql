-- Of the people checked in the period, how many had their screening closed in time?
-- Grain: one row for each person whose first test of the period lies far enough back for all its days
-- to have passed. Closed means: a result that needs nothing more, a confirmed finding, or a recorded
-- reason for closing, within the days of the order counted from that test.

with test as (
    select patient_id, from_on as effective_on, 'EpisodeOfCare/' || episode_of_care_id as evidence
    from enrolment
    where programme = 'cardiovascular_screening' and status <> 'cancelled'
),

first_test as (
    select
        test.patient_id,
        min(test.effective_on) as effective_on
    from test
    where test.effective_on >= $period_start
        and test.effective_on < add_days($period_end, -$completion_days)
        and test.patient_id in (select patient_id from cardiovascular_screening_population)
    group by test.patient_id
),

closing as (
    select
        first_test.patient_id,
        group_concat('Observation/' || screening_result.observation_id, ' ') as evidence
    from first_test
    join screening_result on screening_result.patient_id = first_test.patient_id
    where screening_result.programme = 'cardiovascular_screening'
        and (
            screening_result.result in ('normal', 'risk_factors')
            or screening_result.result in ('confirmed')
            or screening_result.result glob 'closed_*'
        )
        and days_between(first_test.effective_on, screening_result.effective_on)
        between 0 and $completion_days
    group by first_test.patient_id
)

select
    first_test.patient_id,
    closing.patient_id is not null as in_numerator,
    cast(null as text) as excluded_because,
    closing.evidence
from first_test
left join closing on closing.patient_id = first_test.patient_id
