-- Of the people enrolled at the end of the period, whose NYHA class was not recorded in it?
-- Grain: one row for each person enrolled on the last day of the period.
-- A hospital stay or a gain in weight makes a zone red without a class; here such a person is still
-- counted. A code that is no NYHA class we know is a class recorded.

with member as (
    select patient_id, min(enrolled_on) as enrolled_on
    from heart_failure_population
    where enrolled_on < $period_end and (left_on is null or left_on >= $period_end)
    group by patient_id
)

select
    member.patient_id,
    reading.patient_id is null as in_numerator,
    cast(null as text) as excluded_because,
    'Observation/' || reading.observation_id as evidence
from member
left join latest_nyha as reading
    on reading.patient_id = member.patient_id and reading.effective_on >= $period_start
