-- Which zone is each enrolled person in?
-- Grain: one row for each person in heart_failure_population.
-- By the newest NYHA class: I and II green, III yellow, IV red. A hospital stay for any reason in
-- the last months raises green to yellow and III to red; the first weeks after a discharge are red,
-- and so is a quick gain in weight, with or without a class. Otherwise unknown without a class of
-- the last 12 months; its evidence is the last class, however old, and nothing else, for that is
-- what is missing. The gain is rounded to a gram: 70.1 - 68.1 is a hair under 2 in a computer.
-- Since = the day of the fact that decides.

with reading as (
    select
        patient_id,
        effective_on,
        'Observation/' || observation_id as evidence,
        case
            when code in (select code from nyha_severe) then 4
            when code in (select code from nyha_moderate) then 3
            when code in (select code from nyha_mild) then 2
        end as class
    from latest_nyha
    where add_months(effective_on, $reading_valid_months) > $as_of
),

known as (
    select patient_id, 'Observation/' || observation_id as evidence
    from latest_nyha
),

stay as (
    select
        patient_id,
        max(discharged_on) as discharged_on,
        group_concat('Encounter/' || encounter_id, ' ') as evidence
    from hospital_stay
    where add_months(discharged_on, $yellow_after_stay_months) > $as_of
    group by patient_id
),

weighed as (
    select patient_id, 'Observation/' || observation_id as evidence, effective_on, weight_kg
    from weight
    where patient_id in (select patient_id from heart_failure_population)
        and add_days(effective_on, $weight_alert_lasts_days + $weight_gain_within_days) > $as_of
),

alert as (
    select
        later.patient_id,
        min(later.effective_on) as on_day,
        group_concat(earlier.evidence || ' ' || later.evidence, ' ') as evidence
    from weighed as later
    join weighed as earlier
        on earlier.patient_id = later.patient_id
        and earlier.effective_on < later.effective_on
        and days_between(earlier.effective_on, later.effective_on) <= $weight_gain_within_days
    where add_days(later.effective_on, $weight_alert_lasts_days) > $as_of
        and round(later.weight_kg - earlier.weight_kg, 3) >= $red_weight_gain_kg
    group by later.patient_id
),

person as (
    select
        enrolled.patient_id,
        least(
            alert.on_day,
            case
                when add_days(stay.discharged_on, $red_after_stay_days) > $as_of
                    then stay.discharged_on
            end,
            case
                when reading.class = 4 then reading.effective_on
                when reading.class = 3 and stay.patient_id is not null
                    then greatest(reading.effective_on, stay.discharged_on)
            end
        ) as red_on,
        case
            when reading.class = 3 then reading.effective_on
            else stay.discharged_on
        end as yellow_on,
        reading.effective_on as assessed_on,
        reading.class,
        known.evidence as last_known,
        coalesce(reading.evidence, '') || coalesce(' ' || stay.evidence, '')
        || coalesce(' ' || alert.evidence, '') as evidence
    from heart_failure_population as enrolled
    left join reading on reading.patient_id = enrolled.patient_id
    left join known on known.patient_id = enrolled.patient_id
    left join stay on stay.patient_id = enrolled.patient_id
    left join alert on alert.patient_id = enrolled.patient_id
)

select
    patient_id,
    case
        when red_on is not null then 'red'
        when class is null then 'unknown'
        when yellow_on is not null then 'yellow'
        else 'green'
    end as state,
    case
        when red_on is not null then red_on
        when class is not null then coalesce(yellow_on, assessed_on)
    end as since_on,
    case
        when red_on is null and class is null then last_known
        else nullif(trim(evidence), '')
    end as evidence
from person
