-- When should a nurse next measure each enrolled person's blood pressure?
-- Grain: one row for each person in hypertension_population.
-- Counted from the newest pressure measured face to face; one told by phone or sent from home can
-- change the zone but does not replace the nurse. Nobody measured yet: due since enrolment.
-- A zone that is unknown is treated as yellow.

with measured as (
    select
        patient_id,
        effective_on,
        'Observation/' || observation_id as evidence,
        row_number() over (
            partition by patient_id order by effective_on desc nulls last, observation_id desc
        ) as newest
    from blood_pressure
    where patient_id in (select patient_id from hypertension_population)
        and coalesce(setting, 'clinic') not in ('phone', 'remote')
)

select
    enrolled.patient_id,
    '' as item,
    coalesce(
        add_days(measured.effective_on, case zone.state
            when 'green' then $green_nurse_contact_days
            when 'red' then $red_nurse_contact_days
            else $yellow_nurse_contact_days
        end),
        enrolled.enrolled_on
    ) as due_on,
    zone.state as reason,
    nullif(
        trim(coalesce(zone.evidence, '') || coalesce(' ' || measured.evidence, '')), ''
    ) as evidence
from hypertension_population as enrolled
join hypertension_zone as zone on zone.patient_id = enrolled.patient_id
left join measured on measured.patient_id = enrolled.patient_id and measured.newest = 1
