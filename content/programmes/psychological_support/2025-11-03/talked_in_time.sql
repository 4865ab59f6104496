-- Of the people with a high score in the period, who talked with the psychologist within some days?
-- Grain: one row for each person; of several high scores in the period the last one counts.
-- People whose days are not over at the end of the period are left out, unless they have talked.

with positive as (
    select
        patient_id,
        effective_on,
        'Observation/' || observation_id as evidence,
        row_number() over (
            partition by patient_id order by effective_on desc nulls last, observation_id desc
        ) as newest
    from questionnaire_score
    where effective_on >= $period_start
        and effective_on < $period_end
        and (
            (questionnaire = 'phq9' and score >= $phq9_positive_score)
            or (questionnaire = 'gad7' and score >= $gad7_positive_score)
        )
),

talk as (
    select positive.patient_id, max('Encounter/' || encounter.encounter_id) as evidence
    from positive
    join encounter on encounter.patient_id = positive.patient_id
    where positive.newest = 1
        and encounter.role = 'psychologist'
        and encounter.class in ('AMB', 'HH', 'FLD', 'VR')
        and encounter.started_on >= positive.effective_on
        and encounter.started_on <= add_days(positive.effective_on, $first_talk_overdue_days)
    group by positive.patient_id
)

select
    positive.patient_id,
    talk.patient_id is not null as in_numerator,
    case
        when talk.patient_id is null and add_days(positive.effective_on, $first_talk_overdue_days) >= $period_end
            then 'too_recent'
    end as excluded_because,
    positive.evidence || coalesce(' ' || talk.evidence, '') as evidence
from positive
left join talk on talk.patient_id = positive.patient_id
where positive.newest = 1
