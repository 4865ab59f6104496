-- Of the people with an abnormal first-stage result, how many were followed up in time?
-- Grain: one row for each person whose first abnormal result of the period lies far enough back.
-- Followed up means: a further test, or a later result that closes or confirms, within the days of
-- the order. Who refused the further tests is left out: the team did its part.

with abnormal as (
    select
        patient_id,
        min(effective_on) as effective_on
    from screening_result
    where programme = 'cervical_screening'
        and result in ('abnormal', 'asc_us', 'lsil', 'asc_h', 'hsil', 'agc')
        and effective_on >= $period_start
        and effective_on < add_days($period_end, -$completion_days)
        and patient_id in (select patient_id from cervical_screening_population)
    group by patient_id
),

answer as (
    select
        abnormal.patient_id,
        'Observation/' || screening_result.observation_id as evidence
    from abnormal
    join screening_result on screening_result.patient_id = abnormal.patient_id
    where screening_result.programme = 'cervical_screening'
        and screening_result.result in (
            'normal', 'nilm', 'confirmed', 'malignant'
        )
        and days_between(abnormal.effective_on, screening_result.effective_on)
        between 0 and $completion_days
    union all
    select
        abnormal.patient_id,
        examination.source_type || '/' || examination.source_id as evidence
    from abnormal
    join examination on examination.patient_id = abnormal.patient_id
    join cervical_further_test using (system, code)
    where days_between(abnormal.effective_on, examination.effective_on)
        between 0 and $completion_days
),

followed as (
    select
        patient_id,
        group_concat(evidence, ' ') as evidence
    from answer
    group by patient_id
),

refused as (
    select distinct abnormal.patient_id
    from abnormal
    join screening_result on screening_result.patient_id = abnormal.patient_id
    where screening_result.programme = 'cervical_screening'
        and screening_result.result = 'closed_refused'
        and screening_result.effective_on >= abnormal.effective_on
        and screening_result.effective_on < $period_end
)

select
    abnormal.patient_id,
    followed.patient_id is not null as in_numerator,
    case when refused.patient_id is not null and followed.patient_id is null then 'refused' end
    as excluded_because,
    followed.evidence
from abnormal
left join followed on followed.patient_id = abnormal.patient_id
left join refused on refused.patient_id = abnormal.patient_id
