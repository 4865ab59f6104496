-- Who is a child, or of a group at risk whom the calendar names?
-- Grain: one row for each of them. A child belongs from birth until the day of the last age; who is
-- at risk belongs without end. Of whom no birth date is known belongs too: it has to be asked.

with at_risk as (
    select patient_id from vaccination_observation
    where until is null or until > $as_of
    union
    select condition.patient_id
    from condition
    join chronic_condition using (system, code)
    where condition.is_confirmed
        and (condition.resolved_on is null or condition.resolved_on > $as_of)
)

select
    patient.patient_id,
    patient.born_on as enrolled_on,
    case
        when at_risk.patient_id is null
            then add_months(patient.born_on, 12 * $child_until_years)
    end as left_on,
    'Patient/' || patient.patient_id as evidence
from patient
left join at_risk on at_risk.patient_id = patient.patient_id
where at_risk.patient_id is not null
    or patient.born_on is null
    or add_months(patient.born_on, 12 * $child_until_years) > $as_of
