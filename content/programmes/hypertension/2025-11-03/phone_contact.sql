-- When should somebody of the team next call each enrolled person?
-- Grain: one row for each person in hypertension_population.
-- Any conversation with the nurse or GP counts, by phone, video or face to face, and so does a
-- newest pressure that was measured or told, but not one a device sent; a call that nobody answered
-- is not an encounter. Enrolment itself is a conversation, so the first call is counted from there.
-- A zone that has turned worse since the last contact asks for nobody before the day it turned, and
-- not later than the milder zone did. An unknown zone is treated as yellow.

with seen as (
    select
        patient_id,
        started_on,
        'Encounter/' || encounter_id as evidence,
        row_number() over (
            partition by patient_id order by started_on desc nulls last, encounter_id desc
        ) as newest
    from encounter
    where patient_id in (select patient_id from hypertension_population)
        and role in ('gp', 'practice_nurse', 'district_nurse')
        and class in ('AMB', 'HH', 'FLD', 'VR')
),

talked as (
    select
        enrolled.patient_id,
        greatest(seen.started_on, reading.effective_on, enrolled.enrolled_on) as on_day,
        coalesce(' ' || seen.evidence, '')
        || coalesce(' Observation/' || reading.observation_id, '') as evidence
    from hypertension_population as enrolled
    left join seen on seen.patient_id = enrolled.patient_id and seen.newest = 1
    left join latest_blood_pressure as reading
        on reading.patient_id = enrolled.patient_id
        and coalesce(reading.setting, 'clinic') <> 'remote'
)

select
    talked.patient_id,
    '' as item,
    case zone.state
        when 'green' then add_days(talked.on_day, $green_phone_contact_days)
        when 'red' then least(
            add_days(talked.on_day, $yellow_phone_contact_days),
            greatest(add_days(talked.on_day, $red_phone_contact_days), zone.since_on)
        )
        else least(
            add_days(talked.on_day, $green_phone_contact_days),
            greatest(add_days(talked.on_day, $yellow_phone_contact_days), zone.since_on)
        )
    end as due_on,
    zone.state as reason,
    nullif(trim(coalesce(zone.evidence, '') || talked.evidence), '') as evidence
from talked
join hypertension_zone as zone on zone.patient_id = talked.patient_id
