-- question: Which metric points tell how well a service serves, where metrics say so?
-- grain:    one row per metric point and service that it is an indicator of
-- reads:    metrics
-- column:   service_name TEXT      the service that is judged
-- column:   indicator    TEXT      name of the metric, or `sli` where fupan.toml puts it together
-- column:   kind         TEXT      requests (counts by outcome), failed_share, latency
-- column:   basis        TEXT      configured, or by_name where fupan.toml says nothing about the service
-- column:   timestamp    TIMESTAMP UTC
-- column:   series_id    BIGINT    hash of name and attributes
-- column:   value        DOUBLE    as measured
-- column:   is_counter   BOOLEAN   cumulative by its type or name: only its increases count
-- column:   good_weight  DOUBLE    1 where it counts good requests, 0 where it does not; null where nothing does
-- column:   bad_weight   DOUBLE    the same for bad requests
-- column:   valid_weight DOUBLE    the same for all requests that count
-- column:   scale        DOUBLE    turns the value into a share of 0–1, or into ms
-- column:   limit_ms     DOUBLE    ms, the service's `latency_ms`, null where it has none
-- pii:      none
-- By name: counters of requests with a status label (`http_requests_total{status="503"}`); shares such as
-- `http_5xx_ratio` or `error_rate_pct`, and failures over requests where both are measured per second (`failed / requests`);
-- latency percentiles that name their unit, such as `duration_p99_ms`.
-- Slots in double braces are generated from fupan.toml.
with named as (
    select
        timestamp,
        service_name,
        metric_name,
        metric_type,
        temporality,
        unit,
        series_id,
        value,
        lower(metric_name) as name,
        coalesce(
            attributes['http_response_status_code'],
            attributes['http.response.status_code'],
            attributes['status_code'],
            attributes['status'],
            attributes['code']
        ) as status
    from metrics
    where service_name is not null and value is not null and {{is_unconfigured}}
),
judged as (
    select
        *,
        case
            when regexp_like(name, '(request|call|http|rpc)') and regexp_like(name, '([._](total|count)|requests)$')
                and regexp_like(coalesce(status, ''), '^[1-5]([0-9][0-9]|xx)$')
                then 'requests'
            when regexp_like(name, '(error|fail|5xx|timeout|throttl|reject|unavailable)')
                and regexp_like(name, '(ratio|share|fraction|rate|pct|percent|percentage)$')
                then 'failed_share'
            when regexp_like(name, '(requests?|error|errors|fail|failed|failures|5xx)_per_sec(ond)?$')
                then 'pair'
            when regexp_like(name, '(latency|duration|response_time)') and regexp_like(name, 'p9[0-9]')
                and (regexp_like(name, '_(ms|milliseconds|s|seconds|us|microseconds)$') or unit in ('ms', 's', 'us'))
                then 'latency'
        end as kind
    from named
)
select
    service_name,
    case when kind = 'pair' then 'failed / requests' else metric_name end as indicator,
    case when kind = 'pair' then 'failed_share' else kind end as kind,
    'by_name' as basis,
    timestamp,
    series_id,
    value,
    kind = 'requests' and coalesce(temporality, 'cumulative') = 'cumulative' as is_counter,
    cast(null as double) as good_weight,
    case
        when kind = 'requests' then case when regexp_like(status, '^(5|429)') then 1.0 else 0.0 end
        when kind = 'pair' then case when regexp_like(name, 'requests?_per_sec(ond)?$') then 0.0 else 1.0 end
    end as bad_weight,
    case
        when kind = 'requests' then 1.0
        when kind = 'pair' then case when regexp_like(name, 'requests?_per_sec(ond)?$') then 1.0 else 0.0 end
    end as valid_weight,
    case
        when kind = 'failed_share' and (regexp_like(name, '(pct|percent|percentage)$') or unit = '%') then 0.01
        when kind = 'failed_share' then 1.0
        when kind = 'latency' and (regexp_like(name, '_(us|microseconds)$') or unit = 'us') then 0.001
        when kind = 'latency' and (regexp_like(name, '_(s|seconds)$') or unit = 's') then 1000.0
        when kind = 'latency' then 1.0
    end as scale,
    case when kind = 'latency' then {{limit_ms}} end as limit_ms
from judged
where kind is not null
{{configured}}
