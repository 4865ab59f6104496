-- When is the next mammogram due?
-- Grain: one row for each person who has a turn still to come or to make up.
-- The turn is a calendar year fixed by the year of birth; doing it late does not move the next one.
-- A turn missed may be made up in the year after it and stays due since 1 January of its own year.
-- A refusal rests the invitation to the end of the year, a written one to its end or the next turn.

with person as (
    select
        patient.patient_id, year_of(patient.born_on) as birth_year,
        least(year_of($as_of) - year_of(patient.born_on), $last_age_years) as age_years
    from breast_screening_population as population
    join patient on patient.patient_id = population.patient_id
),

turn as (
    select
        patient_id,
        birth_year + $last_age_years as last_year,
        birth_year + age_years - (age_years - $first_age_years) % $step_years as turn_year
    from person
),

test as (
    select patient_id, effective_on, source_type || '/' || source_id as evidence
    from examination
    join mammography using (system, code)
    union all
    select patient_id, effective_on, 'Observation/' || observation_id as evidence
    from screening_result
    where programme = 'breast_screening'
        and result not in ('closed_refused', 'closed_expired', 'closed_moved')
),

tested as (
    select turn.patient_id, group_concat(test.evidence, ' ') as evidence
    from turn
    join test on test.patient_id = turn.patient_id
    where year_of(test.effective_on) >= turn.turn_year
    group by turn.patient_id
),

refusal as (
    select patient_id, false as is_written, year_of(acted_on) as said_in, 'Task/' || task_id as evidence
    from task
    where action = 'mammogram' and outcome = 'refused' and year_of(acted_on) = year_of($as_of)
    union all
    select patient_id, false, year_of(effective_on), 'Observation/' || observation_id
    from screening_result
    where programme = 'breast_screening' and result = 'closed_refused'
        and year_of(effective_on) = year_of($as_of)
    union all
    select patient_id, true, year_of(case when until is null then from_on else $as_of end), 'Consent/' || consent_id
    from consent
    where category = 'breast_screening' and is_permitted is false and coalesce(until > $as_of, true)
),

refused as (
    select turn.patient_id, max(is_written) as is_written, group_concat(refusal.evidence, ' ') as evidence
    from turn
    join refusal on refusal.patient_id = turn.patient_id
    where refusal.said_in >= turn.turn_year
    group by turn.patient_id
),

invited as (
    select patient_id, group_concat('Communication/' || communication_id, ' ') as evidence
    from contact_attempt
    where action = 'mammogram' and year_of(sent_on) = year_of($as_of)
    group by patient_id
),

answer as (
    select
        turn.patient_id,
        turn.last_year,
        turn.turn_year + case
            when tested.patient_id is not null or refused.is_written then $step_years
            when episode.patient_id is not null then $step_years
            when year_of($as_of) > turn.turn_year + $make_up_years then $step_years
            when refused.patient_id is null then 0
            when year_of($as_of) = turn.turn_year then $make_up_years
            else $step_years
        end as due_year,
        case
            when tested.patient_id is not null then 'done'
            when episode.patient_id is not null then 'open_finding'
            when refused.patient_id is not null then 'refused'
            when year_of($as_of) > turn.turn_year + $make_up_years then 'lapsed'
            when year_of($as_of) > turn.turn_year then 'missed'
            when invited.patient_id is not null then 'invited'
            else 'this_year'
        end as reason,
        'Patient/' || turn.patient_id || coalesce(' ' || tested.evidence, '')
        || coalesce(' ' || refused.evidence, '') || coalesce(' ' || invited.evidence, '')
        || coalesce(' ' || episode.evidence, '') as evidence
    from turn
    left join breast_screening_episode as episode on episode.patient_id = turn.patient_id
        and episode.state not in ('none', 'waiting', 'normal', 'closed', 'inadequate')
    left join tested on tested.patient_id = turn.patient_id
    left join refused on refused.patient_id = turn.patient_id
    left join invited on invited.patient_id = turn.patient_id and tested.patient_id is null
)

select patient_id, '' as item, date_of(due_year, 1, 1) as due_on, reason, evidence
from answer
where due_year <= last_year + $make_up_years
