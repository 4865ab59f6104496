-- Which zone is each enrolled person in?
-- Grain: one row for each person in hypertension_population.
-- The worse pressure of the newest reading decides, a personal goal replacing the target; the red
-- cut-offs are the same for all. At least yellow with diabetes, kidney disease or organ damage. Red
-- with heart or vessel disease (resolved too: a past stroke counts) and for some months after any
-- hospital stay or ambulance call, with or without a reading. Otherwise unknown without a reading of
-- 12 months, on the evidence of the last one alone. Since = the day of the fact that decides.

with reading as (
    select
        patient_id,
        effective_on,
        systolic_mmhg,
        diastolic_mmhg,
        systolic_mmhg >= $red_systolic_mmhg or diastolic_mmhg >= $red_diastolic_mmhg as is_red,
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
            partition by patient_id, measure order by from_on desc nulls last, goal_id desc
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
    select
        patient_id,
        'red' as at_least,
        recorded_on as on_day,
        'Condition/' || condition_id as evidence
    from condition
    join cardiovascular_disease using (system, code)
    where is_confirmed
    union all
    select patient_id, 'yellow', recorded_on, 'Condition/' || condition_id
    from condition
    join hypertension_high_risk using (system, code)
    where is_confirmed and (resolved_on is null or resolved_on > $as_of)
    union all
    select patient_id, 'red', discharged_on, 'Encounter/' || encounter_id
    from hospital_stay
    where add_months(discharged_on, $red_after_stay_months) > $as_of
    union all
    select patient_id, 'red', started_on, 'Encounter/' || encounter_id
    from encounter
    where class = 'EMER' and add_months(started_on, $red_after_stay_months) > $as_of
),

risk as (
    select
        patient_id,
        min(on_day) filter (where at_least = 'red') as red_on,
        min(on_day) filter (where at_least = 'yellow') as yellow_on,
        group_concat(evidence, ' ') as evidence
    from danger
    group by patient_id
),

person as (
    select
        enrolled.patient_id,
        least(risk.red_on, case when reading.is_red then reading.effective_on end) as red_on,
        least(
            risk.yellow_on,
            case
                when reading.systolic_mmhg >= coalesce(target.systolic_mmhg, $systolic_target_mmhg)
                    or reading.diastolic_mmhg
                    >= coalesce(target.diastolic_mmhg, $diastolic_target_mmhg)
                    then reading.effective_on
            end
        ) as yellow_on,
        reading.effective_on as measured_on,
        coalesce(reading.evidence || ' ', '') || coalesce(target.evidence || ' ', '')
        || coalesce(risk.evidence, '') as evidence
    from hypertension_population as enrolled
    left join reading on reading.patient_id = enrolled.patient_id
    left join target on target.patient_id = enrolled.patient_id
    left join risk on risk.patient_id = enrolled.patient_id
)

select
    patient_id,
    case
        when red_on is not null then 'red'
        when measured_on is null then 'unknown'
        when yellow_on is not null then 'yellow'
        else 'green'
    end as state,
    case
        when red_on is not null then red_on
        when measured_on is not null then coalesce(yellow_on, measured_on)
    end as since_on,
    case
        when red_on is null and measured_on is null then 'Observation/' || observation_id
        else nullif(trim(evidence), '')
    end as evidence
from person
left join latest_blood_pressure using (patient_id)
