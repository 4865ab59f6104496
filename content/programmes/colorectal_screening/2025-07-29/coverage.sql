-- Of those whose turn is this calendar year, how many have been tested so far?
-- Grain: one row for each person whose turn is the year of the period's last day and who belonged at
-- some time of that year before the period ended. Tests count from 1 January of that year; a test
-- made up for last year is no part of this share. Who refused stays in: the share says who is reached.

with due_this_year as (
    select
        population.patient_id,
        max(year_of(add_days($period_end, -1)) - year_of(patient.born_on)) as age_years
    from colorectal_screening_population as population
    join patient on patient.patient_id = population.patient_id
    where population.enrolled_on < $period_end
        and (
            population.left_on is null
            or population.left_on > date_of(year_of(add_days($period_end, -1)), 1, 1)
        )
    group by population.patient_id
),

test as (
    select patient_id, effective_on, source_type || '/' || source_id as evidence
    from examination
    join stool_blood_test using (system, code)
    union all
    select patient_id, effective_on, source_type || '/' || source_id as evidence
    from examination
    join colonoscopy using (system, code)
    union all
    select patient_id, effective_on, 'Observation/' || observation_id as evidence
    from screening_result
    where programme = 'colorectal_screening'
        and result not in ('closed_refused', 'closed_expired', 'closed_moved')
),

tested as (
    select
        patient_id,
        group_concat(evidence, ' ') as evidence
    from test
    where effective_on >= date_of(year_of(add_days($period_end, -1)), 1, 1)
        and effective_on < $period_end
    group by patient_id
)

select
    due_this_year.patient_id,
    tested.patient_id is not null as in_numerator,
    cast(null as text) as excluded_because,
    tested.evidence
from due_this_year
left join tested on tested.patient_id = due_this_year.patient_id
where due_this_year.age_years between $first_age_years and $last_age_years
    and (due_this_year.age_years - $first_age_years) % $step_years = 0
