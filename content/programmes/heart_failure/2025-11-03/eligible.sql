-- Who could be in the heart failure programme: a confirmed diagnosis, adult, attached?
-- Grain: one row for each person; from the day all three held until the diagnosis is resolved
-- or the person is attached elsewhere.
-- A person without any attachment on record counts as ours: whoever sent the record cares for
-- them. A person without a birth date counts as adult, so that nobody is lost to a gap.

with diagnosis as (
    select
        condition.patient_id,
        min(condition.recorded_on) as known_on,
        case
            when count(*) = count(condition.resolved_on) then max(condition.resolved_on)
        end as resolved_on,
        group_concat('Condition/' || condition.condition_id, ' ') as evidence
    from condition
    join heart_failure_diagnosis using (system, code)
    where condition.is_confirmed
    group by condition.patient_id
),

attached as (
    select
        patient_id,
        min(from_on) as attached_on,
        case when count(*) = count(left_on) then max(left_on) end as left_on
    from attachment
    group by patient_id
),

belonging as (
    select
        diagnosis.patient_id,
        greatest(
            diagnosis.known_on,
            attached.attached_on,
            add_months(patient.born_on, $adult_from_months)
        ) as enrolled_on,
        least(diagnosis.resolved_on, attached.left_on) as left_on,
        diagnosis.evidence
    from diagnosis
    join patient on patient.patient_id = diagnosis.patient_id
    left join attached on attached.patient_id = diagnosis.patient_id
)

select patient_id, enrolled_on, left_on, evidence
from belonging
where left_on is null or left_on > enrolled_on
