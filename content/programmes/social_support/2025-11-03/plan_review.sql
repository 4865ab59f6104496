-- Which plan agreed with the social worker is to be looked at again, and when?
-- Grain: one row for each person in social_support_population with an open plan; of several the newest.

with plan as (
    select
        patient_id,
        until,
        'CarePlan/' || care_plan_id as evidence,
        row_number() over (
            partition by patient_id order by from_on desc nulls last, care_plan_id desc
        ) as newest
    from care_plan
    where role = 'social_worker' and status = 'active'
)

select
    plan.patient_id,
    '' as item,
    plan.until as due_on,
    'review_day' as reason,
    plan.evidence
from social_support_population as population
join plan on plan.patient_id = population.patient_id and plan.newest = 1
