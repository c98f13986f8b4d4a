-- question: Which time zones had to be assumed, and do two sources look shifted against each other by whole hours?
-- grain:    one row per source with an assumed zone (kind assumed_zone), and one per suspicious pair (kind whole_hours_apart)
-- reads:    ingests
-- param:    tolerance_seconds DOUBLE default 180  s by which begin and end may differ from whole hours
-- column:   kind            TEXT   assumed_zone or whole_hours_apart
-- column:   source          TEXT
-- column:   other_source    TEXT   the other of the pair; null for assumed_zone
-- column:   assumed_zone    TEXT   IANA zone that was assumed for source; null where none was
-- column:   records         BIGINT {record} of source without a zone of their own
-- column:   records_read    BIGINT {record} of source
-- column:   hours_apart     BIGINT h, begin of other_source − begin of source; null for assumed_zone
-- column:   first_timestamp TIMESTAMP earliest record of source
-- column:   last_timestamp  TIMESTAMP latest record of source
-- order:    kind, source, other_source nulls first
-- pii:      none
with superseded as (
    -- A chunk that was taken back and came again is committed once more than it was superseded.
    select chunk_id
    from ingests
    group by chunk_id
    having count(*) filter (where action = 'superseded') >= count(*) filter (where action = 'committed')
),
sources as (
    select
        source,
        max(assumed_zone) as assumed_zone,
        coalesce(sum(assumed_zone_records), 0) as assumed_records,
        coalesce(sum(records_read), 0) as records_read,
        min(first_timestamp) as first_timestamp,
        max(last_timestamp) as last_timestamp
    from ingests
    where action = 'committed' and source is not null
        and chunk_id not in (select chunk_id from superseded)
    group by source
),
paired as (
    -- Two exports of one incident cover about the same time. Where both ends are off by the same whole number of
    -- hours, and one of the two zones was assumed, the assumption is probably wrong.
    select
        one.source,
        other.source as other_source,
        one.assumed_zone,
        one.assumed_records,
        one.records_read,
        -- rounded to the nearest hour
        (cast(other.first_timestamp as bigint) - cast(one.first_timestamp as bigint)
            + case when other.first_timestamp >= one.first_timestamp then 1800000000 else -1800000000 end) / 3600000000
            as hours_apart,
        (cast(other.first_timestamp as bigint) - cast(one.first_timestamp as bigint)) / 1e6 as begin_apart_seconds,
        (cast(other.last_timestamp as bigint) - cast(one.last_timestamp as bigint)) / 1e6 as end_apart_seconds,
        one.first_timestamp,
        one.last_timestamp
    from sources as one
    cross join sources as other
    where one.source <> other.source and one.assumed_records > 0
        -- each pair once: where both were assumed, by name
        and (other.assumed_records = 0 or one.source < other.source)
        and one.first_timestamp < one.last_timestamp and other.first_timestamp < other.last_timestamp
)
select
    'assumed_zone' as kind,
    source,
    cast(null as varchar) as other_source,
    assumed_zone,
    assumed_records as records,
    records_read,
    cast(null as bigint) as hours_apart,
    first_timestamp,
    last_timestamp
from sources
where assumed_records > 0
union all
select
    'whole_hours_apart' as kind,
    source,
    other_source,
    assumed_zone,
    assumed_records as records,
    records_read,
    hours_apart,
    first_timestamp,
    last_timestamp
from paired
-- no two zones are further apart than 26 hours
where greatest(hours_apart, -hours_apart) between 1 and 26
    and begin_apart_seconds - hours_apart * 3600 between -$tolerance_seconds and $tolerance_seconds
    and end_apart_seconds - hours_apart * 3600 between -$tolerance_seconds and $tolerance_seconds
order by kind, source, other_source nulls first
