-- Where does each person's screening stand: no test, waiting for a result, closed, or what was found?
-- Grain: one row for each person in cervical_screening_population.
-- The newest result decides; a test after it means that another result is awaited. Since = the day from
-- which the days of the episode run: its first test, or the result where no test is on record.
-- A result that needs more never expires. One with a code that this version does not know is unclear,
-- never normal. Tests without any result are asked about since 1 January of last year.

with newest as (
    select
        patient_id,
        effective_on as result_on,
        result,
        'Observation/' || observation_id as evidence,
        row_number() over (
            partition by patient_id order by effective_on desc nulls last, observation_id desc
        ) as newest
    from screening_result
    where programme = 'cervical_screening'
),

latest as (
    select
        population.patient_id,
        newest.result_on,
        newest.result,
        newest.evidence,
        newest.result in ('normal', 'nilm')
        or newest.result glob 'closed_*' as is_closed
    from cervical_screening_population as population
    left join newest on newest.patient_id = population.patient_id and newest.newest = 1
),

test as (
    select patient_id, effective_on, true as is_screening, source_type || '/' || source_id as evidence
    from examination
    join cervical_cytology using (system, code)
    union all
    select patient_id, effective_on, false as is_screening, source_type || '/' || source_id as evidence
    from examination
    join cervical_further_test using (system, code)
),

around as (
    select
        latest.patient_id,
        min(test.effective_on) filter (where test.effective_on <= latest.result_on) as opened_on,
        max(test.effective_on) filter (where test.effective_on > latest.result_on) as further_on,
        min(test.effective_on) filter (
            where test.is_screening
                and test.effective_on >= date_of(year_of($as_of) - $looks_back_years, 1, 1)
                and coalesce(test.effective_on > latest.result_on, true)
        ) as waiting_on,
        group_concat(test.evidence, ' ') filter (
            where latest.is_closed is not true or test.effective_on > latest.result_on
        ) as evidence
    from latest
    join test on test.patient_id = latest.patient_id
    where latest.result_on is null
        or test.effective_on >= add_days(latest.result_on, -$completion_days)
    group by latest.patient_id
),

answer as (
    select
        latest.patient_id,
        latest.result_on,
        around.opened_on,
        around.waiting_on,
        case
            when latest.is_closed is not false and around.waiting_on is not null then 'waiting'
            when latest.result is null then 'none'
            when latest.result glob 'closed_*' then 'closed'
            when latest.is_closed then 'normal'
            when latest.result in ('confirmed', 'malignant') then 'confirmed'
            when around.further_on is not null then 'further_test_done'
            when latest.result in ('asc_h', 'hsil', 'agc') then 'marked_change'
            when latest.result in ('asc_us', 'lsil', 'abnormal') then 'minor_change'
            when latest.result = 'inadequate' then 'inadequate'
            else 'unclear'
        end as state,
        trim(coalesce(latest.evidence, '') || coalesce(' ' || around.evidence, '')) as evidence
    from latest
    left join around on around.patient_id = latest.patient_id
)

select
    patient_id,
    state,
    case state
        when 'none' then null
        when 'waiting' then waiting_on
        when 'normal' then result_on
        when 'closed' then result_on
        else least(opened_on, result_on)
    end as since_on,
    case when state = 'none' then null else evidence end as evidence
from answer
