-- When should older people who live alone be asked about social needs?
-- Grain: one row for each person in social_support_population who is old enough and lives alone.
-- Who was never asked is asked this calendar year, not before they came of that age.

with alone as (
    select
        household_member.patient_id,
        max(greatest(household_member.from_on, add_months(patient.born_on, $older_from_months))) as since_on,
        group_concat('Group/' || household_member.group_id, ' ') as evidence
    from household_member
    join patient on patient.patient_id = household_member.patient_id
    where household_member.people = 1
        and coalesce(household_member.left_on > $as_of, true)
        and add_months(patient.born_on, $older_from_months) <= $as_of
    group by household_member.patient_id
),

said as (
    select
        patient_id,
        answered_on,
        'QuestionnaireResponse/' || questionnaire_response_id as evidence,
        row_number() over (
            partition by patient_id order by answered_on desc nulls last, questionnaire_response_id desc
        ) as newest
    from questionnaire_answer
    where instr(questionnaire, '/social_needs|') > 0
)

select
    alone.patient_id,
    '' as item,
    case
        when said.patient_id is null then greatest(date_of(year_of($as_of), 1, 1), alone.since_on)
        else add_months(said.answered_on, $assessment_interval_months)
    end as due_on,
    case when said.patient_id is null then 'never_asked' else 'yearly' end as reason,
    alone.evidence || coalesce(' ' || said.evidence, '') as evidence
from social_support_population as population
join alone on alone.patient_id = population.patient_id
left join said on said.patient_id = alone.patient_id and said.newest = 1
