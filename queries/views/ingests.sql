-- question: What was ingested, and what does the ledger say about it?
-- grain:    one row per committed chunk, and per note about one
-- reads:    store.ingests
-- column:   action TEXT committed, seen, superseded, purged or damaged
-- column:   chunk_id TEXT
-- column:   chunk_key TEXT
-- column:   reading TEXT
-- column:   source TEXT
-- column:   input_format TEXT
-- column:   mapping TEXT
-- column:   assumed_zone TEXT
-- column:   assumed_zone_records BIGINT
-- column:   prefix_bytes BIGINT
-- column:   prefix_digest TEXT
-- column:   chunk_bytes BIGINT
-- column:   records_read BIGINT
-- column:   records_accepted BIGINT
-- column:   records_rejected BIGINT
-- column:   records_duplicate BIGINT
-- column:   rows BIGINT
-- column:   first_timestamp TIMESTAMP
-- column:   last_timestamp TIMESTAMP
-- column:   table_versions MAP
-- column:   superseded_by TEXT
-- column:   ingested_at TIMESTAMP
-- column:   software_version TEXT
-- column:   redactions MAP how often each rule took personal data out; kept_raw where none was to
-- pii:      none
select
    action,
    chunk_id,
    chunk_key,
    reading,
    source,
    input_format,
    mapping,
    assumed_zone,
    assumed_zone_records,
    prefix_bytes,
    prefix_digest,
    chunk_bytes,
    records_read,
    records_accepted,
    records_rejected,
    records_duplicate,
    "rows",
    first_timestamp,
    last_timestamp,
    table_versions,
    superseded_by,
    ingested_at,
    software_version,
    redactions
from store.ingests
