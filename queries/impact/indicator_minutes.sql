-- question: How did each service's indicators from metrics run, minute by minute, and when were they over their limit?
-- grain:    one row per service, indicator and minute of the window that has points
-- reads:    service_indicators
-- param:    window_start    TIMESTAMP required   inclusive, UTC, a whole minute
-- param:    window_end      TIMESTAMP required   exclusive, UTC
-- param:    baseline_start  TIMESTAMP required   quiet stretch before the impact, inclusive
-- param:    baseline_end    TIMESTAMP required   quiet stretch before the impact, exclusive
-- param:    min_effect      DOUBLE    default 0.02  0–1, rise of the failed share that counts
-- column:   service_name    TEXT      OpenTelemetry service.name
-- column:   indicator       TEXT      name of the metric, or `sli` where fupan.toml puts it together
-- column:   kind            TEXT      requests (counts by outcome), failed_share, latency
-- column:   basis           TEXT      configured, or by_name where fupan.toml says nothing about the service
-- column:   minute          TIMESTAMP start of the minute, UTC
-- column:   valid           DOUBLE    {request} that count; null where the metrics do not count them
-- column:   failed          DOUBLE    {request}; null where the metrics do not count them
-- column:   failed_share    DOUBLE    0–1, mean over the instances where it is measured as a share
-- column:   latency_ms      DOUBLE    ms, of the slowest instance
-- column:   baseline        DOUBLE    median of the quiet stretch: 0–1, or ms; null without points there
-- column:   baseline_valid  DOUBLE    {request} in the quiet stretch
-- column:   baseline_failed DOUBLE    {request} in the quiet stretch
-- column:   quiet_minutes   BIGINT    {minute} of the quiet stretch with points
-- column:   limit_value     DOUBLE    what counts as harm lies over it: 0–1, or ms; null where there is no baseline
-- column:   is_over         BOOLEAN   null where there is no limit
-- order:    service_name, indicator, kind, minute
-- pii:      none
-- The limit of a failed share is its median in the quiet stretch and the minimum effect, or four scatters (1.4826
-- times the median absolute deviation) where that is more; of a latency the service's `latency_ms`, else twice
-- its median and 50 ms more (the greater), or six scatters over it where that is more. There is no limit where fewer
-- than five minutes of the quiet stretch, or less than a quarter of it, have points.
with staged as (
    select
        *,
        timestamp >= $baseline_start and timestamp < $baseline_end as is_quiet,
        timestamp >= $window_start and timestamp < $window_end as is_within
    from service_indicators
    where not isnan(value) and (
        (timestamp >= $window_start and timestamp < $window_end)
        or (timestamp >= $baseline_start and timestamp < $baseline_end)
    )
),
stepped as (
    select
        *,
        value - lag(value) over (partition by service_name, indicator, series_id order by timestamp) as step
    from staged
),
counters as (
    -- what also falls is a level, whatever its name says; one fall in a hundred may be a restart
    select
        *,
        is_counter
            and sum(case when step < 0 then 1.0 else 0.0 end) over (partition by service_name, indicator, series_id)
                <= 0.01 * count(step) over (partition by service_name, indicator, series_id) + 1 as is_rising,
        max(value * scale) over (partition by service_name, indicator) as scaled_max,
        scale is null and max(bad_weight) over (partition by service_name, indicator) > 0 as is_quotient
    from stepped
),
per_minute as (
    select
        service_name,
        indicator,
        kind,
        basis,
        date_bin(interval '1 minute', timestamp, timestamp '1970-01-01T00:00:00Z') as minute,
        bool_or(is_within) as is_within,
        bool_and(is_quiet) as is_quiet,
        sum(good_weight * case when not is_rising then value when step >= 0 then step end) as good,
        sum(bad_weight * case when not is_rising then value when step >= 0 then step end) as bad,
        sum(valid_weight * case when not is_rising then value when step >= 0 then step end) as valid,
        avg(value * scale) as scaled_mean,
        max(value * scale) as scaled_max,
        min(limit_ms) as limit_ms
    from counters
    -- what exceeds 1 is no share, whatever its name says
    where kind <> 'failed_share' or coalesce(scaled_max <= 1.000001, is_quotient)
    group by service_name, indicator, kind, basis, date_bin(interval '1 minute', timestamp, timestamp '1970-01-01T00:00:00Z')
),
counted as (
    select
        *,
        coalesce(valid, good + bad) as counted_valid,
        greatest(coalesce(bad, valid - good), 0.0) as counted_failed
    from per_minute
),
leveled as (
    select
        service_name,
        indicator,
        kind,
        basis,
        minute,
        is_within,
        is_quiet,
        limit_ms,
        case when kind = 'requests' then counted_valid end as valid,
        case when kind = 'requests' then counted_failed end as failed,
        case
            when kind = 'requests' then counted_failed / nullif(counted_valid, 0)
            when kind = 'failed_share' then coalesce(scaled_mean, counted_failed / nullif(counted_valid, 0))
            else scaled_max
        end as level
    from counted
),
quiet as (
    select
        service_name,
        indicator,
        count(level) as quiet_minutes,
        median(level) as baseline,
        sum(valid) as baseline_valid,
        sum(failed) as baseline_failed,
        max(cast(minute as bigint)) - min(cast(minute as bigint)) as quiet_us
    from leveled
    where is_quiet and level is not null
    group by service_name, indicator
),
scattered as (
    select
        leveled.service_name,
        leveled.indicator,
        1.4826 * median(abs(leveled.level - quiet.baseline)) as scatter
    from leveled
    join quiet on quiet.service_name = leveled.service_name and quiet.indicator = leveled.indicator
    where leveled.is_quiet
    group by leveled.service_name, leveled.indicator
),
limited as (
    select
        leveled.*,
        quiet.baseline,
        quiet.baseline_valid,
        quiet.baseline_failed,
        coalesce(quiet.quiet_minutes, 0) as quiet_minutes,
        case
            when leveled.kind = 'latency' and leveled.limit_ms is not null then leveled.limit_ms
            when coalesce(quiet.quiet_minutes, 0) < 5
                or 4 * quiet.quiet_us < cast($baseline_end as bigint) - cast($baseline_start as bigint)
                then cast(null as double)
            when leveled.kind = 'latency'
                then greatest(2 * quiet.baseline, quiet.baseline + 50, quiet.baseline + 6 * scattered.scatter)
            else quiet.baseline + greatest($min_effect, 4 * scattered.scatter)
        end as limit_value
    from leveled
    left join quiet on quiet.service_name = leveled.service_name and quiet.indicator = leveled.indicator
    left join scattered on scattered.service_name = leveled.service_name and scattered.indicator = leveled.indicator
    where leveled.is_within and leveled.level is not null
)
select
    service_name,
    indicator,
    kind,
    basis,
    minute,
    valid,
    failed,
    case when kind <> 'latency' then level end as failed_share,
    case when kind = 'latency' then level end as latency_ms,
    baseline,
    baseline_valid,
    baseline_failed,
    quiet_minutes,
    limit_value,
    level > limit_value as is_over
from limited
order by service_name, indicator, kind, minute
