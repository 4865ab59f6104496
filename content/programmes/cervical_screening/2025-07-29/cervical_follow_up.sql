-- Whose screening found something that must be followed to its end?
-- Grain: one row for each person whose newest result needs more.
-- Due since the first test of the episode, because its days run from there, however old the result.
-- A confirmed finding stays until the diagnosis is on record: then the person is under observation
-- and leaves the screening.

select
    patient_id,
    '' as item,
    since_on as due_on,
    state as reason,
    evidence
from cervical_screening_episode
where state not in ('none', 'waiting', 'normal', 'closed')
