-- Whose heart, diabetes and glaucoma check was begun and has no conclusion yet?
-- Grain: one row for each person whose episode waits. It must close within the days of the order,
-- counted from its first test.

select
    patient_id,
    '' as item,
    since_on as due_on,
    'waiting' as reason,
    evidence
from cardiovascular_screening_episode
where state = 'waiting'
