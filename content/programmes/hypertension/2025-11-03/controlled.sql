-- Of the people enrolled at the end of the period, how many have their blood pressure at target?
-- Grain: one row for each person enrolled on the last day of the period.
-- The newest reading of the period decides, both pressures must be below the target (or below the
-- personal goal agreed by then). Nobody measured in the period counts as controlled. People who
-- joined in the last months of the period are left out: treatment has had no time to work.

with member as (
    select patient_id, min(enrolled_on) as enrolled_on
    from hypertension_population
    where enrolled_on < $period_end and (left_on is null or left_on >= $period_end)
    group by patient_id
),

reading as (
    select
        patient_id,
        systolic_mmhg,
        diastolic_mmhg,
        'Observation/' || observation_id as evidence,
        row_number() over (
            partition by patient_id order by effective_on desc nulls last, observation_id desc
        ) as newest
    from blood_pressure
    where patient_id in (select patient_id from member)
        and effective_on >= $period_start
        and effective_on < $period_end
),

agreed as (
    select
        patient_id,
        measure,
        target_value,
        row_number() over (
            partition by patient_id, measure order by from_on desc nulls last, goal_id desc
        ) as newest
    from goal
    where measure in ($systolic_goal_code, $diastolic_goal_code)
        and target_value is not null
        and coalesce(unit, 'mm[Hg]') = 'mm[Hg]'
        and from_on < $period_end
),

target as (
    select
        patient_id,
        max(target_value) filter (where measure = $systolic_goal_code) as systolic_mmhg,
        max(target_value) filter (where measure = $diastolic_goal_code) as diastolic_mmhg
    from agreed
    where newest = 1
    group by patient_id
)

select
    member.patient_id,
    coalesce(
        reading.systolic_mmhg < coalesce(target.systolic_mmhg, $systolic_target_mmhg)
        and reading.diastolic_mmhg < coalesce(target.diastolic_mmhg, $diastolic_target_mmhg),
        false
    ) as in_numerator,
    case
        when add_months(member.enrolled_on, $controlled_after_months) > $period_end
            then 'joined_recently'
    end as excluded_because,
    reading.evidence
from member
left join reading on reading.patient_id = member.patient_id and reading.newest = 1
left join target on target.patient_id = member.patient_id
