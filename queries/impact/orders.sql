-- question: How many orders and how much money did the impact cost, by two independent estimates?
-- grain:    one row per key action that carries orders or amounts; actions are steps of the same money: never add them
-- reads:    requests, event_history
-- param:    impact_start    TIMESTAMP required   inclusive, UTC
-- param:    impact_end      TIMESTAMP required   exclusive, UTC; the as-of while it still hurts
-- param:    comparable_days BIGINT    default 4  same clock window 7, 14, 21, 28 days before; 0 to 4
-- param:    grace_seconds   DOUBLE    default 1800  s after the impact in which a success or a late order counts; at most a day
-- column:   action                     TEXT   key action
-- column:   failed_orders              BIGINT {order} with a failed attempt; retries of one order (without order id: of one user) are one
-- column:   failed_orders_recovered    BIGINT {order} of those that succeeded later, in the impact or the grace time
-- column:   failed_orders_lost         BIGINT {order} failed and not recovered by the as-of
-- column:   failed_orders_lost_value   DOUBLE estimate a: largest amount seen for each lost order, the mean value where none was
-- column:   lost_orders_without_amount BIGINT {order} of the lost ones, valued at the mean
-- column:   order_value_mean           DOUBLE mean amount of the succeeded orders in impact and baseline; null without any
-- column:   observed_orders            BIGINT {order} succeeded during the impact
-- column:   baseline_orders_p50        DOUBLE {order} median of the comparable days; null without any
-- column:   baseline_orders_min        BIGINT {order}
-- column:   baseline_orders_max        BIGINT {order}
-- column:   comparable_days_used       BIGINT {day} with data and without an earlier incident
-- column:   shortfall_orders           DOUBLE {order} baseline median − observed; negative where more came than usual
-- column:   catch_up_orders            DOUBLE {order} above the baseline median in the grace time after the impact, at least 0
-- column:   net_shortfall_orders       DOUBLE {order} shortfall − catch-up, at least 0
-- column:   net_shortfall_value        DOUBLE estimate b: net_shortfall_orders at the mean value
-- column:   net_shortfall_value_low    DOUBLE against the lowest comparable day
-- column:   net_shortfall_value_high   DOUBLE against the highest comparable day
-- order:    action
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
    -- weeks_before: 0 the impact and the day after it, 1 to 4 the same that many weeks before
    select
        action,
        user_key,
        order_key,
        -- an order by its own key, else one per user
        coalesce(order_key, user_key, trace_id, cast(cast(timestamp as bigint) as varchar)) as folded_key,
        order_key is not null or order_amount is not null as has_order,
        order_amount as amount,
        is_failed,
        timestamp,
        case
            when timestamp >= $impact_start then 0
            else (cast($impact_end as bigint) + 86399999999 - cast(timestamp as bigint)) / 604800000000
        end as weeks_before,
        (cast(timestamp as bigint) - cast($impact_start as bigint) + 2419200000000) % 604800000000 as offset_us,
        cast($impact_end as bigint) - cast($impact_start as bigint) as impact_us
    from requests
    where is_entry and not is_excluded and action is not null and timestamp <= $as_of and (
        (timestamp >= $impact_start and timestamp < $impact_end + interval '1 day')
        or ($comparable_days >= 1
            and timestamp >= $impact_start - interval '7 days'
            and timestamp < $impact_end + interval '1 day' - interval '7 days')
        or ($comparable_days >= 2
            and timestamp >= $impact_start - interval '14 days'
            and timestamp < $impact_end + interval '1 day' - interval '14 days')
        or ($comparable_days >= 3
            and timestamp >= $impact_start - interval '21 days'
            and timestamp < $impact_end + interval '1 day' - interval '21 days')
        or ($comparable_days >= 4
            and timestamp >= $impact_start - interval '28 days'
            and timestamp < $impact_end + interval '1 day' - interval '28 days')
    )
),
in_time as (
    select *, offset_us < impact_us as is_in_impact
    from staged
    where offset_us <= impact_us + cast($grace_seconds * 1e6 as bigint)
        and not exists (select 1 from disturbed where disturbed.weeks_before = staged.weeks_before)
),
per_key as (
    select
        action,
        weeks_before,
        user_key,
        folded_key,
        bool_or(order_key is not null) as has_order_key,
        bool_or(has_order) as has_order,
        min(timestamp) filter (where is_failed and is_in_impact) as first_failed_at,
        max(timestamp) filter (where not is_failed) as last_succeeded_at,
        max(amount) filter (where is_failed and is_in_impact) as failed_amount,
        max(amount) filter (where not is_failed) as succeeded_amount,
        count(*) filter (where not is_failed and is_in_impact) as successes,
        count(*) filter (where not is_failed and not is_in_impact) as successes_after
    from in_time
    group by action, weeks_before, user_key, folded_key
),
per_order as (
    select
        *,
        -- Who failed before there was an order id has lost nothing if any order went through later.
        case
            when has_order_key then last_succeeded_at
            else max(last_succeeded_at) over (partition by action, weeks_before, coalesce(user_key, folded_key))
        end > first_failed_at as is_recovered,
        -- an order that is submitted twice counts once
        case when has_order_key then least(successes, 1) else successes end as orders,
        case
            when has_order_key and successes > 0 then 0
            when has_order_key then least(successes_after, 1)
            else successes_after
        end as orders_after
    from per_key
),
per_period as (
    select
        action,
        weeks_before,
        bool_or(has_order) as has_order,
        count(first_failed_at) as failed_orders,
        count(*) filter (where is_recovered) as failed_orders_recovered,
        coalesce(sum(failed_amount) filter (where not coalesce(is_recovered, false)), 0.0) as lost_value,
        count(*) filter (where first_failed_at is not null and failed_amount is null
            and not coalesce(is_recovered, false)) as lost_orders_without_amount,
        sum(succeeded_amount) as succeeded_amount,
        count(succeeded_amount) as succeeded_with_amount,
        sum(orders) as orders,
        sum(orders_after) as orders_after
    from per_order
    group by action, weeks_before
),
compared as (
    select
        action,
        coalesce(sum(failed_orders) filter (where weeks_before = 0), 0) as failed_orders,
        coalesce(sum(failed_orders_recovered) filter (where weeks_before = 0), 0) as failed_orders_recovered,
        coalesce(sum(lost_value) filter (where weeks_before = 0), 0) as lost_value,
        coalesce(sum(lost_orders_without_amount) filter (where weeks_before = 0), 0) as lost_orders_without_amount,
        sum(succeeded_amount) / nullif(sum(succeeded_with_amount), 0) as order_value_mean,
        coalesce(sum(orders) filter (where weeks_before = 0), 0) as observed_orders,
        coalesce(sum(orders_after) filter (where weeks_before = 0), 0) as observed_after,
        median(cast(orders as double)) filter (where weeks_before >= 1) as baseline_orders_p50,
        min(orders) filter (where weeks_before >= 1) as baseline_orders_min,
        max(orders) filter (where weeks_before >= 1) as baseline_orders_max,
        median(cast(orders_after as double)) filter (where weeks_before >= 1) as baseline_after_p50,
        count(*) filter (where weeks_before >= 1) as comparable_days_used
    from per_period
    group by action
    having bool_or(has_order)
),
netted as (
    select
        *,
        failed_orders - failed_orders_recovered as failed_orders_lost,
        baseline_orders_p50 - observed_orders as shortfall_orders,
        case when comparable_days_used > 0 then greatest(observed_after - baseline_after_p50, 0) end as catch_up_orders
    from compared
)
select
    action,
    failed_orders,
    failed_orders_recovered,
    failed_orders_lost,
    case
        when failed_orders_lost = 0 then 0.0
        when lost_orders_without_amount = 0 then lost_value
        else lost_value + lost_orders_without_amount * order_value_mean
    end as failed_orders_lost_value,
    lost_orders_without_amount,
    order_value_mean,
    observed_orders,
    baseline_orders_p50,
    baseline_orders_min,
    baseline_orders_max,
    comparable_days_used,
    shortfall_orders,
    catch_up_orders,
    case when comparable_days_used > 0
        then greatest(shortfall_orders - catch_up_orders, 0) end as net_shortfall_orders,
    case when comparable_days_used > 0
        then greatest(shortfall_orders - catch_up_orders, 0) * order_value_mean end as net_shortfall_value,
    case when comparable_days_used > 0
        then greatest(baseline_orders_min - observed_orders - catch_up_orders, 0) * order_value_mean end as net_shortfall_value_low,
    case when comparable_days_used > 0
        then greatest(baseline_orders_max - observed_orders - catch_up_orders, 0) * order_value_mean end as net_shortfall_value_high
from netted
order by action
