-- What may the vaccination calendar be told of each person?
-- Grain: one row for each fact. Doses given before the records begin stand on paper cards: of who was
-- born earlier only what needs no earlier dose is asked. A refusal without an end holds for some
-- months; a later consent ends it.

with person as (
    select
        patient.patient_id,
        patient.sex,
        patient.born_on,
        coalesce(patient.born_on >= $complete_since, false) as is_complete,
        coalesce(add_months(patient.born_on, 12 * $child_until_years) > $as_of, false) as is_child
    from patient
    where patient.patient_id in (select patient_id from national_vaccinations_population)
),

-- The illnesses under observation put a person into the risk group for influenza.
chronic as (
    select distinct condition.patient_id
    from condition
    join chronic_condition using (system, code)
    where condition.is_confirmed
        and (condition.resolved_on is null or condition.resolved_on > $as_of)
),

coded as (
    select patient_id, code, max(observed_on) as observed_on
    from vaccination_observation
    where until is null or until > $as_of
    group by patient_id, code
),

said as (
    select
        patient_id, consent_id, category, is_permitted, from_on, until,
        row_number() over (
            partition by patient_id, category order by from_on desc nulls last, consent_id desc
        ) as newest
    from consent
    where scope = 'vaccination'
),

-- What puts a dose off.
held as (
    select
        patient_id,
        'exempt' as fact,
        vaccine_group as code,
        from_on as on_day,
        until,
        'Observation/' || observation_id as evidence
    from exemption
    union all
    select
        patient_id,
        'refused' as fact,
        category as code,
        from_on as on_day,
        coalesce(until, add_days(from_on, $asked_again_after_days)) as until,
        'Consent/' || consent_id as evidence
    from said
    where newest = 1 and not is_permitted
),

-- Doses given (unfit: out of date or too weak), and those not given because of the person's state or wish.
given as (
    select
        patient_id,
        case
            when status = 'completed' and (coalesce(is_subpotent, false) or expires_on < given_on) then 'unfit'
            when status = 'completed' then 'dose'
            when status_reason = 'MEDPREC' then 'exempt'
            else 'refused'
        end as fact,
        code,
        given_on as on_day,
        case
            when status <> 'completed' then add_days(given_on, $asked_again_after_days)
        end as until,
        'Immunization/' || immunization_id as evidence
    from immunisation
    where system = 'http://hl7.org/fhir/sid/cvx'
        and (status = 'completed' or status_reason in ('MEDPREC', 'PATOBJ'))
),

-- Of who was born before the records begin nothing else than what the last two lines name is asked.
told as (
    select patient_id, fact, code, on_day, until, evidence from held
    union all
    select patient_id, fact, code, on_day, until, evidence from given
    union all
    select patient_id, 'observed' as fact, code, observed_on as on_day, null as until, null as evidence
    from coded
    union all
    select patient_id, 'observed' as fact, 'K02' as code, null as on_day, null as until, null as evidence
    from chronic
    union all
    select
        patient_id,
        case when born_on is null then 'unclear' else 'born' end as fact,
        case when born_on is null then 'birth_unknown' else sex end as code,
        born_on as on_day,
        null as until,
        'Patient/' || patient_id as evidence
    from person
    union all
    select patient_id, 'only' as fact, 'influenza' as code, null as on_day, null as until, null as evidence
    from person
    where not is_complete
    union all
    select patient_id, 'only' as fact, 'hpv' as code, null as on_day, null as until, null as evidence
    from person
    where not is_complete and is_child
)

select person.patient_id, told.fact, told.code, told.on_day, told.until, told.evidence
from person
join told using (patient_id)
