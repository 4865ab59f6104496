-- Which of the yearly tests is each enrolled person due, and when?
-- Grain: one row for each person in hypertension_population and each test.
-- Total cholesterol counts as well as LDL, creatinine as well as eGFR, HbA1c as well as glucose.
-- A test done before enrolment counts. Never done: due since enrolment.

with test(item, interval_months) as (
    values
        ('ecg', $ecg_interval_months),
        ('lipids', $lipids_interval_months),
        ('kidney_function', $kidney_function_interval_months),
        ('urine_albumin', $urine_albumin_interval_months),
        ('glucose', $glucose_interval_months),
        ('fundus', $fundus_interval_months)
),

result as (
    select patient_id, 'lipids' as item, effective_on, 'Observation/' || observation_id as evidence
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
    select patient_id, 'glucose', effective_on, 'Observation/' || observation_id
    from latest_fasting_glucose
    union all
    select patient_id, 'glucose', effective_on, 'Observation/' || observation_id
    from latest_hba1c
    union all
    select patient_id, 'ecg', effective_on, source_type || '/' || source_id
    from examination
    join ecg_examination using (system, code)
    union all
    select patient_id, 'fundus', effective_on, source_type || '/' || source_id
    from examination
    join fundus_examination using (system, code)
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
    where patient_id in (select patient_id from hypertension_population)
)

select
    enrolled.patient_id,
    test.item,
    coalesce(
        add_months(done.effective_on, test.interval_months),
        enrolled.enrolled_on
    ) as due_on,
    case when done.effective_on is null then 'never_done' else 'done_before' end as reason,
    done.evidence
from hypertension_population as enrolled
cross join test
left join done
    on done.patient_id = enrolled.patient_id and done.item = test.item and done.newest = 1
