-- question: Where is telemetry missing in the window, so that silence there proves nothing?
-- grain:    one row per gap: stretch without records of a service that otherwise writes in most minutes
-- reads:    logs, metrics
-- param:    window_start    TIMESTAMP required   inclusive, UTC, a whole minute
-- param:    window_end      TIMESTAMP required   exclusive, UTC
-- param:    min_gap_minutes   BIGINT default 3  shorter gaps are not listed
-- param:    min_minutes_share DOUBLE default 0.5  a service that writes in fewer of the minutes has no gaps
-- column:   table_name         TEXT      logs or metrics
-- column:   service_name       TEXT      null: records that name no service
-- column:   gap_start          TIMESTAMP first empty minute
-- column:   gap_end            TIMESTAMP first minute with records again, or the end of the window
-- column:   gap_minutes        BIGINT    {min}
-- column:   records            BIGINT    {record} of the service in the whole window
-- column:   minutes_covered    BIGINT    {min} of the window with records
-- column:   minutes_share      DOUBLE    0–1, of the window
-- column:   records_per_minute DOUBLE    {record}/min in covered minutes
-- order:    gap_start, table_name, service_name nulls first
-- pii:      none
with records as (
    select 'logs' as table_name, service_name, cast(timestamp as bigint) / 60000000 as minute_index
    from logs
    where timestamp >= $window_start and timestamp < $window_end
    union all
    select 'metrics' as table_name, service_name, cast(timestamp as bigint) / 60000000 as minute_index
    from metrics
    where timestamp >= $window_start and timestamp < $window_end
),
covered as (
    select table_name, service_name, minute_index, count(*) as records
    from records
    group by table_name, service_name, minute_index
),
with_next as (
    select
        table_name,
        service_name,
        minute_index,
        sum(records) over (partition by table_name, service_name) as records,
        count(*) over (partition by table_name, service_name) as minutes_covered,
        row_number() over (partition by table_name, service_name order by minute_index) as place,
        lead(minute_index) over (partition by table_name, service_name order by minute_index) as next_index,
        cast($window_start as bigint) / 60000000 as first_index,
        (cast($window_end as bigint) + 59999999) / 60000000 as end_index
    from covered
),
gaps as (
    select
        table_name, service_name, records, minutes_covered, end_index - first_index as window_minutes,
        minute_index + 1 as gap_start, coalesce(next_index, end_index) as gap_end
    from with_next
    union all
    select
        table_name, service_name, records, minutes_covered, end_index - first_index as window_minutes,
        first_index as gap_start, minute_index as gap_end
    from with_next
    where place = 1
)
select
    table_name,
    service_name,
    to_timestamp_micros(gap_start * 60000000) as gap_start,
    to_timestamp_micros(gap_end * 60000000) as gap_end,
    gap_end - gap_start as gap_minutes,
    records,
    minutes_covered,
    cast(minutes_covered as double) / window_minutes as minutes_share,
    cast(records as double) / minutes_covered as records_per_minute
from gaps
where gap_end - gap_start >= $min_gap_minutes
    and cast(minutes_covered as double) / window_minutes >= $min_minutes_share
order by gap_start, table_name, service_name nulls first
