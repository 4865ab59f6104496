-- When should each enrolled person next see the GP?
-- Grain: one row for each person in type2_diabetes_population.
-- Counted from the newest visit with the GP in the clinic, at home or in a van, before or after
-- enrolment; a call or video does not count. Never seen by the GP: due since enrolment.
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
    where patient_id in (select patient_id from type2_diabetes_population)
        and role in ('gp')
        and class in ('AMB', 'HH', 'FLD')
)

select
    enrolled.patient_id,
    '' as item,
    case
        when seen.started_on is null then enrolled.enrolled_on
        when zone.state = 'green' then add_days(seen.started_on, $green_gp_visit_days)
        when zone.state = 'red' then least(
            add_days(seen.started_on, $yellow_gp_visit_days),
            greatest(add_days(seen.started_on, $red_gp_visit_days), zone.since_on)
        )
        else least(
            add_days(seen.started_on, $green_gp_visit_days),
            greatest(add_days(seen.started_on, $yellow_gp_visit_days), zone.since_on)
        )
    end as due_on,
    zone.state as reason,
    nullif(trim(coalesce(zone.evidence, '') || coalesce(' ' || seen.evidence, '')), '') as evidence
from type2_diabetes_population as enrolled
join type2_diabetes_zone as zone on zone.patient_id = enrolled.patient_id
left join seen on seen.patient_id = enrolled.patient_id and seen.newest = 1
