-- question: Which requests failed during the impact, where, and for which reason?
-- grain:    one row per service_name, http_request_method, http_route, action and failure_reason
-- reads:    requests
-- param:    impact_start    TIMESTAMP required   inclusive, UTC
-- param:    impact_end      TIMESTAMP required   exclusive, UTC; the as-of while it still hurts
-- column:   service_name        TEXT      OpenTelemetry service.name
-- column:   http_request_method TEXT
-- column:   http_route          TEXT
-- column:   action              TEXT      key action, null where it is none
-- column:   is_entry            BOOLEAN   users enter here; the others are inner hops of the same requests
-- column:   failure_reason      TEXT      error type, else business code, else HTTP or gRPC status, else outcome
-- column:   failed              BIGINT    {request}, without bots and probes
-- column:   share_of_failed     DOUBLE    0–1, part of all failed requests of the service
-- column:   users               BIGINT    {user} distinct, with identity
-- column:   first_failed_at     TIMESTAMP
-- column:   last_failed_at      TIMESTAMP
-- order:    failed desc, service_name, http_route nulls last, http_request_method nulls last, action nulls last, is_entry, failure_reason nulls last
-- pii:      none
with failures as (
    select
        service_name,
        http_request_method,
        http_route,
        action,
        is_entry,
        -- the most telling word that the record has
        coalesce(
            error_type,
            'code ' || nullif(attributes['code'], '0'),
            'HTTP ' || cast(http_response_status_code as varchar),
            'gRPC ' || cast(rpc_grpc_status_code as varchar),
            outcome
        ) as failure_reason,
        user_key,
        timestamp
    from requests
    where is_failed and not is_excluded and timestamp >= $impact_start and timestamp < $impact_end
),
grouped as (
    select
        service_name,
        http_request_method,
        http_route,
        action,
        is_entry,
        failure_reason,
        count(*) as failed,
        count(distinct user_key) as users,
        min(timestamp) as first_failed_at,
        max(timestamp) as last_failed_at
    from failures
    group by service_name, http_request_method, http_route, action, is_entry, failure_reason
)
select
    service_name,
    http_request_method,
    http_route,
    action,
    is_entry,
    failure_reason,
    failed,
    cast(failed as double) / sum(failed) over (partition by service_name) as share_of_failed,
    users,
    first_failed_at,
    last_failed_at
from grouped
order by
    failed desc, service_name, http_route nulls last, http_request_method nulls last, action nulls last, is_entry,
    failure_reason nulls last
