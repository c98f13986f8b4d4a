-- question: What counts as having happened to incidents, as known at the session's instant?
-- grain:    one row per event_id; corrected, superseded and retracted events are left out
-- reads:    event_history, alert_links
-- column:   event_id TEXT from the source and its own key
-- column:   incident_id TEXT null for an event that belongs to none
-- column:   event_type TEXT
-- column:   occurred_at TIMESTAMP null for facts without a time
-- column:   occurred_at_low TIMESTAMP
-- column:   occurred_at_high TIMESTAMP
-- column:   precision TEXT exact, minute, day, range, unknown
-- column:   recorded_at TIMESTAMP when it was known
-- column:   recorded_at_basis TEXT source, assumed or ingested
-- column:   actor TEXT
-- column:   summary TEXT
-- column:   service_name TEXT
-- column:   attributes MAP
-- column:   supersedes TEXT the event that it corrects or withdraws
-- column:   source TEXT
-- column:   chunk_id TEXT
-- column:   source_record BIGINT
-- column:   is_attached BOOLEAN true where an alert without an incident was assigned to one
-- pii:      actor, summary, attributes
select
    event_history.event_id,
    coalesce(event_history.incident_id, alert_links.incident_id) as incident_id,
    event_history.event_type,
    event_history.occurred_at,
    event_history.occurred_at_low,
    event_history.occurred_at_high,
    event_history.precision,
    event_history.recorded_at,
    event_history.recorded_at_basis,
    event_history.actor,
    event_history.summary,
    event_history.service_name,
    event_history.attributes,
    event_history.supersedes,
    event_history.source,
    event_history.chunk_id,
    event_history.source_record,
    alert_links.incident_id is not null as is_attached
from event_history
left join alert_links on alert_links.event_id = event_history.event_id
where event_history.hidden_by is null and event_history.event_type <> 'retracted'
