-- Of the people enrolled at the end of the period, how many have their blood pressure at target?
-- Grain: one row for each person enrolled on the last day of the period.
-- The period ends on the day asked about, so the newest reading is the newest of the period. Both
-- pressures must be below the target, or below the personal goal. Nobody measured in the period
-- counts as controlled. Who joined in the last months is left out: treatment had no time to work.

with member as (
    select patient_id, min(enrolled_on) as enrolled_on
    from hypertension_population
    where enrolled_on < $period_end and (left_on is null or left_on >= $period_end)
    group by patient_id
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
    'Observation/' || reading.observation_id as evidence
from member
left join latest_blood_pressure as reading
    on reading.patient_id = member.patient_id and reading.effective_on >= $period_start
left join target on target.patient_id = member.patient_id
