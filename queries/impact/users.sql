-- question: How many users did the impact reach, and how many of them could not do what they came for?
-- grain:    one row for the key actions of overall_actions together (scope overall), and one per action (scope action)
-- reads:    requests, event_history
-- param:    impact_start    TIMESTAMP required   inclusive, UTC
-- param:    impact_end      TIMESTAMP required   exclusive, UTC; the as-of while it still hurts
-- param:    baseline_start  TIMESTAMP required   quiet stretch before the impact, inclusive
-- param:    baseline_end    TIMESTAMP required   quiet stretch before the impact, exclusive
-- param:    comparable_days BIGINT    default 4  same clock window 7, 14, 21, 28 days before; 0 to 4
-- param:    grace_seconds   DOUBLE    default 1800  s after the impact in which a success still counts
-- param:    overall_actions TEXT      default null  comma-separated key actions that the overall row is about; null is all
-- column:   scope                    TEXT   overall or action
-- column:   action                   TEXT   key action; null in the overall row
-- column:   exposed                  BIGINT {user} distinct, attempted the action during the impact
-- column:   failed                   BIGINT {user} exposed, with at least one failed attempt; the sum of the next three
-- column:   self_recovered           BIGINT {user} failed, then succeeded in the impact or the grace time (its end included)
-- column:   blocked                  BIGINT {user} failed, grace time over, no success; overall: for any of the failed actions
-- column:   pending                  BIGINT {user} failed, no success yet, grace time not over at the as-of
-- column:   failed_share             DOUBLE 0–1, failed over exposed
-- column:   expected_failed          DOUBLE {user} who would have failed anyway, from the baseline; null without one
-- column:   excess_failed            DOUBLE {user} failed − expected_failed
-- column:   expected_basis           TEXT   comparable_days (median of the days' shares of users), quiet_stretch (share of attempts, an upper bound), null
-- column:   attempts                 BIGINT {request} in the impact, with or without identity, without bots and probes
-- column:   failed_attempts          BIGINT {request} of those
-- column:   anonymous_attempts       BIGINT {request} of the attempts without identity; in none of the user counts
-- column:   anonymous_failed_attempts BIGINT {request} of those; failed plus this is the upper bound of users who failed
-- column:   anonymous_share          DOUBLE 0–1, of the attempts
-- column:   excluded_attempts        BIGINT {request} by bots and probes; in none of the other counts
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
    -- weeks_before: 0 the impact and the grace time, 1 to 4 the clock window of the impact that many weeks before,
    -- -1 the quiet stretch
    select
        action,
        user_key,
        is_failed,
        is_excluded,
        timestamp,
        timestamp < $impact_end as is_attempt,
        case
            when timestamp >= $impact_start then 0
            when timestamp >= $baseline_start then -1
            else (cast($impact_end as bigint) - 1 - cast(timestamp as bigint)) / 604800000000
        end as weeks_before
    from requests
    where is_entry and action is not null and timestamp <= $as_of and (
        (timestamp >= $impact_start and timestamp < $impact_end)
        or (timestamp >= $impact_end
            and timestamp <= to_timestamp_micros(cast($impact_end as bigint) + cast($grace_seconds * 1e6 as bigint)))
        or (timestamp >= $baseline_start and timestamp < $baseline_end)
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
    select
        action,
        user_key,
        weeks_before,
        count(*) filter (where is_attempt and not is_excluded) as attempts,
        count(*) filter (where is_attempt and not is_excluded and is_failed) as failed_attempts,
        count(*) filter (where is_attempt and is_excluded) as excluded_attempts,
        min(timestamp) filter (where is_attempt and not is_excluded and is_failed) as first_failed_at,
        max(timestamp) filter (where not is_excluded and not is_failed) as last_succeeded_at
    from staged
    where not exists (select 1 from disturbed where disturbed.weeks_before = staged.weeks_before)
    group by action, user_key, weeks_before
),
scoped as (
    -- one row per user and scope; overall, a user is stuck if any failed action never succeeded
    select
        scopes.scope,
        case when scopes.scope = 'action' then per_user.action end as action,
        per_user.user_key,
        per_user.weeks_before,
        sum(per_user.attempts) as attempts,
        sum(per_user.failed_attempts) as failed_attempts,
        sum(per_user.excluded_attempts) as excluded_attempts,
        bool_or(
            per_user.failed_attempts > 0
            and not coalesce(per_user.last_succeeded_at > per_user.first_failed_at, false)
        ) as is_stuck
    from per_user
    cross join (values ('overall'), ('action')) as scopes (scope)
    -- Names hold blanks (`POST /orders`) and may hold commas: the list is searched, not split.
    where scopes.scope = 'action' or $overall_actions is null or strpos(
        concat(',', replace($overall_actions, ' ', ''), ','), concat(',', replace(per_user.action, ' ', ''), ',')) > 0
    group by
        scopes.scope,
        case when scopes.scope = 'action' then per_user.action end,
        per_user.user_key,
        per_user.weeks_before
),
per_period as (
    select
        scope,
        action,
        weeks_before,
        count(user_key) filter (where attempts > 0) as exposed,
        count(user_key) filter (where failed_attempts > 0) as failed,
        count(user_key) filter (where failed_attempts > 0 and not is_stuck) as self_recovered,
        count(user_key) filter (where failed_attempts > 0 and is_stuck) as stuck,
        sum(attempts) as attempts,
        sum(failed_attempts) as failed_attempts,
        coalesce(sum(attempts) filter (where user_key is null), 0) as anonymous_attempts,
        coalesce(sum(failed_attempts) filter (where user_key is null), 0) as anonymous_failed_attempts,
        sum(excluded_attempts) as excluded_attempts
    from scoped
    group by scope, action, weeks_before
),
pivoted as (
    select
        scope,
        action,
        coalesce(sum(exposed) filter (where weeks_before = 0), 0) as exposed,
        coalesce(sum(failed) filter (where weeks_before = 0), 0) as failed,
        coalesce(sum(self_recovered) filter (where weeks_before = 0), 0) as self_recovered,
        coalesce(sum(stuck) filter (where weeks_before = 0), 0) as stuck,
        coalesce(sum(attempts) filter (where weeks_before = 0), 0) as attempts,
        coalesce(sum(failed_attempts) filter (where weeks_before = 0), 0) as failed_attempts,
        coalesce(sum(anonymous_attempts) filter (where weeks_before = 0), 0) as anonymous_attempts,
        coalesce(sum(anonymous_failed_attempts) filter (where weeks_before = 0), 0) as anonymous_failed_attempts,
        coalesce(sum(excluded_attempts) filter (where weeks_before = 0), 0) as excluded_attempts,
        median(cast(failed as double) / nullif(exposed, 0)) filter (where weeks_before >= 1 and exposed > 0)
            as comparable_failed_share,
        max(cast(failed_attempts as double) / nullif(attempts, 0)) filter (where weeks_before = -1)
            as quiet_failed_attempt_share
    from per_period
    group by scope, action
),
expected as (
    select
        *,
        case
            when comparable_failed_share is not null then exposed * comparable_failed_share
            -- as rarely as in the quiet stretch, and each failure hitting another user: the upper bound
            when quiet_failed_attempt_share is not null and exposed > 0
                then least(cast(exposed as double), quiet_failed_attempt_share * (attempts - anonymous_attempts))
        end as expected_failed,
        case
            when comparable_failed_share is not null then 'comparable_days'
            when quiet_failed_attempt_share is not null and exposed > 0 then 'quiet_stretch'
        end as expected_basis,
        cast($as_of as bigint) >= cast($impact_end as bigint) + cast($grace_seconds * 1e6 as bigint) as is_grace_over
    from pivoted
)
select
    scope,
    action,
    exposed,
    failed,
    self_recovered,
    case when is_grace_over then stuck else 0 end as blocked,
    case when is_grace_over then 0 else stuck end as pending,
    cast(failed as double) / nullif(exposed, 0) as failed_share,
    expected_failed,
    failed - expected_failed as excess_failed,
    expected_basis,
    attempts,
    failed_attempts,
    anonymous_attempts,
    anonymous_failed_attempts,
    cast(anonymous_attempts as double) / nullif(attempts, 0) as anonymous_share,
    excluded_attempts
from expected
order by scope desc, action nulls first
