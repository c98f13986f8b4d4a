-- question: What was changed before the onset, and did the changed service itself act differently afterwards?
-- grain:    one row per change_id from lookback_seconds before the impact to its end
-- reads:    changes, requests
-- param:    impact_start    TIMESTAMP required   inclusive, UTC
-- param:    impact_end      TIMESTAMP required   exclusive, UTC; the as-of while it still hurts
-- param:    lookback_seconds DOUBLE default 86400  s before the impact
-- param:    before_seconds   DOUBLE default 900  s before each change that are compared
-- param:    after_seconds    DOUBLE default 300  s after it: a change that breaks something does so at once
-- column:   change_id                TEXT
-- column:   change_type              TEXT      deployment, config, flag, migration, campaign, traffic, …
-- column:   service_name             TEXT      the changed service; null where it touches all (a campaign)
-- column:   summary                  TEXT      words of people
-- column:   actor                    TEXT
-- column:   occurred_at              TIMESTAMP when it began to act
-- column:   ended_at                 TIMESTAMP
-- column:   offset_seconds           DOUBLE    s, occurred_at − impact_start; negative is before users were hurt
-- column:   requests_before          BIGINT    {request} of that service (of all entries without one) before the change
-- column:   requests_after           BIGINT    {request} after it
-- column:   requests_ratio           DOUBLE    rate after over rate before: a campaign multiplies traffic
-- column:   failed_share_before      DOUBLE    0–1, null without requests
-- column:   failed_share_after       DOUBLE    0–1
-- column:   failed_share_rise        DOUBLE
-- column:   p_value                  DOUBLE    one-sided: the failed share rose by chance
-- column:   latency_ms_before        DOUBLE    ms, median of the medians of half a minute each
-- column:   latency_ms_after         DOUBLE    ms
-- column:   latency_ratio            DOUBLE
-- column:   departs                  BOOLEAN   rise of 2 % and p < 0.05 over the number of changes, or latency doubled; a campaign or traffic shift: also where traffic doubled; null without requests
-- column:   departure                DOUBLE    robust, per half minute: of the traffic for a campaign or traffic shift, else the largest of latency and failed share; null without requests
-- order:    greatest(offset_seconds, -offset_seconds), change_id
-- pii:      actor
with candidates as (
    select
        change_id,
        change_type,
        service_name,
        summary,
        actor,
        occurred_at,
        ended_at,
        cast(occurred_at as bigint) as occurred_us,
        -- what touches no single service is compared with all that enters
        coalesce(service_name, '(entry)') as scope
    from changes
    where occurred_at >= to_timestamp_micros(cast($impact_start as bigint) - cast($lookback_seconds * 1e6 as bigint))
        and occurred_at < $impact_end
),
per_service as (
    -- ten seconds, so that the cut at the instant of a change is sharp enough
    select
        service_name,
        is_entry,
        cast(timestamp as bigint) / 10000000 * 10000000 as bin_us,
        count(*) as requests,
        count(*) filter (where is_failed) as failed,
        median(duration_ms) as latency_ms
    from requests
    where not is_excluded and service_name is not null
        and timestamp >= to_timestamp_micros(
            cast($impact_start as bigint) - cast(($lookback_seconds + $before_seconds) * 1e6 as bigint))
        and timestamp < $impact_end
    group by service_name, is_entry, cast(timestamp as bigint) / 10000000 * 10000000
),
bins as (
    select
        case when scopes.scope = 'service' then per_service.service_name else '(entry)' end as scope,
        per_service.bin_us,
        per_service.requests,
        per_service.failed,
        per_service.latency_ms
    from per_service
    cross join (values ('service'), ('entry')) as scopes (scope)
    where scopes.scope = 'service' or per_service.is_entry
),
around as (
    select
        candidates.*,
        bins.bin_us + 10000000 <= candidates.occurred_us as is_before,
        (bins.bin_us - candidates.occurred_us + 86400000000) / 30000000 as half_minute,
        bins.requests,
        bins.failed,
        bins.latency_ms
    from candidates
    left join bins
        on bins.scope = candidates.scope
        and bins.bin_us >= candidates.occurred_us - cast($before_seconds * 1e6 as bigint)
        and bins.bin_us < candidates.occurred_us + cast($after_seconds * 1e6 as bigint)
),
half_minutes as (
    -- ten seconds of one service are too few requests for a departure
    select
        change_id,
        change_type,
        service_name,
        summary,
        actor,
        occurred_at,
        ended_at,
        occurred_us,
        is_before,
        half_minute,
        sum(requests) as requests,
        sum(failed) as failed,
        median(latency_ms) as latency_ms
    from around
    group by
        change_id, change_type, service_name, summary, actor, occurred_at, ended_at, occurred_us, is_before, half_minute
),
compared as (
    select
        change_id,
        change_type,
        service_name,
        summary,
        actor,
        occurred_at,
        ended_at,
        occurred_us,
        coalesce(sum(requests) filter (where is_before), 0) as requests_before,
        coalesce(sum(failed) filter (where is_before), 0) as failed_before,
        median(latency_ms) filter (where is_before) as latency_ms_before,
        coalesce(sum(requests) filter (where not is_before), 0) as requests_after,
        coalesce(sum(failed) filter (where not is_before), 0) as failed_after,
        median(latency_ms) filter (where not is_before) as latency_ms_after,
        departure(
            array_agg(case when is_before then cast(requests as double) end),
            array_agg(case when not is_before then cast(requests as double) end)
        ) as traffic_departure,
        departure(
            array_agg(case when is_before then latency_ms end), array_agg(case when not is_before then latency_ms end)
        ) as latency_departure,
        departure(
            array_agg(case when is_before then cast(failed as double) / requests end),
            array_agg(case when not is_before then cast(failed as double) / requests end)
        ) as failed_departure
    from half_minutes
    group by change_id, change_type, service_name, summary, actor, occurred_at, ended_at, occurred_us
),
measured as (
    select
        *,
        cast(failed_before as double) / nullif(requests_before, 0) as failed_share_before,
        cast(failed_after as double) / nullif(requests_after, 0) as failed_share_after,
        cast(failed_after as double) / nullif(requests_after, 0)
            - cast(failed_before as double) / nullif(requests_before, 0) as failed_share_rise,
        case when requests_before > 0 and requests_after > 0
            then share_rise_p(failed_after, requests_after, failed_before, requests_before) end as p_value,
        latency_ms_after / nullif(latency_ms_before, 0) as latency_ratio,
        -- rates by the seconds that are known on either side
        case when requests_before > 0 or requests_after > 0 then
            (requests_after / least($after_seconds, (cast($impact_end as bigint) - occurred_us) / 1e6))
                / nullif(requests_before / $before_seconds, 0)
        end as requests_ratio
    from compared
)
select
    change_id,
    change_type,
    service_name,
    summary,
    actor,
    occurred_at,
    ended_at,
    (occurred_us - cast($impact_start as bigint)) / 1e6 as offset_seconds,
    requests_before,
    requests_after,
    requests_ratio,
    failed_share_before,
    failed_share_after,
    failed_share_rise,
    p_value,
    latency_ms_before,
    latency_ms_after,
    latency_ratio,
    case when requests_before > 0 and requests_after > 0 then
        coalesce(failed_share_rise >= 0.02 and p_value < 0.05 / count(*) over (), false)
        or coalesce(latency_ratio >= 2, false)
        -- busier than before says something about a campaign, and nothing about a deployment in the middle of one
        or (change_type in ('campaign', 'traffic') and requests_ratio >= 2)
    end as departs,
    case when change_type in ('campaign', 'traffic') then traffic_departure
        else greatest(latency_departure, failed_departure) end as departure
from measured
order by greatest(offset_seconds, -offset_seconds), change_id
