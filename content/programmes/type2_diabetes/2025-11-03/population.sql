-- Who is enrolled in the type 2 diabetes programme, and from when until when?
-- Grain: one row for each unbroken stretch of enrolment.
-- Episodes that overlap or touch (the same enrolment recorded twice, a handover) are one stretch.

with episode as (
    select
        patient_id,
        episode_of_care_id,
        from_on,
        coalesce(left_on, '9999-12-31') as until
    from enrolment
    where programme = 'type2_diabetes'
        and status in ('active', 'onhold', 'finished')
        and from_on is not null
        and (left_on is null or left_on > from_on)
),

numbered as (
    select
        patient_id,
        episode_of_care_id,
        from_on,
        until,
        max(until) over (
            partition by patient_id
            order by from_on nulls last, episode_of_care_id
            rows between unbounded preceding and 1 preceding
        ) as reached
    from episode
),

stretch as (
    select
        patient_id,
        episode_of_care_id,
        from_on,
        until,
        sum(case when from_on <= reached then 0 else 1 end) over (
            partition by patient_id
            order by from_on nulls last, episode_of_care_id
            rows between unbounded preceding and current row
        ) as number
    from numbered
)

select
    patient_id,
    min(from_on) as enrolled_on,
    nullif(max(until), '9999-12-31') as left_on,
    group_concat('EpisodeOfCare/' || episode_of_care_id, ' ') as evidence
from stretch
group by patient_id, number
