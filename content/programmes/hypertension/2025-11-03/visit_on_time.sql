-- Of the people enrolled at the end of the period, who had been measured by the team on time?
-- Grain: one row for each person enrolled on the last day of the period.
-- On time = on the last day the next nurse check was not overdue. The interval is the one the
-- pressure itself asks for; disease and hospital stays are left out of this measure, and so is
-- the personal goal, so that any past month can be drawn. Readings by phone or from home do not
-- count. A person not yet measured is on time as long as enrolment is no older than the allowance.

with member as (
    select patient_id, min(enrolled_on) as enrolled_on
    from hypertension_population
    where enrolled_on < $period_end and (left_on is null or left_on >= $period_end)
    group by patient_id
),

told as (
    select patient_id
    from latest_blood_pressure
    where setting in ('phone', 'remote') and patient_id in (select patient_id from member)
),

before as (
    select
        patient_id,
        effective_on,
        systolic_mmhg,
        diastolic_mmhg,
        observation_id,
        row_number() over (
            partition by patient_id order by effective_on desc nulls last, observation_id desc
        ) as newest
    from blood_pressure
    where patient_id in (select patient_id from told)
        and coalesce(setting, 'clinic') not in ('phone', 'remote')
),

measured as (
    select patient_id, effective_on, systolic_mmhg, diastolic_mmhg, observation_id
    from latest_blood_pressure
    where coalesce(setting, 'clinic') not in ('phone', 'remote')
    union all
    select patient_id, effective_on, systolic_mmhg, diastolic_mmhg, observation_id
    from before
    where newest = 1
),

promised as (
    select
        member.patient_id,
        coalesce(
            add_days(measured.effective_on, case
                when measured.systolic_mmhg >= $red_systolic_mmhg
                    or measured.diastolic_mmhg >= $red_diastolic_mmhg
                    then $red_nurse_contact_days
                when measured.systolic_mmhg >= $systolic_target_mmhg
                    or measured.diastolic_mmhg >= $diastolic_target_mmhg
                    then $yellow_nurse_contact_days
                else $green_nurse_contact_days
            end),
            member.enrolled_on
        ) as due_on,
        'Observation/' || measured.observation_id as evidence
    from member
    left join measured on measured.patient_id = member.patient_id
)

select
    patient_id,
    add_days(due_on, $nurse_contact_overdue_days) >= add_days($period_end, -1) as in_numerator,
    cast(null as text) as excluded_because,
    evidence
from promised
