-- Of the people enrolled at the end of the period, whose nurse contact was on time?
-- Grain: one row for each person enrolled on the last day of the period.
-- On time = on the last day the next nurse contact was not overdue. The interval is the one HbA1c
-- itself asks for (without a recent one that of yellow); complications, hospital stays and personal
-- goals are left out of this measure. Who was never seen is on time while enrolment is as young as
-- the allowance.

with member as (
    select patient_id, min(enrolled_on) as enrolled_on
    from type2_diabetes_population
    where enrolled_on < $period_end and (left_on is null or left_on >= $period_end)
    group by patient_id
),

seen as (
    select patient_id, max(started_on) as started_on
    from encounter
    where patient_id in (select patient_id from member)
        and role in ('gp', 'practice_nurse', 'district_nurse')
        and class in ('AMB', 'HH', 'FLD')
    group by patient_id
),

promised as (
    select
        member.patient_id,
        coalesce(
            add_days(seen.started_on, case
                when reading.hba1c_percent <= $hba1c_target_percent then $green_nurse_contact_days
                when reading.hba1c_percent >= $red_hba1c_percent then $red_nurse_contact_days
                else $yellow_nurse_contact_days
            end),
            member.enrolled_on
        ) as due_on,
        'Observation/' || reading.observation_id as evidence
    from member
    left join latest_hba1c as reading
        on reading.patient_id = member.patient_id and reading.effective_on >= $period_start
    left join seen on seen.patient_id = member.patient_id
)

select
    patient_id,
    add_days(due_on, $nurse_contact_overdue_days) >= add_days($period_end, -1) as in_numerator,
    cast(null as text) as excluded_because,
    evidence
from promised
