-- Which zone is each enrolled person in?
-- Grain: one row for each person in type2_diabetes_population.
-- By the newest HbA1c: up to 7.0 green, above it yellow, from 9.0 red; a personal goal replaces the
-- target, not the red cut-off. Yellow when a recent pressure or LDL misses its target or with lasting
-- complications; red with a foot ulcer, a low eGFR however old, or months after coma, ketoacidosis,
-- hypoglycaemia or any hospital stay. Else unknown without a recent HbA1c, by the last one alone.

with agreed as (
    select
        patient_id,
        measure,
        target_value,
        'Goal/' || goal_id as evidence,
        row_number() over (
            partition by patient_id, measure order by from_on desc nulls last, goal_id desc
        ) as newest
    from goal
    where target_value is not null
        and measure in ($hba1c_goal_code, $systolic_goal_code, $diastolic_goal_code, $ldl_goal_code)
        and unit = case measure
            when $hba1c_goal_code then '%' when $ldl_goal_code then 'mmol/L' else 'mm[Hg]'
        end
),

target as (
    select
        enrolled.patient_id,
        max(target_value) filter (where measure = $hba1c_goal_code) as hba1c_percent,
        max(target_value) filter (where measure = $systolic_goal_code) as systolic_mmhg,
        max(target_value) filter (where measure = $diastolic_goal_code) as diastolic_mmhg,
        max(target_value) filter (where measure = $ldl_goal_code) as ldl_mmol_l,
        group_concat(agreed.evidence, ' ') as evidence
    from type2_diabetes_population as enrolled
    left join agreed on agreed.patient_id = enrolled.patient_id and agreed.newest = 1
    group by enrolled.patient_id
),

fact(patient_id, at_least, on_day, evidence) as (
    select
        patient_id,
        case when hba1c_percent >= $red_hba1c_percent then 'red' else 'measured' end,
        effective_on, 'Observation/' || observation_id
    from latest_hba1c
    where add_months(effective_on, $reading_valid_months) > $as_of
    union all
    select patient_id, 'red', effective_on, 'Observation/' || observation_id
    from latest_egfr
    where egfr_ml_min_173 < $red_egfr_ml_min_173
    union all
    select patient_id, 'red', recorded_on, 'Condition/' || condition_id
    from condition
    join foot_ulcer using (system, code)
    where is_confirmed and (resolved_on is null or resolved_on > $as_of)
    union all
    select patient_id, 'red', recorded_on, 'Condition/' || condition_id
    from condition
    join diabetes_acute_complication using (system, code)
    where is_confirmed and add_months(recorded_on, $red_after_stay_months) > $as_of
    union all
    select patient_id, 'red', discharged_on, 'Encounter/' || encounter_id
    from hospital_stay
    where add_months(discharged_on, $red_after_stay_months) > $as_of
    union all
    select patient_id, 'yellow', recorded_on, 'Condition/' || condition_id
    from condition
    join diabetes_complication using (system, code)
    where is_confirmed and (resolved_on is null or resolved_on > $as_of)
    union all
    select reading.patient_id, 'yellow', effective_on, 'Observation/' || observation_id
    from latest_hba1c as reading
    join target on target.patient_id = reading.patient_id
    where add_months(effective_on, $reading_valid_months) > $as_of
        and reading.hba1c_percent > coalesce(target.hba1c_percent, $hba1c_target_percent)
    union all
    select pressure.patient_id, 'yellow', effective_on, 'Observation/' || observation_id
    from latest_blood_pressure as pressure
    join target on target.patient_id = pressure.patient_id
    where add_months(effective_on, $reading_valid_months) > $as_of
        and (
            pressure.systolic_mmhg >= coalesce(target.systolic_mmhg, $systolic_target_mmhg)
            or pressure.diastolic_mmhg >= coalesce(target.diastolic_mmhg, $diastolic_target_mmhg)
        )
    union all
    select lipid.patient_id, 'yellow', effective_on, 'Observation/' || observation_id
    from latest_ldl_cholesterol as lipid
    join target on target.patient_id = lipid.patient_id
    where add_months(effective_on, $reading_valid_months) > $as_of
        and lipid.ldl_mmol_l >= coalesce(target.ldl_mmol_l, $ldl_target_mmol_l)
),

found as (
    select
        patient_id,
        min(on_day) filter (where at_least = 'red') as red_on,
        min(on_day) filter (where at_least = 'yellow') as yellow_on,
        min(on_day) filter (where at_least = 'measured') as measured_on,
        group_concat(evidence, ' ') as evidence
    from fact
    group by patient_id
)

select
    target.patient_id,
    case
        when found.red_on is not null then 'red'
        when found.measured_on is null then 'unknown'
        when found.yellow_on is not null then 'yellow'
        else 'green'
    end as state,
    case
        when found.red_on is not null then found.red_on
        when found.measured_on is not null then coalesce(found.yellow_on, found.measured_on)
    end as since_on,
    case
        when found.red_on is null and found.measured_on is null then 'Observation/' || observation_id
        else found.evidence || coalesce(' ' || target.evidence, '')
    end as evidence
from target
left join latest_hba1c on latest_hba1c.patient_id = target.patient_id
left join found on found.patient_id = target.patient_id
