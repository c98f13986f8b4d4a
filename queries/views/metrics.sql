-- question: Which metric points were known at the session's instant?
-- grain:    one row per point of a series
-- reads:    store.metrics
-- column:   timestamp TIMESTAMP when it was measured
-- column:   start_timestamp TIMESTAMP start of the interval that a sum covers
-- column:   metric_name TEXT
-- column:   metric_type TEXT
-- column:   temporality TEXT delta or cumulative
-- column:   unit TEXT UCUM
-- column:   value DOUBLE in that unit
-- column:   service_name TEXT
-- column:   host_name TEXT
-- column:   cloud_region TEXT
-- column:   series_id BIGINT hash of name and attributes
-- column:   attributes MAP
-- column:   chunk_id TEXT
-- column:   source_record BIGINT
-- column:   date DATE UTC day, the partition
-- pii:      none
select
    timestamp,
    start_timestamp,
    metric_name,
    metric_type,
    temporality,
    unit,
    value,
    service_name,
    host_name,
    cloud_region,
    series_id,
    attributes,
    chunk_id,
    source_record,
    date
from store.metrics
where not $as_of_given or timestamp <= $as_of
