-- Who in the red zone should be referred to the cardiologist, and since when?
-- Grain: one row for each person in the red zone; nothing is asked about the others.
-- Due from the day the zone turned red; a referral answers it for a year. The code of a referral
-- stands in the row of the request; the row of its task has none.

with sent as (
    select
        referral.patient_id,
        max(referral.sent_on) as sent_on,
        group_concat('ServiceRequest/' || referral.service_request_id, ' ') as evidence
    from referral
    join cardiology_referral using (code)
    group by referral.patient_id
)

select
    zone.patient_id,
    '' as item,
    greatest(zone.since_on, add_months(sent.sent_on, $specialist_interval_months)) as due_on,
    case when sent.sent_on is null then 'never_referred' else 'referred_before' end as reason,
    nullif(trim(coalesce(zone.evidence, '') || coalesce(' ' || sent.evidence, '')), '') as evidence
from heart_failure_zone as zone
left join sent on sent.patient_id = zone.patient_id
where zone.state = 'red'
