-- Who concerns the social worker?
-- Grain: one row for each person, from the first reason to the end of the last.
-- Reasons: answers on social needs or a plan of the social worker, each for a year; and being 75 or
-- older with nobody else in the household, without an end while it lasts. The household is what is
-- registered; whoever really lives there is asked at the door.

with reason as (
    select
        patient_id,
        answered_on as from_on,
        add_days(answered_on, $followed_for_days) as until,
        'QuestionnaireResponse/' || questionnaire_response_id as evidence
    from questionnaire_answer
    where instr(questionnaire, '/social_needs|') > 0
    union
    select
        patient_id,
        from_on,
        add_days(greatest(from_on, until), $followed_for_days),
        'CarePlan/' || care_plan_id
    from care_plan
    where role = 'social_worker'
    union
    select
        household_member.patient_id,
        greatest(household_member.from_on, add_months(patient.born_on, $older_from_months)),
        coalesce(household_member.left_on, '9999-12-31'),
        'Group/' || household_member.group_id
    from household_member
    join patient on patient.patient_id = household_member.patient_id
    where household_member.people = 1
)

select
    patient_id,
    min(from_on) as enrolled_on,
    nullif(max(until), '9999-12-31') as left_on,
    group_concat(evidence, ' ') as evidence
from reason
where until > from_on
group by patient_id
