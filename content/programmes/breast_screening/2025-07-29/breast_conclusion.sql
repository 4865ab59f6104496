-- Who has had a mammogram whose result nobody has recorded?
-- Grain: one row for each person waiting. An episode must close within the days of the order, counted
-- from its first test. Only tests since 1 January of last year are asked about: an older period
-- has expired. Somebody whose newest result still needs further tests is in breast_follow_up.

with test as (
    select patient_id, effective_on, source_type || '/' || source_id as evidence
    from examination
    join mammography using (system, code)
),

latest as (
    select
        patient_id,
        effective_on,
        result,
        row_number() over (
            partition by patient_id order by effective_on desc nulls last, observation_id desc
        ) as newest
    from screening_result
    where programme = 'breast_screening'
)

select
    population.patient_id,
    '' as item,
    min(test.effective_on) as due_on,
    'waiting' as reason,
    group_concat(test.evidence, ' ') as evidence
from breast_screening_population as population
join test on test.patient_id = population.patient_id
left join latest on latest.patient_id = population.patient_id and latest.newest = 1
where test.effective_on >= date_of(year_of($as_of) - $looks_back_years, 1, 1)
    and (
        latest.patient_id is null
        or (
            test.effective_on > latest.effective_on
            and (
                latest.result in ('normal', 'birads_1', 'birads_2')
                or latest.result glob 'closed_*'
            )
        )
    )
group by population.patient_id
