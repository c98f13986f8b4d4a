-- question: Did traffic multiply at the onset, beyond what the time of day explains?
-- grain:    one row for all entry requests together (scope overall), and one per key action (scope action)
-- reads:    requests, event_history
-- param:    impact_start    TIMESTAMP required   inclusive, UTC
-- param:    baseline_start  TIMESTAMP required   quiet stretch before the impact, inclusive
-- param:    baseline_end    TIMESTAMP required   quiet stretch before the impact, exclusive
-- param:    comparable_days BIGINT    default 4  same clock window 7, 14, 21, 28 days before; 0 to 4
-- param:    around_seconds DOUBLE default 300  s before and after the start of the impact in which the peak is sought; at most 3600
-- column:   scope                    TEXT      overall or action
-- column:   action                   TEXT      key action; null in the overall row
-- column:   quiet_per_minute         DOUBLE    {request}/min in the quiet stretch; null without data there
-- column:   comparable_per_minute    DOUBLE    {request}/min around the onset's clock time, median of the comparable days' means
-- column:   around_per_minute        DOUBLE    {request}/min from around_seconds before to after the start
-- column:   peak_per_minute          BIGINT    {request} in the busiest minute there
-- column:   peak_minute              TIMESTAMP start of that minute, counted from the start of the impact
-- column:   ratio_quiet              DOUBLE    peak over the quiet stretch
-- column:   ratio_comparable         DOUBLE    peak over comparable_per_minute
-- column:   multiplication           DOUBLE    the lower of both: what the time of day does not explain
-- column:   comparable_days_used     BIGINT    {day}
-- column:   started_at               TIMESTAMP first minute above 1.5 times both the quiet and the comparable days' busiest minute
-- column:   started_offset_seconds   DOUBLE    s, started_at − impact_start; negative is before users were hurt
-- order:    scope desc, action nulls first
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
    where earlier.started_at < $impact_start + interval '10 minutes' - weeks.ago
        and coalesce(earlier.ended_at, earlier.resolved_at, earlier.started_at + interval '1 day')
            > $impact_start - interval '10 minutes' - weeks.ago
),
staged as (
    -- weeks_before: 0 around the onset, 1 to 4 the same clock time that many weeks before, -1 the quiet stretch
    select
        action,
        timestamp,
        case
            when timestamp >= $impact_start - interval '1 hour' and timestamp >= $baseline_end then 0
            when timestamp >= $baseline_start then -1
            else (cast($impact_start as bigint) + 3600000000 - cast(timestamp as bigint)) / 604800000000
        end as weeks_before,
        (cast(timestamp as bigint) - cast($impact_start as bigint) + 2419200000000 + 3600000000) % 604800000000
            - 3600000000 as offset_us
    from requests
    where is_entry and not is_excluded and (
        (timestamp >= $baseline_start and timestamp < $impact_start + interval '1 hour')
        or ($comparable_days >= 1
            and timestamp >= $impact_start - interval '1 hour' - interval '7 days'
            and timestamp < $impact_start + interval '1 hour' - interval '7 days')
        or ($comparable_days >= 2
            and timestamp >= $impact_start - interval '1 hour' - interval '14 days'
            and timestamp < $impact_start + interval '1 hour' - interval '14 days')
        or ($comparable_days >= 3
            and timestamp >= $impact_start - interval '1 hour' - interval '21 days'
            and timestamp < $impact_start + interval '1 hour' - interval '21 days')
        or ($comparable_days >= 4
            and timestamp >= $impact_start - interval '1 hour' - interval '28 days'
            and timestamp < $impact_start + interval '1 hour' - interval '28 days')
    )
),
minutes as (
    -- minutes count from the start of the impact
    select
        scopes.scope,
        case when scopes.scope = 'action' then staged.action end as action,
        staged.weeks_before,
        (staged.offset_us + 3600000000) / 60000000 - 60 as minute_offset,
        count(*) as requests
    from staged
    cross join (values ('overall'), ('action')) as scopes (scope)
    where (scopes.scope = 'overall' or staged.action is not null)
        and (staged.weeks_before = -1 or (staged.offset_us >= -$around_seconds * 1e6 and staged.offset_us < $around_seconds * 1e6))
        and not exists (select 1 from disturbed where disturbed.weeks_before = staged.weeks_before)
    group by
        scopes.scope,
        case when scopes.scope = 'action' then staged.action end,
        staged.weeks_before,
        (staged.offset_us + 3600000000) / 60000000 - 60
),
periods as (
    select
        *,
        sum(requests) over (partition by scope, action, weeks_before) as period_requests,
        max(requests) over (partition by scope, action, weeks_before) as period_peak
    from minutes
),
usual as (
    select
        *,
        max(case when weeks_before = -1 then period_requests end) over (partition by scope, action)
            / (cast(cast($baseline_end as bigint) - cast($baseline_start as bigint) as double) / 60e6) as quiet_per_minute,
        max(case when weeks_before = -1 then period_peak end) over (partition by scope, action) as quiet_peak,
        max(case when weeks_before >= 1 then period_peak end) over (partition by scope, action) as comparable_peak
    from periods
),
compared as (
    select
        scope,
        action,
        max(quiet_per_minute) as quiet_per_minute,
        -- one value per day: that of its first minute
        median(period_requests / ($around_seconds / 30))
            filter (where weeks_before >= 1 and minute_offset = first_offset) as comparable_per_minute,
        max(period_requests) filter (where weeks_before = 0) / ($around_seconds / 30) as around_per_minute,
        max(requests) filter (where weeks_before = 0) as peak_per_minute,
        first_value(minute_offset order by requests desc, minute_offset) filter (where weeks_before = 0) as peak_offset,
        count(distinct weeks_before) filter (where weeks_before >= 1) as comparable_days_used,
        min(minute_offset) filter (where weeks_before = 0
            and requests > 1.5 * coalesce(greatest(quiet_peak, comparable_peak), requests)) as started_offset
    from (
        select *, min(minute_offset) over (partition by scope, action, weeks_before) as first_offset from usual
    ) as usual
    group by scope, action
),
rated as (
    select
        *,
        peak_per_minute / nullif(quiet_per_minute, 0) as ratio_quiet,
        peak_per_minute / nullif(comparable_per_minute, 0) as ratio_comparable
    from compared
    where peak_per_minute > 0
)
select
    scope,
    action,
    quiet_per_minute,
    comparable_per_minute,
    around_per_minute,
    peak_per_minute,
    to_timestamp_micros(cast($impact_start as bigint) + peak_offset * 60000000) as peak_minute,
    ratio_quiet,
    ratio_comparable,
    least(ratio_quiet, ratio_comparable) as multiplication,
    comparable_days_used,
    to_timestamp_micros(cast($impact_start as bigint) + started_offset * 60000000) as started_at,
    cast(started_offset * 60 as double) as started_offset_seconds
from rated
order by scope desc, action nulls first
