-- question: Which log records were known at the session's instant?
-- grain:    one row per log record
-- reads:    store.logs
-- column:   timestamp TIMESTAMP when it happened
-- column:   observed_timestamp TIMESTAMP when the collector saw it
-- column:   severity_number TINYINT OpenTelemetry 1-24, 17 and above is an error
-- column:   severity_text TEXT level as the source wrote it
-- column:   service_name TEXT
-- column:   service_version TEXT
-- column:   host_name TEXT
-- column:   deployment_environment_name TEXT
-- column:   cloud_region TEXT
-- column:   event_name TEXT
-- column:   body TEXT message
-- column:   shape_id BIGINT hash of the masked body
-- column:   trace_id TEXT
-- column:   span_id TEXT
-- column:   user_id TEXT opaque id
-- column:   session_id TEXT opaque id
-- column:   tenant_id TEXT
-- column:   http_request_method TEXT
-- column:   http_route TEXT
-- column:   http_response_status_code SMALLINT
-- column:   rpc_grpc_status_code SMALLINT
-- column:   outcome TEXT ok or failed, null where not a request
-- column:   error_type TEXT
-- column:   duration_ms DOUBLE ms
-- column:   order_id TEXT
-- column:   amount DOUBLE money of the order, workspace's currency
-- column:   attributes MAP everything without a column of its own
-- column:   chunk_id TEXT which chunk of a source it came in
-- column:   source_record BIGINT 1-based record number in its source
-- column:   date DATE UTC day, the partition
-- pii:      user_id, session_id, body, attributes
select
    timestamp,
    observed_timestamp,
    severity_number,
    severity_text,
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
    chunk_id,
    source_record,
    date
from store.logs
where not $as_of_given or coalesce(observed_timestamp, timestamp) <= $as_of
