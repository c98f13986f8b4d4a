-- question: Which incidents are there, latest first?
-- grain:    one row per incident_id
-- reads:    incidents
-- param:    window_start TIMESTAMP default null  began at or after, inclusive, UTC
-- param:    window_end   TIMESTAMP default null  began before, exclusive, UTC
-- param:    kind         TEXT      default null  real, drill, test, maintenance, near_miss, false_alarm
-- column:   incident_id              TEXT
-- column:   title                    TEXT
-- column:   kind                     TEXT
-- column:   grade                    TEXT
-- column:   status                   TEXT      open, mitigated, resolved, closed
-- column:   service_name             TEXT
-- column:   began_at                 TIMESTAMP impact, else first detection, declaration or notice; UTC
-- column:   began_at_basis           TEXT      which of them
-- column:   time_to_mitigate_seconds DOUBLE    s
-- column:   basis                    TEXT      declared: as people recorded it, or alert; a report also observes begin and end in the telemetry
-- column:   is_hurting               BOOLEAN
-- column:   is_alert_only            BOOLEAN
-- column:   is_forgotten             BOOLEAN   over, but its record left open for more than 7 days
-- column:   merged_into              TEXT
-- column:   time_order_flags         TEXT
-- order:    began_at desc nulls last, incident_id
-- pii:      title
with dated as (
    select
        *,
        coalesce(impact_started_at, detected_at, declared_at, first_notice_at, acknowledged_at) as began_at,
        case
            when impact_started_at is not null then 'impact_started'
            when detected_at is not null then 'detected'
            when declared_at is not null then 'declared'
            when first_notice_at is not null then 'first_notice'
            when acknowledged_at is not null then 'acknowledged'
        end as began_at_basis
    from incidents
)
select
    incident_id,
    title,
    kind,
    grade,
    status,
    service_name,
    began_at,
    began_at_basis,
    time_to_mitigate_seconds,
    coalesce(impact_started_basis, mitigated_basis, detected_basis, declared_basis) as basis,
    is_hurting,
    is_alert_only,
    status = 'mitigated' and coalesce(mitigated_at, recovered_at) < $as_of - interval '7 days' as is_forgotten,
    merged_into,
    time_order_flags
from dated
where ($window_start is null or began_at >= $window_start)
    and ($window_end is null or began_at < $window_end)
    and ($kind is null or kind = $kind)
order by began_at desc nulls last, incident_id
