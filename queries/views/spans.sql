-- question: Which spans were known at the session's instant?
-- grain:    one row per span
-- reads:    store.spans
-- column:   trace_id TEXT
-- column:   span_id TEXT
-- column:   parent_span_id TEXT
-- column:   timestamp TIMESTAMP start of the span
-- column:   duration_ms DOUBLE ms
-- column:   service_name TEXT
-- column:   span_name TEXT
-- column:   span_kind TEXT server, client, producer, consumer, internal
-- column:   status_code TEXT ok, error or null
-- column:   attributes MAP
-- column:   chunk_id TEXT
-- column:   source_record BIGINT
-- column:   date DATE UTC day, the partition
-- pii:      attributes
select
    trace_id,
    span_id,
    parent_span_id,
    timestamp,
    duration_ms,
    service_name,
    span_name,
    span_kind,
    status_code,
    attributes,
    chunk_id,
    source_record,
    date
from store.spans
where not $as_of_given or timestamp <= $as_of
