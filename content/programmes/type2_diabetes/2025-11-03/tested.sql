-- Of the people enrolled at the end of the period, who had HbA1c tested in it?
-- Grain: one row for each person enrolled on the last day of the period.
-- The period ends on the day asked about, so the newest result is the newest of the period.

with member as (
    select patient_id, min(enrolled_on) as enrolled_on
    from type2_diabetes_population
    where enrolled_on < $period_end and (left_on is null or left_on >= $period_end)
    group by patient_id
)

select
    member.patient_id,
    reading.patient_id is not null as in_numerator,
    cast(null as text) as excluded_because,
    'Observation/' || reading.observation_id as evidence
from member
left join latest_hba1c as reading
    on reading.patient_id = member.patient_id and reading.effective_on >= $period_start
