-- question: How many users' key actions succeeded in each minute, against the same minute of comparable days?
-- grain:    one row per action and minute of the window; a silent minute has zeros, since silence is harm too
-- reads:    requests, event_history
-- param:    window_start    TIMESTAMP required   inclusive, UTC, a whole minute
-- param:    window_end      TIMESTAMP required   exclusive, UTC
-- param:    baseline_start  TIMESTAMP required   quiet stretch before the impact, inclusive
-- param:    baseline_end    TIMESTAMP required   quiet stretch before the impact, exclusive
-- param:    comparable_days BIGINT    default 4  same clock window 7, 14, 21, 28 days before; 0 to 4
-- column:   action                    TEXT      key action (fupan.toml), counted where users enter
-- column:   minute                    TIMESTAMP start of the minute, UTC
-- column:   attempts                  BIGINT    {request} without bots and probes
-- column:   failed                    BIGINT    {request}
-- column:   successes                 BIGINT    {request}
-- column:   baseline_successes_p50    DOUBLE    {request} median of the comparable days; null without any
-- column:   baseline_successes_min    BIGINT    {request}
-- column:   baseline_successes_max    BIGINT    {request}
-- column:   comparable_days_used      BIGINT    {day} with data at that minute and without an earlier incident
-- column:   baseline_failed_share     DOUBLE    0–1, comparable days pooled, else the quiet stretch
-- column:   quiet_successes_per_minute DOUBLE   {request}/min in the quiet stretch; null without data there
-- order:    action, minute
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
actions as (
    -- The concatenation matters: DataFusion 55 believes that a distinct column still determines the whole row
    -- after a cross join, and drops the columns behind it from ORDER BY.
    select action || '' as action
    from (
        select distinct action
        from requests
        where action is not null and is_entry and not is_excluded
            and timestamp >= least($window_start, $baseline_start) and timestamp < $window_end
    ) as seen
),
slots as (
    -- every minute of the window on every comparable day, and one slot for the quiet stretch
    select weeks.weeks_before, minutes.minute_index
    from (
        select unnest(range(0, (cast($window_end as bigint) - cast($window_start as bigint) + 59999999) / 60000000))
            as minute_index
    ) as minutes
    cross join (select 0 as weeks_before union all select weeks_before from weeks) as weeks
    where not exists (select 1 from disturbed where disturbed.weeks_before = weeks.weeks_before)
    union all
    select -1 as weeks_before, 0 as minute_index
),
staged as (
    -- weeks_before: 0 the window itself, 1 to 4 the same clock window that many weeks before, -1 the rest of
    -- the quiet stretch (which may also lie inside the window)
    select
        action,
        is_failed,
        timestamp >= $baseline_start and timestamp < $baseline_end as is_quiet,
        case
            when timestamp >= $window_start then 0
            when timestamp >= $baseline_start then -1
            else (cast($window_end as bigint) - 1 - cast(timestamp as bigint)) / 604800000000
        end as weeks_before,
        case
            when timestamp >= $window_start or timestamp < $baseline_start
                then (cast(timestamp as bigint) - cast($window_start as bigint) + 2419200000000)
                    % 604800000000 / 60000000
            else 0
        end as minute_index
    from requests
    where action is not null and is_entry and not is_excluded and (
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
counted as (
    select
        action,
        weeks_before,
        minute_index,
        count(*) as attempts,
        count(*) filter (where is_failed) as failed,
        count(*) filter (where is_quiet) as quiet_attempts,
        count(*) filter (where is_quiet and is_failed) as quiet_failed
    from staged
    group by action, weeks_before, minute_index
),
filled as (
    select
        actions.action,
        slots.weeks_before,
        slots.minute_index,
        coalesce(counted.attempts, 0) as attempts,
        coalesce(counted.failed, 0) as failed,
        coalesce(counted.quiet_attempts, 0) as quiet_attempts,
        coalesce(counted.quiet_failed, 0) as quiet_failed
    from actions
    cross join slots
    left join counted
        on counted.action = actions.action
        and counted.weeks_before = slots.weeks_before
        and counted.minute_index = slots.minute_index
),
covered as (
    -- A comparable day counts from its first to its last minute with any key action: outside there is no data.
    select
        *,
        min(case when attempts > 0 then minute_index end) over (partition by weeks_before) as first_minute,
        max(case when attempts > 0 then minute_index end) over (partition by weeks_before) as last_minute,
        sum(quiet_attempts) over (partition by action) as quiet_attempts_all,
        sum(quiet_failed) over (partition by action) as quiet_failed_all
    from filled
),
compared as (
    select
        action,
        minute_index,
        sum(attempts) filter (where weeks_before = 0) as attempts,
        sum(failed) filter (where weeks_before = 0) as failed,
        median(cast(attempts - failed as double)) filter (where weeks_before >= 1) as baseline_successes_p50,
        min(attempts - failed) filter (where weeks_before >= 1) as baseline_successes_min,
        max(attempts - failed) filter (where weeks_before >= 1) as baseline_successes_max,
        count(*) filter (where weeks_before >= 1) as comparable_days_used,
        coalesce(sum(attempts) filter (where weeks_before >= 1), 0) as comparable_attempts,
        coalesce(sum(failed) filter (where weeks_before >= 1), 0) as comparable_failed,
        max(quiet_attempts_all) as quiet_attempts,
        max(quiet_failed_all) as quiet_failed
    from covered
    where weeks_before = 0 or (weeks_before >= 1 and minute_index between first_minute and last_minute)
    group by action, minute_index
)
select
    action,
    to_timestamp_micros(cast($window_start as bigint) + minute_index * 60000000) as minute,
    attempts,
    failed,
    attempts - failed as successes,
    baseline_successes_p50,
    baseline_successes_min,
    baseline_successes_max,
    comparable_days_used,
    case
        when comparable_attempts > 0 then cast(comparable_failed as double) / comparable_attempts
        when quiet_attempts > 0 then cast(quiet_failed as double) / quiet_attempts
    end as baseline_failed_share,
    case
        when quiet_attempts > 0
            then (quiet_attempts - quiet_failed)
                / (cast(cast($baseline_end as bigint) - cast($baseline_start as bigint) as double) / 60e6)
    end as quiet_successes_per_minute
from compared
order by action, minute
