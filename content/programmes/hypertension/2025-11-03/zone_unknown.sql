-- Of the people enrolled at the end of the period, whose blood pressure was not measured in it?
-- Grain: one row for each person enrolled on the last day of the period.
-- Any reading counts, from home and by phone too, as it does for the zone. A stroke or a hospital
-- stay makes a zone red without a reading; here such a person is still counted as not measured.

with member as (
    select patient_id, min(enrolled_on) as enrolled_on
    from hypertension_population
    where enrolled_on < $period_end and (left_on is null or left_on >= $period_end)
    group by patient_id
)

select
    member.patient_id,
    reading.patient_id is null as in_numerator,
    cast(null as text) as excluded_because,
    'Observation/' || reading.observation_id as evidence
from member
left join latest_blood_pressure as reading
    on reading.patient_id = member.patient_id and reading.effective_on >= $period_start
