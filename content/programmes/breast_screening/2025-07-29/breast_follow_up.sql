-- Whose screening found something that must be followed to its end?
-- Grain: one row for each person whose newest result does not close the episode.
-- Due since the first test of the episode, because its days run from there; an abnormal result never
-- expires, however old. A confirmed finding stays here until the diagnosis is on record: then the
-- person is under observation and leaves the screening. A result with a code that this version does
-- not know is shown as unclear, never taken for normal.
-- BI-RADS 3 means: likely harmless, look again after some months; it is not due before.

with latest as (
    select
        screening_result.patient_id,
        screening_result.effective_on,
        screening_result.result,
        'Observation/' || screening_result.observation_id as evidence,
        row_number() over (
            partition by screening_result.patient_id
            order by screening_result.effective_on desc nulls last, screening_result.observation_id desc
        ) as newest
    from screening_result
    join breast_screening_population as population
        on population.patient_id = screening_result.patient_id
    where screening_result.programme = 'breast_screening'
),

test as (
    select patient_id, effective_on, source_type || '/' || source_id as evidence
    from examination
    join mammography using (system, code)
    union all
    select patient_id, effective_on, source_type || '/' || source_id as evidence
    from examination
    join breast_further_test using (system, code)
),

around as (
    select
        latest.patient_id,
        min(test.effective_on) as opened_on,
        max(test.effective_on) filter (where test.effective_on > latest.effective_on) as further_on,
        group_concat(test.evidence, ' ') as evidence
    from latest
    join test on test.patient_id = latest.patient_id
    where latest.newest = 1
        and test.effective_on >= add_days(latest.effective_on, -$completion_days)
    group by latest.patient_id
)

select
    latest.patient_id,
    '' as item,
    case
        when around.further_on is null and latest.result = 'birads_3'
            then add_months(latest.effective_on, $short_follow_up_months)
        else least(around.opened_on, latest.effective_on)
    end as due_on,
    case
        when latest.result in ('birads_4', 'birads_5') then 'biopsy'
        when latest.result in ('confirmed', 'malignant') then 'confirmed'
        when around.further_on is not null then 'further_test_done'
        when latest.result in ('birads_0', 'abnormal') then 'recall'
        when latest.result = 'birads_3' then 'short_follow_up'
        when latest.result = 'inadequate' then 'inadequate'
        else 'unclear'
    end as reason,
    latest.evidence || coalesce(' ' || around.evidence, '') as evidence
from latest
left join around on around.patient_id = latest.patient_id
where latest.newest = 1
    and latest.result not in ('normal', 'birads_1', 'birads_2')
    and latest.result not glob 'closed_*'
