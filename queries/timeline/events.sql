-- question: What happened in this incident, in order, and which event set which milestone?
-- grain:    one row per event_id of the incident; corrected and retracted events follow with `hidden_by`
-- reads:    event_history, incident_events, incident_milestones
-- param:    incident_id    TEXT    required
-- param:    include_hidden BOOLEAN default false also what was corrected or withdrawn later
-- column:   event_id         TEXT
-- column:   occurred_at      TIMESTAMP UTC, null for facts without a time
-- column:   occurred_at_low  TIMESTAMP earliest, where the source is vague
-- column:   occurred_at_high TIMESTAMP latest, where the source is vague
-- column:   precision        TEXT    exact, minute, day, range, unknown
-- column:   recorded_at      TIMESTAMP when it was known; null where only the instant of the ingest is
-- column:   recorded_at_basis TEXT   source, assumed or ingested
-- column:   event_type       TEXT
-- column:   milestone        TEXT    the milestone that this event sets, else null
-- column:   actor            TEXT
-- column:   service_name     TEXT
-- column:   summary          TEXT
-- column:   is_attached      BOOLEAN true for an alert that was assigned to the incident by service and time
-- column:   hidden_by        TEXT    the event that corrected or withdrew it
-- column:   source           TEXT
-- order:    coalesce(occurred_at, recorded_at), occurred_at_low, event_type, event_id
-- pii:      actor, summary
with marks as (
    select event_id, string_agg(milestone, ',' order by milestone) as milestone
    from incident_milestones
    where incident_id = $incident_id
    group by event_id
),
shown as (
    select
        event_id, occurred_at, occurred_at_low, occurred_at_high, precision, recorded_at, recorded_at_basis,
        event_type, actor, service_name, summary, is_attached, cast(null as text) as hidden_by, source
    from incident_events
    where incident_id = $incident_id
    union all
    select
        event_id, occurred_at, occurred_at_low, occurred_at_high, precision, recorded_at, recorded_at_basis,
        event_type, actor, service_name, summary, false as is_attached, hidden_by, source
    from event_history
    where incident_id = $incident_id and $include_hidden and (hidden_by is not null or event_type = 'retracted')
)
select
    shown.event_id,
    occurred_at,
    occurred_at_low,
    occurred_at_high,
    precision,
    case when recorded_at_basis <> 'ingested' then recorded_at end as recorded_at,
    recorded_at_basis,
    event_type,
    marks.milestone,
    actor,
    service_name,
    summary,
    is_attached,
    hidden_by,
    source
from shown
left join marks on marks.event_id = shown.event_id
order by coalesce(occurred_at, recorded_at), occurred_at_low, event_type, event_id
