-- Which of the regular tests is each enrolled person due, and when?
-- Grain: one row for each person in type2_diabetes_population and each test.
-- HbA1c is due twice a year while it is at target (the personal goal, if there is one) and four
-- times a year otherwise. Total cholesterol counts as well as LDL, creatinine as well as eGFR. A
-- test done before enrolment counts. Never done: due since enrolment.

with agreed as (
    select
        patient_id,
        target_value,
        row_number() over (
            partition by patient_id order by from_on desc nulls last, goal_id desc
        ) as newest
    from goal
    where measure = $hba1c_goal_code and unit = '%' and target_value is not null
),

wanted as (
    select
        enrolled.patient_id,
        enrolled.enrolled_on,
        case
            when reading.hba1c_percent <= coalesce(agreed.target_value, $hba1c_target_percent)
                then $hba1c_at_target_interval_months
            else $hba1c_above_target_interval_months
        end as hba1c_months
    from type2_diabetes_population as enrolled
    left join latest_hba1c as reading on reading.patient_id = enrolled.patient_id
    left join agreed on agreed.patient_id = enrolled.patient_id and agreed.newest = 1
),

test(item, interval_months) as (
    values
        ('hba1c', 0),
        ('lipids', $lipids_interval_months),
        ('kidney_function', $kidney_function_interval_months),
        ('urine_albumin', $urine_albumin_interval_months),
        ('fundus', $fundus_interval_months),
        ('foot', $foot_interval_months),
        ('ecg', $ecg_interval_months)
),

result as (
    select patient_id, 'hba1c' as item, effective_on, 'Observation/' || observation_id as evidence
    from latest_hba1c
    union all
    select patient_id, 'lipids', effective_on, 'Observation/' || observation_id
    from latest_ldl_cholesterol
    union all
    select patient_id, 'lipids', effective_on, 'Observation/' || observation_id
    from latest_total_cholesterol
    union all
    select patient_id, 'kidney_function', effective_on, 'Observation/' || observation_id
    from latest_egfr
    union all
    select patient_id, 'kidney_function', effective_on, 'Observation/' || observation_id
    from latest_creatinine
    union all
    select patient_id, 'urine_albumin', effective_on, 'Observation/' || observation_id
    from latest_urine_acr
    union all
    select patient_id, 'fundus', effective_on, source_type || '/' || source_id
    from examination
    join fundus_examination using (system, code)
    union all
    select patient_id, 'foot', effective_on, source_type || '/' || source_id
    from examination
    join foot_examination using (system, code)
    union all
    select patient_id, 'ecg', effective_on, source_type || '/' || source_id
    from examination
    join ecg_examination using (system, code)
),

done as (
    select
        patient_id,
        item,
        effective_on,
        evidence,
        row_number() over (
            partition by patient_id, item
            order by effective_on desc nulls last, evidence desc nulls last
        ) as newest
    from result
    where patient_id in (select patient_id from type2_diabetes_population)
)

select
    wanted.patient_id,
    test.item,
    coalesce(
        add_months(done.effective_on, case
            when test.item = 'hba1c' then wanted.hba1c_months
            else test.interval_months
        end),
        wanted.enrolled_on
    ) as due_on,
    case when done.effective_on is null then 'never_done' else 'done_before' end as reason,
    done.evidence
from wanted
cross join test
left join done
    on done.patient_id = wanted.patient_id and done.item = test.item and done.newest = 1
