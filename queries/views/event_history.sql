-- question: What was ever said about incidents, and which of it was corrected or withdrawn later?
-- grain:    one row per event_id
-- reads:    store.incident_events
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
-- column:   hidden_by TEXT the event that corrected or withdrew it, null where it counts
-- pii:      actor, summary, attributes
-- One reading of each event that was known at the session's instant. An event that nobody can date
-- (recorded_at_basis = 'ingested') is not decidable when known and stays out of the past, but for names.
with known as (
    select *
    from store.incident_events
    where not $as_of_given
       or recorded_at <= $as_of
       or (recorded_at_basis = 'ingested' and event_type in ('title_set', 'incident_linked'))
),
numbered as (
    select
        event_id,
        incident_id,
        event_type,
        occurred_at,
        occurred_at_low,
        occurred_at_high,
        precision,
        recorded_at,
        recorded_at_basis,
        actor,
        summary,
        service_name,
        attributes,
        supersedes,
        source,
        chunk_id,
        source_record,
        row_number() over (partition by event_id order by recorded_at, chunk_id, source_record) as copy
    from known
),
single as (
    select
        event_id,
        incident_id,
        event_type,
        occurred_at,
        occurred_at_low,
        occurred_at_high,
        precision,
        recorded_at,
        recorded_at_basis,
        actor,
        summary,
        service_name,
        attributes,
        supersedes,
        source,
        chunk_id,
        source_record
    from numbered
    where copy = 1
),
-- A retraction that was itself retracted has no effect.
withdrawn as (
    select distinct supersedes as withdrawn_id
    from single
    where event_type = 'retracted' and supersedes is not null
),
hiding as (
    select single.supersedes as hidden_id, min(single.event_id) as hidden_by
    from single
    left join withdrawn on withdrawn.withdrawn_id = single.event_id
    where single.supersedes is not null
      and single.supersedes <> single.event_id
      and not (single.event_type = 'retracted' and withdrawn.withdrawn_id is not null)
    group by single.supersedes
)
select
    single.event_id,
    single.incident_id,
    single.event_type,
    single.occurred_at,
    single.occurred_at_low,
    single.occurred_at_high,
    single.precision,
    single.recorded_at,
    single.recorded_at_basis,
    single.actor,
    single.summary,
    single.service_name,
    single.attributes,
    single.supersedes,
    single.source,
    single.chunk_id,
    single.source_record,
    hiding.hidden_by
from single
left join hiding on hiding.hidden_id = single.event_id
