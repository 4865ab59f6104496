-- When should somebody of the team next call each enrolled person?
-- Grain: one row for each person in hypertension_population.
-- Any conversation with the nurse or GP counts, by phone, video or face to face; a call that nobody
-- answered is not an encounter. Enrolment itself is a conversation, so the first call is counted
-- from there. A zone that is unknown is treated as yellow.

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
)

select
    enrolled.patient_id,
    '' as item,
    add_days(greatest(seen.started_on, enrolled.enrolled_on), case zone.state
        when 'green' then $green_phone_contact_days
        when 'red' then $red_phone_contact_days
        else $yellow_phone_contact_days
    end) as due_on,
    zone.state as reason,
    nullif(trim(coalesce(zone.evidence, '') || coalesce(' ' || seen.evidence, '')), '') as evidence
from hypertension_population as enrolled
join hypertension_zone as zone on zone.patient_id = enrolled.patient_id
left join seen on seen.patient_id = enrolled.patient_id and seen.newest = 1
