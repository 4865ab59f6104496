-- Whose answers or plan concern the psychologist?
-- Grain: one row for each day with such an answer, for some months or until the next such day.
-- Answers: a score at or above the published threshold, or any answer but the first to the last
-- question of PHQ-9, whatever the score. A plan of the psychologist counts from its beginning, and
-- for the same time after the day agreed for looking at it.

with event as (
    select patient_id, effective_on as event_on, effective_on as until, 'Observation/' || observation_id as evidence
    from questionnaire_score
    where (questionnaire = 'phq9' and score >= $phq9_positive_score)
        or (questionnaire = 'gad7' and score >= $gad7_positive_score)
        or (questionnaire = 'audit' and score >= $audit_hazardous_score)
    union all
    select patient_id, answered_on, answered_on as until, 'QuestionnaireResponse/' || questionnaire_response_id
    from questionnaire_answer
    where instr(questionnaire, '/phq9|') > 0 and question = 'self_harm' and answer <> 'not_at_all'
    union all
    select patient_id, from_on, greatest(from_on, until), 'CarePlan/' || care_plan_id
    from care_plan
    where role = 'psychologist'
),

event_day as (
    select
        patient_id,
        event_on,
        max(until) as until,
        group_concat(evidence, ' ') as evidence
    from event
    group by patient_id, event_on
)

select
    patient_id,
    event_on as enrolled_on,
    least(
        add_days(until, $followed_for_days),
        lead(event_on) over (partition by patient_id order by event_on nulls last)
    ) as left_on,
    evidence
from event_day
