-- question: Which follow-up actions are promised, open or overdue?
-- grain:    one row per action
-- reads:    actions
-- param:    incident_id  TEXT    default null   only of this incident
-- param:    only_overdue BOOLEAN default false
-- column:   action_id         TEXT
-- column:   incident_id       TEXT
-- column:   title             TEXT
-- column:   owner             TEXT
-- column:   due_date          DATE
-- column:   verifier          TEXT
-- column:   acceptance        TEXT      criterion by which it counts as done
-- column:   kind              TEXT
-- column:   opened_at         TIMESTAMP UTC
-- column:   closed_at         TIMESTAMP UTC, null while open
-- column:   is_open           BOOLEAN
-- column:   is_overdue        BOOLEAN
-- column:   missing           TEXT      owner, due_date, verifier, acceptance: what it lacks, separated by commas
-- column:   event_id          TEXT
-- order:    is_overdue desc, is_open desc, due_date nulls last, incident_id, action_id, event_id
-- pii:      owner, verifier
select
    action_id,
    incident_id,
    title,
    owner,
    due_date,
    verifier,
    acceptance,
    kind,
    opened_at,
    closed_at,
    is_open,
    is_overdue,
    nullif(concat_ws(
        ',',
        case when owner is null then 'owner' end,
        case when due_date is null then 'due_date' end,
        case when verifier is null then 'verifier' end,
        case when acceptance is null then 'acceptance' end
    ), '') as missing,
    event_id
from actions
where ($incident_id is null or incident_id = $incident_id) and (not $only_overdue or is_overdue)
order by is_overdue desc, is_open desc, due_date nulls last, incident_id, action_id, event_id
