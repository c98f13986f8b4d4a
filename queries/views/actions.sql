-- question: What was promised after incidents, by whom, until when, and is it done?
-- grain:    one row per follow-up action
-- reads:    incident_events
-- column:   action_id    TEXT      from the source, else the id of the event that opened it
-- column:   incident_id  TEXT
-- column:   title        TEXT
-- column:   owner        TEXT
-- column:   verifier     TEXT
-- column:   acceptance   TEXT      criterion by which it counts as done
-- column:   kind         TEXT      prevent, detect, mitigate, process, as the source says it
-- column:   due_date     DATE
-- column:   opened_at    TIMESTAMP UTC
-- column:   closed_at    TIMESTAMP null while open
-- column:   is_open      BOOLEAN
-- column:   is_overdue   BOOLEAN   open after its due date at the session's instant, or closed after it
-- column:   event_id     TEXT      the event that opened it
-- pii:      owner, verifier
with opened as (
    select
        coalesce(attributes['action_id'], attributes['id'], event_id) as action_id,
        incident_id,
        coalesce(attributes['title'], summary) as title,
        coalesce(attributes['owner'], actor) as owner,
        attributes['verifier'] as verifier,
        attributes['acceptance'] as acceptance,
        attributes['kind'] as kind,
        try_cast(substr(coalesce(attributes['due_date'], attributes['due']), 1, 10) as date) as due_date,
        coalesce(occurred_at, recorded_at) as opened_at,
        event_id,
        row_number() over (
            partition by incident_id, coalesce(attributes['action_id'], attributes['id'], event_id)
            order by coalesce(occurred_at, recorded_at) desc, event_id
        ) as nth_last
    from incident_events
    where event_type = 'action_opened'
),
closed as (
    select
        incident_id,
        coalesce(attributes['action_id'], attributes['id']) as action_id,
        max(coalesce(occurred_at, recorded_at)) as closed_at
    from incident_events
    where event_type = 'action_closed'
    group by incident_id, coalesce(attributes['action_id'], attributes['id'])
)
select
    opened.action_id,
    opened.incident_id,
    opened.title,
    opened.owner,
    opened.verifier,
    opened.acceptance,
    opened.kind,
    opened.due_date,
    opened.opened_at,
    closed.closed_at,
    closed.closed_at is null as is_open,
    coalesce(cast(coalesce(closed.closed_at, $as_of) as date) > opened.due_date, false) as is_overdue,
    opened.event_id
from opened
left join closed
    on closed.incident_id = opened.incident_id
    and closed.action_id = opened.action_id
where opened.nth_last = 1
