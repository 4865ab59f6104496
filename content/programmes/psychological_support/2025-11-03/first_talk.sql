-- Whose newest score is high, and nobody has talked with them since?
-- Grain: one row for each such person in psychological_support_population.
-- Due from the day of the score; of two questionnaires the earlier day and the worse band count.
-- A score that has fallen below the threshold since asks for nothing.

with newest_score as (
    select
        patient_id,
        questionnaire,
        score,
        effective_on,
        'Observation/' || observation_id as evidence,
        row_number() over (
            partition by patient_id, questionnaire order by effective_on desc nulls last, observation_id desc
        ) as newest
    from questionnaire_score
    where questionnaire in ('phq9', 'gad7')
),

talk as (
    select patient_id, max(started_on) as talked_on
    from encounter
    where role = 'psychologist' and class in ('AMB', 'HH', 'FLD', 'VR')
    group by patient_id
),

untold as (
    select
        newest_score.patient_id,
        newest_score.effective_on,
        newest_score.score >= case newest_score.questionnaire
            when 'phq9' then $phq9_severe_score else $gad7_severe_score
        end as is_severe,
        newest_score.evidence
    from newest_score
    left join talk on talk.patient_id = newest_score.patient_id
    where newest_score.newest = 1
        and newest_score.effective_on >= add_days($as_of, -$followed_for_days)
        and newest_score.score >= case newest_score.questionnaire
            when 'phq9' then $phq9_positive_score else $gad7_positive_score
        end
        and coalesce(talk.talked_on < newest_score.effective_on, true)
)

select
    untold.patient_id,
    '' as item,
    min(untold.effective_on) as due_on,
    case when max(untold.is_severe) then 'severe' else 'positive' end as reason,
    group_concat(untold.evidence, ' ') as evidence
from psychological_support_population as population
join untold on untold.patient_id = population.patient_id
group by untold.patient_id
