-- Of the people who came home from hospital in the period, who was visited within three days?
-- Grain: one row for each person; of several discharges in the period the last one counts.
-- A visit on the day of discharge counts as the first day. People taken to hospital again within
-- those days before anybody came, and people whose days are not over yet, are left out.

with home as (
    select
        patient_id,
        enrolled_on as discharged_on,
        evidence,
        row_number() over (
            partition by patient_id order by enrolled_on desc nulls last, evidence desc nulls last
        ) as newest
    from discharge_follow_up_population
    where enrolled_on >= $period_start and enrolled_on < $period_end
),

after as (
    select
        home.patient_id,
        max(case
            when encounter.role in ('gp', 'practice_nurse', 'district_nurse')
                and encounter.class in ('AMB', 'HH', 'FLD')
                then 'Encounter/' || encounter.encounter_id
        end) as visit,
        max(case
            when encounter.class in ('IMP', 'ACUTE', 'NONAC')
                then 'Encounter/' || encounter.encounter_id
        end) as stay
    from home
    join encounter on encounter.patient_id = home.patient_id
    where home.newest = 1
        and encounter.started_on >= home.discharged_on
        and encounter.started_on <= add_days(home.discharged_on, $visit_overdue_days)
        and 'Encounter/' || encounter.encounter_id <> home.evidence
    group by home.patient_id
)

select
    home.patient_id,
    after.visit is not null as in_numerator,
    case
        when after.visit is not null then null
        when after.stay is not null then 'in_hospital_again'
        when add_days(home.discharged_on, $visit_overdue_days) >= $period_end then 'too_recent'
    end as excluded_because,
    home.evidence || coalesce(' ' || after.visit, '') || coalesce(' ' || after.stay, '') as evidence
from home
left join after on after.patient_id = home.patient_id
where home.newest = 1
