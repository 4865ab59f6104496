-- When should somebody of the team next call each enrolled person?
-- Grain: one row for each person in hypertension_population.
-- Zone: the worse pressure of the newest reading, a personal goal replacing the target; yellow with
-- diabetes, kidney disease or organ damage; red with heart or vessel disease (resolved too: a past
-- stroke counts) or after any hospital stay or ambulance call; no recent reading = as yellow.
-- Any conversation counts, by phone, video or face to face; a call that nobody answered is not an
-- encounter. Enrolment itself is a conversation, so the first call is counted from there.

with reading as (
    select
        patient_id,
        systolic_mmhg,
        diastolic_mmhg,
        'Observation/' || observation_id as evidence
    from latest_blood_pressure
    where add_months(effective_on, $reading_valid_months) > $as_of
),

agreed as (
    select
        patient_id,
        measure,
        target_value,
        'Goal/' || goal_id as evidence,
        row_number() over (
            partition by patient_id, measure order by from_on desc, goal_id desc
        ) as newest
    from goal
    where measure in ($systolic_goal_code, $diastolic_goal_code)
        and target_value is not null
        and coalesce(unit, 'mm[Hg]') = 'mm[Hg]'
),

target as (
    select
        patient_id,
        max(target_value) filter (where measure = $systolic_goal_code) as systolic_mmhg,
        max(target_value) filter (where measure = $diastolic_goal_code) as diastolic_mmhg,
        group_concat(evidence, ' ') as evidence
    from agreed
    where newest = 1
    group by patient_id
),

danger as (
    select patient_id, 3 as level, 'Condition/' || condition_id as evidence
    from condition
    join cardiovascular_disease using (system, code)
    where is_confirmed
    union all
    select patient_id, 2 as level, 'Condition/' || condition_id as evidence
    from condition
    join hypertension_high_risk using (system, code)
    where is_confirmed and (resolved_on is null or resolved_on > $as_of)
    union all
    select patient_id, 3 as level, 'Encounter/' || encounter_id as evidence
    from hospital_stay
    where add_months(discharged_on, $red_after_stay_months) > $as_of
    union all
    select patient_id, 3 as level, 'Encounter/' || encounter_id as evidence
    from encounter
    where class = 'EMER' and add_months(started_on, $red_after_stay_months) > $as_of
),

risk as (
    select patient_id, max(level) as level, group_concat(evidence, ' ') as evidence
    from danger
    group by patient_id
),

person as (
    select
        enrolled.patient_id,
        enrolled.enrolled_on,
        case
            when risk.level = 3
                or reading.systolic_mmhg >= $red_systolic_mmhg
                or reading.diastolic_mmhg >= $red_diastolic_mmhg then 'red'
            when reading.patient_id is null then 'unknown'
            when reading.systolic_mmhg >= coalesce(target.systolic_mmhg, $systolic_target_mmhg)
                or reading.diastolic_mmhg
                >= coalesce(target.diastolic_mmhg, $diastolic_target_mmhg) then 'yellow'
            when risk.level = 2 then 'yellow'
            else 'green'
        end as zone,
        coalesce(reading.evidence || ' ', '') || coalesce(target.evidence || ' ', '')
        || coalesce(risk.evidence || ' ', '') as evidence
    from hypertension_population as enrolled
    left join reading on reading.patient_id = enrolled.patient_id
    left join target on target.patient_id = enrolled.patient_id
    left join risk on risk.patient_id = enrolled.patient_id
),

seen as (
    select
        patient_id,
        started_on,
        'Encounter/' || encounter_id as evidence,
        row_number() over (
            partition by patient_id order by started_on desc, encounter_id desc
        ) as newest
    from encounter
    where patient_id in (select patient_id from hypertension_population)
        and role in ('gp', 'practice_nurse', 'district_nurse')
        and class in ('AMB', 'HH', 'FLD', 'VR')
)

select
    person.patient_id,
    '' as item,
    add_days(greatest(seen.started_on, person.enrolled_on), case person.zone
        when 'green' then $green_phone_contact_days
        when 'red' then $red_phone_contact_days
        else $yellow_phone_contact_days
    end) as due_on,
    person.zone as reason,
    nullif(trim(person.evidence || coalesce(seen.evidence, '')), '') as evidence
from person
left join seen on seen.patient_id = person.patient_id and seen.newest = 1
