-- question: Was the impact confined to some regions, hosts, routes or versions, and which are proven unaffected?
-- grain:    one row per dimension and value with requests in the impact
-- reads:    requests, event_history
-- param:    impact_start    TIMESTAMP required   inclusive, UTC
-- param:    impact_end      TIMESTAMP required   exclusive, UTC; the as-of while it still hurts
-- param:    baseline_start  TIMESTAMP required   quiet stretch before the impact, inclusive
-- param:    baseline_end    TIMESTAMP required   quiet stretch before the impact, exclusive
-- param:    comparable_days BIGINT    default 4  same clock window 7, 14, 21, 28 days before; 0 to 4
-- param:    min_requests    BIGINT    default 100  fewer requests prove nothing
-- param:    min_effect      DOUBLE    default 0.02  absolute rise of the failed share that counts
-- column:   dimension             TEXT   cloud_region and http_route where users enter; host_name and service_version anywhere
-- column:   value                 TEXT   of that dimension
-- column:   class                 TEXT   affected, unaffected (a claim), undetermined
-- column:   reason                TEXT   failing, effect_excluded, effect_not_excluded, too_few_requests, no_baseline
-- column:   requests              BIGINT {request} in the impact, without bots and probes
-- column:   failed                BIGINT {request}
-- column:   failed_share          DOUBLE 0–1
-- column:   lift                  DOUBLE failed_share over that of the whole dimension; 1 is not specific, null where nothing failed
-- column:   share_of_failed       DOUBLE 0–1, part of all failed requests of the dimension
-- column:   baseline_basis        TEXT   comparable_days, quiet_stretch, or null where there is neither
-- column:   baseline_requests     BIGINT {request} pooled
-- column:   baseline_failed_share DOUBLE 0–1
-- column:   rise                  DOUBLE failed_share − baseline_failed_share
-- column:   rise_high             DOUBLE upper 95 % bound of the rise
-- column:   p_value               DOUBLE one-sided: the share rose by chance
-- column:   p_limit               DOUBLE 0.05 over the number of values tested in the dimension
-- order:    dimension, failed desc, value
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
    -- weeks_before: 0 the impact, 1 to 4 the same clock window that many weeks before, -1 the quiet stretch
    select
        cloud_region,
        http_route,
        host_name,
        service_version,
        is_entry,
        is_failed,
        case
            when timestamp >= $impact_start then 0
            when timestamp >= $baseline_start then -1
            else (cast($impact_end as bigint) - 1 - cast(timestamp as bigint)) / 604800000000
        end as weeks_before
    from requests
    where not is_excluded and (
        (timestamp >= $impact_start and timestamp < $impact_end)
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
cells as (
    select
        cloud_region,
        http_route,
        host_name,
        service_version,
        is_entry,
        weeks_before,
        count(*) as requests,
        count(*) filter (where is_failed) as failed
    from staged
    where not exists (select 1 from disturbed where disturbed.weeks_before = staged.weeks_before)
    group by cloud_region, http_route, host_name, service_version, is_entry, weeks_before
),
by_value as (
    select
        dimensions.dimension,
        case dimensions.dimension
            when 'cloud_region' then case when cells.is_entry then cells.cloud_region end
            when 'http_route' then case when cells.is_entry then cells.http_route end
            when 'host_name' then cells.host_name
            when 'service_version' then cells.service_version
        end as value,
        cells.weeks_before,
        cells.requests,
        cells.failed
    from cells
    cross join (values ('cloud_region'), ('http_route'), ('host_name'), ('service_version')) as dimensions (dimension)
),
totals as (
    select
        dimension,
        value,
        coalesce(sum(requests) filter (where weeks_before = 0), 0) as requests,
        coalesce(sum(failed) filter (where weeks_before = 0), 0) as failed,
        coalesce(sum(requests) filter (where weeks_before >= 1), 0) as comparable_requests,
        coalesce(sum(failed) filter (where weeks_before >= 1), 0) as comparable_failed,
        coalesce(sum(requests) filter (where weeks_before = -1), 0) as quiet_requests,
        coalesce(sum(failed) filter (where weeks_before = -1), 0) as quiet_failed
    from by_value
    where value is not null
    group by dimension, value
),
based as (
    select
        *,
        case
            when comparable_requests >= $min_requests then 'comparable_days'
            when quiet_requests >= $min_requests then 'quiet_stretch'
            when comparable_requests > 0 then 'comparable_days'
            when quiet_requests > 0 then 'quiet_stretch'
        end as baseline_basis
    from totals
    where requests > 0
),
baselined as (
    select
        *,
        case when baseline_basis = 'comparable_days' then comparable_requests else quiet_requests end as baseline_requests,
        case when baseline_basis = 'comparable_days' then comparable_failed else quiet_failed end as baseline_failed,
        0.05 / nullif(sum(case when baseline_basis is not null then 1 else 0 end) over (partition by dimension), 0)
            as p_limit,
        sum(requests) over (partition by dimension) as dimension_requests,
        sum(failed) over (partition by dimension) as dimension_failed
    from based
),
measured as (
    select
        *,
        cast(failed as double) / requests as failed_share,
        cast(baseline_failed as double) / nullif(baseline_requests, 0) as baseline_failed_share,
        cast(failed as double) / requests - cast(baseline_failed as double) / nullif(baseline_requests, 0) as rise,
        case when baseline_requests > 0
            then share_rise_high(failed, requests, baseline_failed, baseline_requests) end as rise_high,
        case when baseline_requests > 0
            then share_rise_p(failed, requests, baseline_failed, baseline_requests) end as p_value
    from baselined
),
judged as (
    select
        *,
        case
            when baseline_basis is null then 'no_baseline'
            when p_value < p_limit and rise >= $min_effect then 'failing'
            when requests < $min_requests or baseline_requests < $min_requests then 'too_few_requests'
            when rise_high >= $min_effect then 'effect_not_excluded'
            else 'effect_excluded'
        end as reason
    from measured
)
select
    dimension,
    value,
    case reason when 'failing' then 'affected' when 'effect_excluded' then 'unaffected' else 'undetermined' end as class,
    reason,
    requests,
    failed,
    failed_share,
    failed_share / nullif(cast(dimension_failed as double) / dimension_requests, 0) as lift,
    cast(failed as double) / nullif(dimension_failed, 0) as share_of_failed,
    baseline_basis,
    case when baseline_basis is not null then baseline_requests end as baseline_requests,
    baseline_failed_share,
    rise,
    rise_high,
    p_value,
    p_limit
from judged
order by dimension, failed desc, value
