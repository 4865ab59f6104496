-- Which children began the vaccination against whooping cough and had no third dose by their first birthday?
-- Grain: one row for each child with a first dose whose first birthday lies in the period.

with cohort as (
    select patient.patient_id, patient.born_on, add_months(patient.born_on, $first_age_months) as reached_on
    from patient
    where patient.patient_id in (select patient_id from national_vaccinations_population)
        and patient.born_on >= $complete_since
        and add_months(patient.born_on, $first_age_months) >= $period_start
        and add_months(patient.born_on, $first_age_months) < $period_end
),

given as (
    select
        cohort.patient_id,
        max(doses.valid_number) as doses_given,
        group_concat(doses.evidence, ' ') as evidence
    from cohort
    join national_vaccinations_doses as doses on doses.patient_id = cohort.patient_id
    where doses.item = 'pertussis' and doses.valid_number <= $first_doses and doses.given_on < cohort.reached_on
    group by cohort.patient_id
)

select
    cohort.patient_id,
    given.doses_given < $first_doses as in_numerator,
    null as excluded_because,
    given.evidence
from cohort
join given on given.patient_id = cohort.patient_id
