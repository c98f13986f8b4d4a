-- question: Which resources ran into their limit, and was that before users were hurt?
-- grain:    one row per metric of use, service_name, host_name and pool, where a limit is known or shows as a plateau
-- reads:    metrics
-- param:    impact_start    TIMESTAMP required   inclusive, UTC
-- param:    impact_end      TIMESTAMP required   exclusive, UTC; the as-of while it still hurts
-- param:    baseline_start  TIMESTAMP required   quiet stretch before the impact, inclusive
-- param:    baseline_end    TIMESTAMP required   quiet stretch before the impact, exclusive
-- param:    full_from DOUBLE default 0.95  share, 0–1, from which on a ratio counts as full; what has a limit metric is full at its limit
-- column:   used_metric              TEXT      such as pool_active
-- column:   limit_metric             TEXT      such as pool_max; null for a ratio and a plateau
-- column:   limit_basis              TEXT      metric, ratio (the metric is a share of its limit), plateau (stays at its own highest value)
-- column:   service_name             TEXT      OpenTelemetry service.name
-- column:   host_name                TEXT
-- column:   pool                     TEXT      label that tells pools or devices of one service apart; null without
-- column:   unit                     TEXT      UCUM, of the use
-- column:   used_quiet_p50           DOUBLE    in unit, in the quiet stretch
-- column:   used_max                 DOUBLE    in unit, from the guard to the end of the impact
-- column:   limit_first              DOUBLE    in unit, when first full (else at the start)
-- column:   limit_last               DOUBLE    in unit, at the end: higher where it was raised
-- column:   usage_quiet_max          DOUBLE    0–1
-- column:   usage_max                DOUBLE    0–1, from the guard to the end of the impact
-- column:   is_saturated             BOOLEAN   full from the guard on, but not in the quiet stretch
-- column:   saturated_at             TIMESTAMP first full point from the guard on; null where never full
-- column:   saturated_offset_seconds DOUBLE    s, saturated_at − impact_start; negative is before users were hurt
-- column:   saturated_points         BIGINT    {point} full
-- column:   points                   BIGINT    {point} from the guard to the end of the impact
-- order:    is_saturated desc, saturated_at nulls last, used_metric, service_name nulls last, host_name nulls last, pool nulls last, limit_basis
-- pii:      none
with staged as (
    select
        lower(metric_name) as name,
        metric_name,
        unit,
        service_name,
        host_name,
        coalesce(
            attributes['pool'], attributes['pool_name'], attributes['pool.name'],
            attributes['db.client.connection.pool.name'], attributes['area'], attributes['id'], attributes['device'],
            attributes['instance']
        ) as pool,
        coalesce(attributes['state'], 'used') as state,
        timestamp,
        timestamp < $baseline_end as is_quiet,
        value
    from metrics
    where value is not null and value <> cast('NaN' as double)
        and ((timestamp >= $baseline_start and timestamp < $baseline_end)
            or (timestamp >= $baseline_end and timestamp < $impact_end))
),
named as (
    select
        *,
        regexp_like(name, '[._](max|limit|limits|capacity|size_max|max_size|maximum|quota)$') as is_limit,
        regexp_replace(
            regexp_replace(name, '[._](max|limit|limits|capacity|size_max|max_size|maximum|quota)$', ''),
            '[._](active|used|in_use|inuse|busy|open|current|usage|count)$', ''
        ) as resource,
        regexp_like(name, '(^|[._])(active|used|in_use|inuse|busy|open|current|usage|connections|threads)([._]|$)')
            as is_use,
        -- a share of something that runs full: not a share of errors, not one that should be high
        regexp_like(name, '(util|usage|used|saturation|occupancy|load|busy|cpu|mem|disk|pool)')
            and not regexp_like(name, '(error|fail|hit|success|idle|free|avail|[45]xx|request)')
            and (unit in ('%', 'percent', 'ratio', '1')
                or regexp_like(name, '(ratio|percent|pct|utili[sz]ation)')) as is_ratio
    from staged
    where state in ('used', 'active', 'busy', 'in_use')
),
limited as (
    -- The limit in force at each point is the last one seen, so that one raised during the incident counts from then on.
    select
        *,
        last_value(case when is_limit then value end) ignore nulls over (
            partition by resource, service_name, host_name, pool order by timestamp, is_limit desc
            rows between unbounded preceding and current row
        ) as limit_before,
        min(case when is_limit then value end) over (partition by resource, service_name, host_name, pool) as limit_min,
        max(case when is_limit then metric_name end) over (partition by resource, service_name, host_name, pool)
            as limit_metric,
        max(value) over (partition by name, service_name, host_name, pool) as value_max,
        max(case when is_quiet then value end) over (partition by name, service_name, host_name, pool) as quiet_max
    from named
),
used as (
    select
        *,
        case
            when is_ratio and value_max <= 105 then 'ratio'
            when limit_metric is not null then 'metric'
            when is_use then 'plateau'
        end as limit_basis,
        case
            when is_ratio and value_max <= 105
                then case when unit in ('%', 'percent') or value_max > 1.5 then 100.0 else 1.0 end
            when limit_metric is not null then coalesce(limit_before, limit_min)
            when is_use then value_max
        end as limit_now
    from limited
    where not is_limit
),
measured as (
    select
        *,
        value / nullif(limit_now, 0) as usage,
        case limit_basis
            when 'plateau' then value = value_max and value_max > 1.2 * quiet_max
            when 'metric' then value >= 0.999 * limit_now and limit_now > 0
            else value >= $full_from * limit_now
        end as is_full
    from used
    where limit_basis is not null
),
grouped as (
    select
        metric_name as used_metric,
        case when limit_basis = 'metric' then limit_metric end as limit_metric,
        limit_basis,
        service_name,
        host_name,
        pool,
        min(unit) as unit,
        median(value) filter (where is_quiet) as used_quiet_p50,
        max(value) filter (where not is_quiet) as used_max,
        coalesce(
            first_value(limit_now order by timestamp) filter (where is_full and not is_quiet),
            first_value(limit_now order by timestamp)
        ) as limit_first,
        last_value(limit_now order by timestamp) as limit_last,
        max(usage) filter (where is_quiet) as usage_quiet_max,
        max(usage) filter (where not is_quiet) as usage_max,
        min(timestamp) filter (where is_full and not is_quiet) as saturated_at,
        count(*) filter (where is_full and not is_quiet) as saturated_points,
        count(*) filter (where is_full and is_quiet) as quiet_full_points,
        count(*) filter (where not is_quiet) as points
    from measured
    group by metric_name, case when limit_basis = 'metric' then limit_metric end, limit_basis, service_name, host_name, pool
)
select
    used_metric,
    limit_metric,
    limit_basis,
    service_name,
    host_name,
    pool,
    unit,
    used_quiet_p50,
    used_max,
    limit_first,
    limit_last,
    usage_quiet_max,
    usage_max,
    saturated_points > 0 and quiet_full_points = 0 as is_saturated,
    saturated_at,
    (cast(saturated_at as bigint) - cast($impact_start as bigint)) / 1e6 as saturated_offset_seconds,
    saturated_points,
    points
from grouped
-- a single highest value is no plateau: five points at exactly the same one are
where points > 0 and (limit_basis <> 'plateau' or saturated_points >= 5)
order by
    is_saturated desc, saturated_at nulls last, used_metric, service_name nulls last, host_name nulls last,
    pool nulls last, limit_basis
