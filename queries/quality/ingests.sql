-- question: What was read from each source, and is all of it accounted for?
-- grain:    one row per source and input_format
-- reads:    ingests
-- column:   source             TEXT      file, object or stream
-- column:   input_format       TEXT      as detected or said
-- column:   mapping            TEXT      mapping used; of several, the first by name
-- column:   chunks             BIGINT    {chunk} that count
-- column:   chunks_superseded  BIGINT    {chunk} that a later reading replaced
-- column:   times_seen_again   BIGINT    {chunk} the same bytes came again; nothing was added
-- column:   records_read       BIGINT    {record} in the chunks that count
-- column:   records_accepted   BIGINT    {record}
-- column:   records_rejected   BIGINT    {record} in quarantine, with their reason
-- column:   records_duplicate  BIGINT    {record} with a key that was known already
-- column:   records_missing    BIGINT    {record} read − accepted − rejected − duplicate: anything but 0 is a bug
-- column:   rejected_share     DOUBLE    0–1, null where nothing was read
-- column:   first_timestamp    TIMESTAMP earliest record
-- column:   last_timestamp     TIMESTAMP latest record
-- order:    source nulls first, input_format nulls first
-- pii:      none
with notes as (
    select
        source,
        input_format,
        mapping,
        -- A chunk that was taken back and came again has two rows: the later one says what is.
        case
            when action = 'committed'
                and row_number() over (partition by chunk_id, action order by ingested_at desc) > 1
                then 'committed before'
            else action
        end as action,
        chunk_id,
        records_read,
        records_accepted,
        records_rejected,
        records_duplicate,
        first_timestamp,
        last_timestamp,
        sum(case action when 'superseded' then 1 when 'committed' then -1 else 0 end)
            over (partition by chunk_id) >= 0 as is_superseded
    from ingests
),
grouped as (
    select
        source,
        input_format,
        min(mapping) as mapping,
        count(*) filter (where action = 'committed' and not is_superseded) as chunks,
        count(*) filter (where action = 'committed' and is_superseded) as chunks_superseded,
        count(*) filter (where action = 'seen') as times_seen_again,
        coalesce(sum(records_read) filter (where action = 'committed' and not is_superseded), 0) as records_read,
        coalesce(sum(records_accepted) filter (where action = 'committed' and not is_superseded), 0) as records_accepted,
        coalesce(sum(records_rejected) filter (where action = 'committed' and not is_superseded), 0) as records_rejected,
        coalesce(sum(records_duplicate) filter (where action = 'committed' and not is_superseded), 0)
            as records_duplicate,
        min(first_timestamp) filter (where action = 'committed' and not is_superseded) as first_timestamp,
        max(last_timestamp) filter (where action = 'committed' and not is_superseded) as last_timestamp
    from notes
    group by source, input_format
)
select
    source,
    input_format,
    mapping,
    chunks,
    chunks_superseded,
    times_seen_again,
    records_read,
    records_accepted,
    records_rejected,
    records_duplicate,
    records_read - records_accepted - records_rejected - records_duplicate as records_missing,
    cast(records_rejected as double) / nullif(records_read, 0) as rejected_share,
    first_timestamp,
    last_timestamp
from grouped
order by source nulls first, input_format nulls first
