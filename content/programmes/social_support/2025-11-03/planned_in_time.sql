-- Of the people whose answers named a social need in the period, who had a plan within some days?
-- Grain: one row for each person; of several answers with a need in the period the last ones count.
-- People whose days are not over at the end of the period are left out, unless they have a plan.

with numbered as (
    select
        patient_id,
        answered_on,
        'QuestionnaireResponse/' || questionnaire_response_id as evidence,
        row_number() over (
            partition by patient_id order by answered_on desc nulls last, questionnaire_response_id desc
        ) as newest
    from questionnaire_answer
    where instr(questionnaire, '/social_needs|') > 0
        and answered_on >= $period_start
        and answered_on < $period_end
        and (
            (question in ('food', 'housing', 'transport', 'medicine_cost', 'wants_help') and answer = 'true')
            or (question = 'safe' and answer = 'false')
            or (question = 'help_at_home' and answer = 'none')
        )
),

need as (
    select patient_id, answered_on, evidence
    from numbered
    where newest = 1
),

agreed as (
    select need.patient_id, max('CarePlan/' || care_plan.care_plan_id) as evidence
    from need
    join care_plan on care_plan.patient_id = need.patient_id
    where care_plan.role = 'social_worker'
        and care_plan.from_on >= need.answered_on
        and care_plan.from_on <= add_days(need.answered_on, $plan_overdue_days)
    group by need.patient_id
)

select
    need.patient_id,
    agreed.patient_id is not null as in_numerator,
    case
        when agreed.patient_id is null and add_days(need.answered_on, $plan_overdue_days) >= $period_end
            then 'too_recent'
    end as excluded_because,
    need.evidence || coalesce(' ' || agreed.evidence, '') as evidence
from need
left join agreed on agreed.patient_id = need.patient_id
