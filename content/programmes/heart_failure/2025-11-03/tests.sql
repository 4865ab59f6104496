-- Which of the regular tests is each enrolled person due, and when?
-- Grain: one row for each person in heart_failure_population and each test.
-- An ejection fraction on record counts as an echocardiogram, creatinine as well as eGFR. A test
-- done before enrolment counts. Never done: due since enrolment.

with test(item, interval_months) as (
    values
        ('ecg', $ecg_interval_months),
        ('echo', $echo_interval_months),
        ('kidney_function', $kidney_function_interval_months)
),

result as (
    select patient_id, 'echo' as item, effective_on, 'Observation/' || observation_id as evidence
    from latest_lvef
    union all
    select patient_id, 'echo', effective_on, source_type || '/' || source_id
    from examination
    join echo_examination using (system, code)
    union all
    select patient_id, 'kidney_function', effective_on, 'Observation/' || observation_id
    from latest_egfr
    union all
    select patient_id, 'kidney_function', effective_on, 'Observation/' || observation_id
    from latest_creatinine
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
    where patient_id in (select patient_id from heart_failure_population)
)

select
    enrolled.patient_id,
    test.item,
    coalesce(
        add_months(done.effective_on, test.interval_months), enrolled.enrolled_on
    ) as due_on,
    case when done.effective_on is null then 'never_done' else 'done_before' end as reason,
    done.evidence
from heart_failure_population as enrolled
cross join test
left join done
    on done.patient_id = enrolled.patient_id and done.item = test.item and done.newest = 1
