-- Of the people enrolled at the end of the period, how many have HbA1c at target?
-- Grain: one row for each person enrolled on the last day of the period.
-- The period ends on the day asked about, so the newest result is the newest of the period. At
-- target is up to 7.0 and 7.0 itself, or up to the personal goal. Nobody untested in the period
-- counts as controlled. Who joined in the last months is left out: treatment had no time to work.

with member as (
    select patient_id, min(enrolled_on) as enrolled_on
    from type2_diabetes_population
    where enrolled_on < $period_end and (left_on is null or left_on >= $period_end)
    group by patient_id
),

agreed as (
    select
        patient_id,
        target_value,
        row_number() over (
            partition by patient_id order by from_on desc nulls last, goal_id desc
        ) as newest
    from goal
    where measure = $hba1c_goal_code and unit = '%' and target_value is not null
)

select
    member.patient_id,
    coalesce(
        reading.hba1c_percent <= coalesce(agreed.target_value, $hba1c_target_percent), false
    ) as in_numerator,
    case
        when add_months(member.enrolled_on, $controlled_after_months) > $period_end
            then 'joined_recently'
    end as excluded_because,
    'Observation/' || reading.observation_id as evidence
from member
left join latest_hba1c as reading
    on reading.patient_id = member.patient_id and reading.effective_on >= $period_start
left join agreed on agreed.patient_id = member.patient_id and agreed.newest = 1
