-- Who came home from hospital and has not been seen by the team since?
-- Grain: one row for each person in discharge_follow_up_population who has not been seen.
-- Due from the day of discharge; three days are the allowance. Any visit with a nurse or the GP
-- from that day on closes it, at home, in the clinic or in a van; a call does not. Who is in
-- hospital again cannot be visited: no date until they are home.

with seen as (
    select home.patient_id
    from discharge_follow_up_population as home
    join encounter on encounter.patient_id = home.patient_id
    where encounter.started_on >= home.enrolled_on
        and encounter.role in ('gp', 'practice_nurse', 'district_nurse')
        and encounter.class in ('AMB', 'HH', 'FLD')
),

inside as (
    select home.patient_id, group_concat('Encounter/' || encounter.encounter_id, ' ') as evidence
    from discharge_follow_up_population as home
    join encounter on encounter.patient_id = home.patient_id
    where encounter.started_on >= home.enrolled_on
        and (encounter.ended_on is null or encounter.ended_on > $as_of)
        and encounter.class in ('IMP', 'ACUTE', 'NONAC')
    group by home.patient_id
)

select
    home.patient_id,
    '' as item,
    case when inside.patient_id is null then home.enrolled_on end as due_on,
    case when inside.patient_id is null then 'came_home' else 'in_hospital' end as reason,
    home.evidence || coalesce(' ' || inside.evidence, '') as evidence
from discharge_follow_up_population as home
left join inside on inside.patient_id = home.patient_id
where home.patient_id not in (select patient_id from seen)
