-- Of the people enrolled at the end of the period, whose blood pressure was not measured in it?
-- Grain: one row for each person enrolled on the last day of the period.
-- Any reading counts, from home and by phone too, as it does for the zone. A stroke or a hospital
-- stay makes a zone red without a reading; here such a person is still counted as not measured.

with reading as (
    select patient_id, max('Observation/' || observation_id) as evidence
    from blood_pressure
    where patient_id in (select patient_id from hypertension_population)
        and effective_on >= $period_start
        and effective_on < $period_end
    group by patient_id
)

select
    member.patient_id,
    max(reading.patient_id) is null as in_numerator,
    cast(null as text) as excluded_because,
    max(reading.evidence) as evidence
from hypertension_population as member
left join reading on reading.patient_id = member.patient_id
where member.enrolled_on < $period_end
    and (member.left_on is null or member.left_on >= $period_end)
group by member.patient_id
