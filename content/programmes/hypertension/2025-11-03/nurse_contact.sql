-- When should a nurse next measure each enrolled person's blood pressure?
-- Grain: one row for each person in hypertension_population.
-- Counted from the newest pressure measured face to face; one told by phone or sent from home can
-- change the zone but does not replace the nurse. Nobody measured yet: due since enrolment. Only
-- where the newest was told or sent are the older ones looked through.
-- A zone that has turned worse since the last contact asks for nobody before the day it turned, and
-- not later than the milder zone did. An unknown zone is treated as yellow.

with told as (
    select patient_id
    from latest_blood_pressure
    where setting in ('phone', 'remote')
        and patient_id in (select patient_id from hypertension_population)
),

before as (
    select
        patient_id,
        effective_on,
        observation_id,
        row_number() over (
            partition by patient_id order by effective_on desc nulls last, observation_id desc
        ) as newest
    from blood_pressure
    where patient_id in (select patient_id from told)
        and coalesce(setting, 'clinic') not in ('phone', 'remote')
),

measured as (
    select patient_id, effective_on, 'Observation/' || observation_id as evidence
    from latest_blood_pressure
    where coalesce(setting, 'clinic') not in ('phone', 'remote')
    union all
    select patient_id, effective_on, 'Observation/' || observation_id
    from before
    where newest = 1
)

select
    enrolled.patient_id,
    '' as item,
    case
        when measured.effective_on is null then enrolled.enrolled_on
        when zone.state = 'green' then add_days(measured.effective_on, $green_nurse_contact_days)
        when zone.state = 'red' then least(
            add_days(measured.effective_on, $yellow_nurse_contact_days),
            greatest(add_days(measured.effective_on, $red_nurse_contact_days), zone.since_on)
        )
        else least(
            add_days(measured.effective_on, $green_nurse_contact_days),
            greatest(add_days(measured.effective_on, $yellow_nurse_contact_days), zone.since_on)
        )
    end as due_on,
    zone.state as reason,
    nullif(
        trim(coalesce(zone.evidence, '') || coalesce(' ' || measured.evidence, '')), ''
    ) as evidence
from hypertension_population as enrolled
join hypertension_zone as zone on zone.patient_id = enrolled.patient_id
left join measured on measured.patient_id = enrolled.patient_id
