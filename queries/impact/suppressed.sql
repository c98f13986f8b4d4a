-- question: How many users never came, compared with the same clock window of comparable days?
-- grain:    one row for all key actions together (scope overall), and one per action (scope action)
-- reads:    requests, event_history
-- param:    impact_start    TIMESTAMP required   inclusive, UTC
-- param:    impact_end      TIMESTAMP required   exclusive, UTC; the as-of while it still hurts
-- param:    comparable_days BIGINT    default 4  same clock window 7, 14, 21, 28 days before; 0 to 4
-- param:    overall_actions TEXT      default null  comma-separated key actions that the overall row is about; null is all
-- column:   scope                TEXT   overall or action
-- column:   action               TEXT   key action; null in the overall row
-- column:   observed_users       BIGINT {user} distinct, attempted during the impact
-- column:   baseline_users_p50   DOUBLE {user} median of the comparable days; null without any
-- column:   baseline_users_min   BIGINT {user}
-- column:   baseline_users_max   BIGINT {user}
-- column:   comparable_days_used BIGINT {day} with data and without an earlier incident
-- column:   suppressed           DOUBLE {user} baseline median − observed, at least 0: an estimate; null without a baseline
-- column:   suppressed_low       BIGINT {user} against the lowest comparable day, at least 0
-- column:   suppressed_high      BIGINT {user} against the highest comparable day, at least 0
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
    where earlier.started_at < $impact_end - weeks.ago
        and coalesce(earlier.ended_at, earlier.resolved_at, earlier.started_at + interval '1 day')
            > $impact_start - weeks.ago
),
staged as (
    -- weeks_before: 0 the impact, 1 to 4 the same clock window that many weeks before
    select
        action,
        user_key,
        case
            when timestamp >= $impact_start then 0
            else (cast($impact_end as bigint) - 1 - cast(timestamp as bigint)) / 604800000000
        end as weeks_before
    from requests
    where is_entry and not is_excluded and action is not null and user_key is not null and (
        (timestamp >= $impact_start and timestamp < $impact_end)
        or ($comparable_days >= 1
            and timestamp >= $impact_start - interval '7 days' and timestamp < $impact_end - interval '7 days')
        or ($comparable_days >= 2
            and timestamp >= $impact_start - interval '14 days' and timestamp < $impact_end - interval '14 days')
        or ($comparable_days >= 3
            and timestamp >= $impact_start - interval '21 days' and timestamp < $impact_end - interval '21 days')
        or ($comparable_days >= 4
            and timestamp >= $impact_start - interval '28 days' and timestamp < $impact_end - interval '28 days')
    )
),
per_user as (
    select action, user_key, weeks_before
    from staged
    where not exists (select 1 from disturbed where disturbed.weeks_before = staged.weeks_before)
    group by action, user_key, weeks_before
),
per_period as (
    select
        scopes.scope,
        case when scopes.scope = 'action' then per_user.action end as action,
        per_user.weeks_before,
        count(distinct per_user.user_key) as users
    from per_user
    cross join (values ('overall'), ('action')) as scopes (scope)
    -- Names hold blanks (`POST /orders`) and may hold commas: the list is searched, not split.
    where scopes.scope = 'action' or $overall_actions is null or strpos(
        concat(',', replace($overall_actions, ' ', ''), ','), concat(',', replace(per_user.action, ' ', ''), ',')) > 0
    group by scopes.scope, case when scopes.scope = 'action' then per_user.action end, per_user.weeks_before
),
compared as (
    select
        scope,
        action,
        coalesce(sum(users) filter (where weeks_before = 0), 0) as observed_users,
        median(cast(users as double)) filter (where weeks_before >= 1) as baseline_users_p50,
        min(users) filter (where weeks_before >= 1) as baseline_users_min,
        max(users) filter (where weeks_before >= 1) as baseline_users_max,
        count(*) filter (where weeks_before >= 1) as comparable_days_used
    from per_period
    group by scope, action
)
select
    scope,
    action,
    observed_users,
    baseline_users_p50,
    baseline_users_min,
    baseline_users_max,
    comparable_days_used,
    case when comparable_days_used > 0 then greatest(baseline_users_p50 - observed_users, 0) end as suppressed,
    case when comparable_days_used > 0 then greatest(baseline_users_min - observed_users, 0) end as suppressed_low,
    case when comparable_days_used > 0 then greatest(baseline_users_max - observed_users, 0) end as suppressed_high
from compared
order by scope desc, action nulls first
