-- Whose newest answer to the last question of PHQ-9 asks for a talk the same day?
-- Grain: one row for each such person in psychological_support_population.
-- Any answer but "not at all", whatever the score. Only a talk with the psychologist on that day or
-- later closes it: the visit at which it was asked does not say that anybody spoke of it.

with said as (
    select
        patient_id,
        answered_on,
        answer,
        'QuestionnaireResponse/' || questionnaire_response_id as evidence,
        row_number() over (
            partition by patient_id order by answered_on desc nulls last, questionnaire_response_id desc
        ) as newest
    from questionnaire_answer
    where instr(questionnaire, '/phq9|') > 0 and question = 'self_harm'
),

talk as (
    select patient_id, max(started_on) as talked_on
    from encounter
    where role = 'psychologist' and class in ('AMB', 'HH', 'FLD', 'VR')
    group by patient_id
)

select
    said.patient_id,
    '' as item,
    said.answered_on as due_on,
    'answered' as reason,
    said.evidence
from psychological_support_population as population
join said on said.patient_id = population.patient_id and said.newest = 1
left join talk on talk.patient_id = said.patient_id
where said.answer <> 'not_at_all'
    and said.answered_on >= add_days($as_of, -$followed_for_days)
    and coalesce(talk.talked_on < said.answered_on, true)
