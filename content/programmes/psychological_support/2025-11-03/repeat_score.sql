-- Whose high score is to be looked at again, now that they have talked with the psychologist?
-- Grain: one row for each person in psychological_support_population and questionnaire.
-- Counted from the score, not from the talk; a score below the threshold ends it.

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
)

select
    newest_score.patient_id,
    newest_score.questionnaire as item,
    add_days(newest_score.effective_on, $repeat_after_days) as due_on,
    'was_positive' as reason,
    newest_score.evidence
from psychological_support_population as population
join newest_score on newest_score.patient_id = population.patient_id and newest_score.newest = 1
join talk on talk.patient_id = newest_score.patient_id
where talk.talked_on >= newest_score.effective_on
    and newest_score.effective_on >= add_days($as_of, -$followed_for_days)
    and newest_score.score >= case newest_score.questionnaire
        when 'phq9' then $phq9_positive_score else $gad7_positive_score
    end
