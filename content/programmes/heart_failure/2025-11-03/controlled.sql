-- Of the people enrolled at the end of the period, how many are stable?
-- Grain: one row for each person enrolled on the last day of the period.
-- Stable = newest NYHA class of the period I or II and no hospital stay for any reason in its last
-- months. The period ends on the day asked about, so the newest class is the newest of the period.
-- Nobody without a class counts as stable. Who joined in the last months is left out.

with member as (
    select patient_id, min(enrolled_on) as enrolled_on
    from heart_failure_population
    where enrolled_on < $period_end and (left_on is null or left_on >= $period_end)
    group by patient_id
),

stay as (
    select patient_id, group_concat('Encounter/' || encounter_id, ' ') as evidence
    from hospital_stay
    where add_months(discharged_on, $yellow_after_stay_months) >= $period_end
    group by patient_id
)

select
    member.patient_id,
    coalesce(
        reading.code in (select code from nyha_mild) and stay.patient_id is null, false
    ) as in_numerator,
    case
        when add_months(member.enrolled_on, $controlled_after_months) > $period_end
            then 'joined_recently'
    end as excluded_because,
    nullif(
        trim(coalesce('Observation/' || reading.observation_id, '')
        || coalesce(' ' || stay.evidence, '')),
        ''
    ) as evidence
from member
left join latest_nyha as reading
    on reading.patient_id = member.patient_id and reading.effective_on >= $period_start
left join stay on stay.patient_id = member.patient_id
