-- Which people are of the age of this screening by year of birth, and not yet under observation?
-- Grain: one row for each of them. The year of birth decides, not the birthday: a person belongs from
-- 1 January of the year in which the first age is reached. People stay on after the last age, so that a
-- missed year can be made up and an abnormal result is followed to its end.
-- Under observation for hypertension, ischaemic heart disease, diabetes or glaucoma (a confirmed diagnosis
-- on record and not resolved) means not concerned any more, from the day it was recorded.

with cohort as (
    select
        patient_id,
        date_of(year_of(born_on) + $first_age_years, 1, 1) as enrolled_on,
        date_of(
            year_of(born_on) + $last_age_years + $stays_after_last_age_years + 1, 1, 1
        ) as ends_on
    from patient
    where born_on between date_of(
        year_of($as_of) - $last_age_years - $stays_after_last_age_years, 1, 1
    ) and date_of(year_of($as_of) - $first_age_years, 12, 31)
),

observed as (
    select
        condition.patient_id,
        min(condition.recorded_on) as observed_from
    from condition
    join cohort on cohort.patient_id = condition.patient_id
    join cardiovascular_observation using (system, code)
    where condition.is_confirmed
        and (condition.resolved_on is null or condition.resolved_on > $as_of)
    group by condition.patient_id
)

select
    cohort.patient_id,
    cohort.enrolled_on,
    least(cohort.ends_on, observed.observed_from) as left_on,
    'Patient/' || cohort.patient_id as evidence
from cohort
left join observed on observed.patient_id = cohort.patient_id
where observed.patient_id is null
    or coalesce(observed.observed_from, cohort.enrolled_on) > cohort.enrolled_on
