-- question: What were users told, and how long was it silent in between?
-- grain:    one row per published notice
-- reads:    incident_events
-- column:   incident_id      TEXT
-- column:   notice           BIGINT    1-based, in order of time
-- column:   published_at     TIMESTAMP UTC
-- column:   precision        TEXT
-- column:   channel          TEXT
-- column:   is_public        BOOLEAN   false where it went to colleagues only
-- column:   status           TEXT      as the status page says it
-- column:   summary          TEXT
-- column:   actor            TEXT
-- column:   affected         TEXT      functions that it calls affected, as a JSON list
-- column:   unaffected       TEXT      functions that it calls unaffected, as a JSON list
-- column:   silence_seconds  DOUBLE    s since the notice before, null for the first
-- column:   event_id         TEXT
-- column:   source           TEXT
-- pii:      actor, summary
with published as (
    select
        incident_id,
        event_id,
        coalesce(occurred_at, occurred_at_low, occurred_at_high) as published_at,
        precision,
        attributes['channel'] as channel,
        coalesce(attributes['is_public'], 'true') <> 'false'
            and coalesce(attributes['audience'], 'public') <> 'internal' as is_public,
        attributes['status'] as status,
        summary,
        actor,
        attributes['affected'] as affected,
        attributes['unaffected'] as unaffected,
        source
    from incident_events
    where event_type = 'notice_published' and incident_id is not null
)
select
    incident_id,
    cast(row_number() over (partition by incident_id order by published_at, event_id) as bigint) as notice,
    published_at,
    precision,
    channel,
    is_public,
    status,
    summary,
    actor,
    affected,
    unaffected,
    seconds_between(
        lag(published_at) over (partition by incident_id order by published_at, event_id), published_at
    ) as silence_seconds,
    event_id,
    source
from published
