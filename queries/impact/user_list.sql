-- question: Which users failed, with which actions, and did they get through in the end?
-- grain:    one row per user with at least one failed attempt of a key action during the impact
-- reads:    requests
-- param:    impact_start    TIMESTAMP required   inclusive, UTC
-- param:    impact_end      TIMESTAMP required   exclusive, UTC; the as-of while it still hurts
-- param:    grace_seconds   DOUBLE    default 1800  s after the impact in which a success still counts
-- param:    actions         TEXT      default null  comma-separated key actions; null is all
-- column:   user_key         TEXT      opaque identity (fupan.toml, identity)
-- column:   class            TEXT      self_recovered, blocked, pending; blocked if any failed action never succeeded
-- column:   failed_actions   TEXT      key actions that failed, comma-separated
-- column:   stuck_actions    TEXT      those of them without a later success; null without any
-- column:   failed_attempts  BIGINT    {request}
-- column:   first_failed_at  TIMESTAMP first failed attempt
-- column:   last_failed_at   TIMESTAMP last failed attempt in the impact
-- column:   succeeded_at     TIMESTAMP instant at which the last of the failed actions had succeeded; null unless all did
-- column:   waited_seconds   DOUBLE    s from first_failed_at to succeeded_at
-- column:   failed_amount_max DOUBLE   largest amount of a failed attempt, workspace's currency
-- order:    first_failed_at, user_key
-- pii:      user_key
with staged as (
    select
        action,
        user_key,
        is_failed,
        order_amount as amount,
        timestamp,
        timestamp < $impact_end as is_attempt
    from requests
    where is_entry and not is_excluded and user_key is not null and action is not null
        -- Names hold blanks (`POST /orders`) and may hold commas: the list is searched, not split.
        and ($actions is null
            or strpos(concat(',', replace($actions, ' ', ''), ','), concat(',', replace(action, ' ', ''), ',')) > 0)
        and timestamp >= $impact_start
        and timestamp <= $as_of
        and timestamp <= to_timestamp_micros(cast($impact_end as bigint) + cast($grace_seconds * 1e6 as bigint))
),
since_failure as (
    select
        *,
        min(case when is_failed and is_attempt then timestamp end) over (partition by user_key, action)
            as first_failed_at
    from staged
),
per_action as (
    select
        user_key,
        action,
        min(first_failed_at) as first_failed_at,
        max(timestamp) filter (where is_failed and is_attempt) as last_failed_at,
        count(*) filter (where is_failed and is_attempt) as failed_attempts,
        max(amount) filter (where is_failed and is_attempt) as failed_amount_max,
        min(timestamp) filter (where not is_failed and timestamp > first_failed_at) as succeeded_at
    from since_failure
    where first_failed_at is not null
    group by user_key, action
),
per_user as (
    select
        user_key,
        array_to_string(array_agg(action order by action), ', ') as failed_actions,
        array_to_string(array_agg(action order by action) filter (where succeeded_at is null), ', ') as stuck_actions,
        sum(failed_attempts) as failed_attempts,
        min(first_failed_at) as first_failed_at,
        max(last_failed_at) as last_failed_at,
        case when count(*) = count(succeeded_at) then max(succeeded_at) end as succeeded_at,
        max(failed_amount_max) as failed_amount_max
    from per_action
    group by user_key
)
select
    user_key,
    case
        when succeeded_at is not null then 'self_recovered'
        when cast($as_of as bigint) >= cast($impact_end as bigint) + cast($grace_seconds * 1e6 as bigint) then 'blocked'
        else 'pending'
    end as class,
    failed_actions,
    stuck_actions,
    failed_attempts,
    first_failed_at,
    last_failed_at,
    succeeded_at,
    (cast(succeeded_at as bigint) - cast(first_failed_at as bigint)) / 1e6 as waited_seconds,
    failed_amount_max
from per_user
order by first_failed_at, user_key
