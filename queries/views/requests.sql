-- question: Which log records are requests, and which of them failed, under this workspace's configuration?
-- grain:    one row per request-shaped log record
-- reads:    logs
-- column:   date DATE
-- column:   timestamp TIMESTAMP
-- column:   observed_timestamp TIMESTAMP
-- column:   severity_number TINYINT
-- column:   service_name TEXT
-- column:   service_version TEXT
-- column:   host_name TEXT
-- column:   deployment_environment_name TEXT
-- column:   cloud_region TEXT
-- column:   event_name TEXT
-- column:   body TEXT
-- column:   shape_id BIGINT
-- column:   trace_id TEXT
-- column:   span_id TEXT
-- column:   user_id TEXT
-- column:   session_id TEXT
-- column:   tenant_id TEXT
-- column:   http_request_method TEXT
-- column:   http_route TEXT
-- column:   http_response_status_code SMALLINT
-- column:   rpc_grpc_status_code SMALLINT
-- column:   outcome TEXT
-- column:   error_type TEXT
-- column:   duration_ms DOUBLE
-- column:   order_id TEXT
-- column:   amount DOUBLE
-- column:   attributes MAP
-- column:   is_failed BOOLEAN by the service's `bad` condition, else status >= 500, 429, a timeout, a failing gRPC code or outcome
-- column:   is_slow BOOLEAN slower than the service's limit; false where there is none
-- column:   is_entry BOOLEAN where users enter; every service where none is marked
-- column:   is_excluded BOOLEAN bots and probes, by rule
-- column:   action TEXT the key action, null where it is none
-- column:   is_key_action BOOLEAN
-- column:   user_key TEXT the first identity that is present
-- column:   user_kind TEXT which identity that is: never mix kinds in one count
-- column:   order_key TEXT of a key action
-- column:   order_amount DOUBLE of a key action, workspace's currency
-- column:   segments TEXT names of the configured segments that hold, separated by commas
-- pii:      user_id, session_id, user_key, body, attributes
-- Slots in double braces are generated from fupan.toml; its conditions are parsed, checked and printed anew.
select
    date,
    timestamp,
    observed_timestamp,
    severity_number,
    service_name,
    service_version,
    host_name,
    deployment_environment_name,
    cloud_region,
    event_name,
    body,
    shape_id,
    trace_id,
    span_id,
    user_id,
    session_id,
    tenant_id,
    http_request_method,
    http_route,
    http_response_status_code,
    rpc_grpc_status_code,
    outcome,
    error_type,
    duration_ms,
    order_id,
    amount,
    attributes,
    coalesce({{is_failed}}, false) as is_failed,
    coalesce({{is_slow}}, false) as is_slow,
    {{is_entry}} as is_entry,
    coalesce({{is_excluded}}, false) as is_excluded,
    {{action}} as action,
    {{action}} is not null as is_key_action,
    {{user_key}} as user_key,
    {{user_kind}} as user_kind,
    {{order_key}} as order_key,
    {{order_amount}} as order_amount,
    {{segments}} as segments
from logs
where coalesce({{is_request}}, false)
