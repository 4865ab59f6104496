-- Whose newest AUDIT asks for a short talk, and nobody has talked with them since?
-- Grain: one row for each such person in psychological_support_population.

with newest_score as (
    select
        patient_id,
        score,
        effective_on,
        'Observation/' || observation_id as evidence,
        row_number() over (
            partition by patient_id order by effective_on desc nulls last, observation_id desc
        ) as newest
    from questionnaire_score
    where questionnaire = 'audit'
),

talk as (
    select patient_id, max(started_on) as talked_on
    from encounter
    where role = 'psychologist' and class in ('AMB', 'HH', 'FLD', 'VR')
    group by patient_id
)

select
    newest_score.patient_id,
    '' as item,
    newest_score.effective_on as due_on,
    case
        when newest_score.score >= $audit_high_score then 'high'
        when newest_score.score >= $audit_harmful_score then 'harmful'
        else 'hazardous'
    end as reason,
    newest_score.evidence
from psychological_support_population as population
join newest_score on newest_score.patient_id = population.patient_id and newest_score.newest = 1
left join talk on talk.patient_id = newest_score.patient_id
where newest_score.score >= $audit_hazardous_score
    and newest_score.effective_on >= add_days($as_of, -$followed_for_days)
    and coalesce(talk.talked_on < newest_score.effective_on, true)
