-- Who has just come home from a hospital stay for a chronic condition?
-- Grain: one row for each discharge, from that day for some weeks or until the next discharge.
-- The main diagnosis decides: the national list of chronic conditions, and heart attack, stroke and
-- their like, which the list does not name. Who died there or was sent on elsewhere has
-- not come home. Who is attached elsewhere is visited from there; without any attachment on record
-- the person counts as ours. A stay recorded twice on one day counts once.

with chronic as (
    select patient_id, encounter_id, discharged_on, disposition
    from hospital_stay
    join chronic_condition using (system, code)
    union
    select patient_id, encounter_id, discharged_on, disposition
    from hospital_stay
    join acute_cardiovascular_event using (system, code)
),

following as (
    select
        patient_id,
        encounter_id,
        discharged_on,
        lead(discharged_on) over (
            partition by patient_id order by discharged_on nulls last, encounter_id
        ) as next_on
    from chronic
    where coalesce(disposition, 'home') not in ('exp', 'other-hcf', 'psy', 'rehab', 'snf', 'long')
),

attached as (
    select patient_id, case when count(*) = count(left_on) then max(left_on) end as left_on
    from attachment
    group by patient_id
),

belonging as (
    select
        following.patient_id,
        following.discharged_on as enrolled_on,
        least(
            add_days(following.discharged_on, $followed_for_days),
            following.next_on,
            attached.left_on
        ) as left_on,
        'Encounter/' || following.encounter_id as evidence
    from following
    left join attached on attached.patient_id = following.patient_id
)

select patient_id, enrolled_on, left_on, evidence
from belonging
where left_on > enrolled_on
