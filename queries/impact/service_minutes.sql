-- question: How did each service fare minute by minute, and how does it usually fare at that time of day?
-- grain:    one row per service_name and minute that has requests, in the window or in its baseline
-- reads:    requests, event_history
-- param:    window_start    TIMESTAMP required   inclusive, UTC, a whole minute
-- param:    window_end      TIMESTAMP required   exclusive, UTC
-- param:    baseline_start  TIMESTAMP required   quiet stretch before the impact, inclusive
-- param:    baseline_end    TIMESTAMP required   quiet stretch before the impact, exclusive
-- param:    comparable_days BIGINT    default 4  same clock window 7, 14, 21, 28 days before; 0 to 4
-- column:   service_name          TEXT      OpenTelemetry service.name
-- column:   minute                TIMESTAMP start of the minute, UTC
-- column:   requests              BIGINT    {request} without bots and probes
-- column:   failed                BIGINT    {request}
-- column:   failed_share          DOUBLE    0–1, null without requests
-- column:   latency_ms_p99        DOUBLE    ms, exact
-- column:   baseline_requests     DOUBLE    {request} a minute: mean of the comparable days, else of the quiet stretch
-- column:   baseline_failed_share DOUBLE    0–1: comparable days pooled, else the quiet stretch
-- column:   baseline_basis        TEXT      comparable_days, quiet_stretch, or null where there is neither
-- column:   comparable_days_used  BIGINT    {day} with data and without an earlier incident
-- order:    service_name, minute
-- pii:      none
with weeks as (
    select *
    from (values
        (1, interval '7 days'), (2, interval '14 days'), (3, interval '21 days'), (4, interval '28 days')
    ) as weeks (weeks_before, ago)
),
disturbed as (
    -- A week whose window an earlier incident touched is no baseline. Records left open are taken for a day.
    -- From the events, not from `incidents`: folding all milestones costs more than the rest of the query.
    select distinct weeks.weeks_before
    from (
        select
            incident_id,
            min(occurred_at) filter (where event_type = 'impact_started') as started_at,
            max(occurred_at) filter (where event_type in ('mitigated', 'recovered')) as ended_at,
            max(occurred_at) filter (where event_type = 'resolved') as resolved_at
        from event_history
        where hidden_by is null and event_type in ('impact_started', 'mitigated', 'recovered', 'resolved')
        group by incident_id
    ) as earlier
    cross join weeks
    where earlier.started_at < $window_end - weeks.ago
        and coalesce(earlier.ended_at, earlier.resolved_at, earlier.started_at + interval '1 day')
            > $window_start - weeks.ago
),
staged as (
    -- weeks_before: 0 the window itself, 1 to 4 the same clock window that many weeks before, -1 the rest of
    -- the quiet stretch (which may also lie inside the window)
    select
        service_name,
        is_failed,
        duration_ms,
        timestamp >= $baseline_start and timestamp < $baseline_end as is_quiet,
        case
            when timestamp >= $window_start then 0
            when timestamp >= $baseline_start then -1
            else (cast($window_end as bigint) - 1 - cast(timestamp as bigint)) / 604800000000
        end as weeks_before,
        (cast(timestamp as bigint) - cast($window_start as bigint) + 2419200000000) % 604800000000 / 60000000
            as minute_index
    from requests
    where not is_excluded and service_name is not null and (
        (timestamp >= $window_start and timestamp < $window_end)
        or (timestamp >= $baseline_start and timestamp < $baseline_end)
        or ($comparable_days >= 1
            and timestamp >= $window_start - interval '7 days' and timestamp < $window_end - interval '7 days')
        or ($comparable_days >= 2
            and timestamp >= $window_start - interval '14 days' and timestamp < $window_end - interval '14 days')
        or ($comparable_days >= 3
            and timestamp >= $window_start - interval '21 days' and timestamp < $window_end - interval '21 days')
        or ($comparable_days >= 4
            and timestamp >= $window_start - interval '28 days' and timestamp < $window_end - interval '28 days')
    )
),
per_minute as (
    select
        service_name,
        weeks_before,
        case when weeks_before >= 0 then minute_index else -1 end as minute_index,
        count(*) as requests,
        count(*) filter (where is_failed) as failed,
        count(*) filter (where is_quiet) as quiet_requests,
        count(*) filter (where is_quiet and is_failed) as quiet_failed,
        percentile_cont(0.99) within group (order by duration_ms) filter (where weeks_before = 0) as latency_ms_p99
    from staged
    where not exists (select 1 from disturbed where disturbed.weeks_before = staged.weeks_before)
    group by service_name, weeks_before, case when weeks_before >= 0 then minute_index else -1 end
),
with_context as (
    select
        *,
        sum(quiet_requests) over (partition by service_name) as quiet_requests_all,
        sum(quiet_failed) over (partition by service_name) as quiet_failed_all,
        max(case when weeks_before = 1 then 1 else 0 end) over ()
            + max(case when weeks_before = 2 then 1 else 0 end) over ()
            + max(case when weeks_before = 3 then 1 else 0 end) over ()
            + max(case when weeks_before = 4 then 1 else 0 end) over () as comparable_days_used
    from per_minute
),
compared as (
    select
        service_name,
        minute_index,
        coalesce(sum(requests) filter (where weeks_before = 0), 0) as requests,
        coalesce(sum(failed) filter (where weeks_before = 0), 0) as failed,
        max(latency_ms_p99) as latency_ms_p99,
        coalesce(sum(requests) filter (where weeks_before >= 1), 0) as comparable_requests,
        coalesce(sum(failed) filter (where weeks_before >= 1), 0) as comparable_failed,
        max(quiet_requests_all) as quiet_requests,
        max(quiet_failed_all) as quiet_failed,
        max(comparable_days_used) as comparable_days_used
    from with_context
    where weeks_before >= 0
    group by service_name, minute_index
)
select
    service_name,
    to_timestamp_micros(cast($window_start as bigint) + minute_index * 60000000) as minute,
    requests,
    failed,
    cast(failed as double) / nullif(requests, 0) as failed_share,
    latency_ms_p99,
    case
        when comparable_requests > 0 then cast(comparable_requests as double) / comparable_days_used
        when quiet_requests > 0
            then quiet_requests / (cast(cast($baseline_end as bigint) - cast($baseline_start as bigint) as double) / 60e6)
    end as baseline_requests,
    case
        when comparable_requests > 0 then cast(comparable_failed as double) / comparable_requests
        when quiet_requests > 0 then cast(quiet_failed as double) / quiet_requests
    end as baseline_failed_share,
    case
        when comparable_requests > 0 then 'comparable_days'
        when quiet_requests > 0 then 'quiet_stretch'
    end as baseline_basis,
    comparable_days_used
from compared
order by service_name, minute
