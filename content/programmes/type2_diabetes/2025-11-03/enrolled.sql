-- Of the people who should be in the programme at the end of the period, how many are?
-- Grain: one row for each person eligible on the last day of the period.
-- People enrolled without a confirmed diagnosis on record are not counted here.

with member as (
    select patient_id, max(evidence) as evidence
    from type2_diabetes_population
    where enrolled_on < $period_end and (left_on is null or left_on >= $period_end)
    group by patient_id
)

select
    eligible.patient_id,
    member.patient_id is not null as in_numerator,
    case
        when add_days(eligible.enrolled_on, $enrolment_overdue_days) >= $period_end
            and member.patient_id is null
            then 'diagnosed_recently'
    end as excluded_because,
    coalesce(member.evidence, eligible.evidence) as evidence
from type2_diabetes_eligible as eligible
left join member on member.patient_id = eligible.patient_id
where eligible.enrolled_on < $period_end
    and (eligible.left_on is null or eligible.left_on >= $period_end)
