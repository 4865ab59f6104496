-- Whose newest answers name a need, and no plan has been agreed with the social worker since?
-- Grain: one row for each such person in social_support_population.
-- The newest answers alone count. A wish for a call is a need even if no other is named.

with said as (
    select
        patient_id,
        questionnaire_response_id,
        answered_on,
        max(question = 'safe' and answer = 'false') as is_unsafe,
        max(question = 'wants_help' and answer = 'true') as wants_help,
        max(
            (question in ('food', 'housing', 'transport', 'medicine_cost') and answer = 'true')
            or (question = 'help_at_home' and answer = 'none')
        ) as has_need
    from questionnaire_answer
    where instr(questionnaire, '/social_needs|') > 0
    group by patient_id, questionnaire_response_id, answered_on
),

numbered as (
    select
        patient_id,
        questionnaire_response_id,
        answered_on,
        is_unsafe,
        wants_help,
        has_need,
        row_number() over (
            partition by patient_id order by answered_on desc nulls last, questionnaire_response_id desc
        ) as newest
    from said
),

agreed as (
    select patient_id, max(from_on) as from_on
    from care_plan
    where role = 'social_worker'
    group by patient_id
)

select
    numbered.patient_id,
    '' as item,
    numbered.answered_on as due_on,
    case
        when numbered.is_unsafe then 'talk_today'
        when numbered.wants_help then 'asked_for_help'
        else 'need'
    end as reason,
    'QuestionnaireResponse/' || numbered.questionnaire_response_id as evidence
from social_support_population as population
join numbered on numbered.patient_id = population.patient_id and numbered.newest = 1
left join agreed on agreed.patient_id = numbered.patient_id
where (numbered.is_unsafe or numbered.wants_help or numbered.has_need)
    and numbered.answered_on >= add_days($as_of, -$followed_for_days)
    and coalesce(agreed.from_on < numbered.answered_on, true)
