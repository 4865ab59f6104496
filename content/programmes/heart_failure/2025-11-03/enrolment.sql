-- Who has the diagnosis but is not yet in the programme?
-- Grain: one row for each eligible person who is not enrolled; the enrolled have no row.
-- Somebody who left the programme is asked again, counted from the day they left.

with earlier as (
    select
        patient_id,
        max(left_on) as left_on,
        group_concat('EpisodeOfCare/' || episode_of_care_id, ' ') as evidence
    from enrolment
    where programme = 'heart_failure' and left_on is not null
    group by patient_id
)

select
    eligible.patient_id,
    '' as item,
    greatest(eligible.enrolled_on, earlier.left_on) as due_on,
    case when earlier.left_on is null then 'never_enrolled' else 'left_programme' end as reason,
    eligible.evidence || coalesce(' ' || earlier.evidence, '') as evidence
from heart_failure_eligible as eligible
left join earlier on earlier.patient_id = eligible.patient_id
where eligible.patient_id not in (select patient_id from heart_failure_population)
