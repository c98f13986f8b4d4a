-- question: How long did this incident hurt, who saw it when, and how sure are those instants?
-- grain:    one row, or none where the incident is not known
-- reads:    incidents
-- param:    incident_id TEXT required
-- column:   incident_id TEXT
-- column:   title TEXT last one set, else the words with which it was declared, else the incident_id
-- column:   kind TEXT real, drill, test, maintenance, near_miss, false_alarm
-- column:   grade TEXT the source's own label
-- column:   owner TEXT
-- column:   status TEXT open, mitigated, resolved, closed
-- column:   service_name TEXT first service named as affected
-- column:   services TEXT all of them, separated by commas
-- column:   source TEXT where its first event comes from
-- column:   is_alert_only BOOLEAN true where nobody declared it
-- column:   is_backfilled BOOLEAN written down after the fact, as the source says
-- column:   is_vendor BOOLEAN a supplier's incident, as the source says
-- column:   merged_into TEXT the incident that took it over
-- column:   events BIGINT {event}
-- column:   impact_started_at TIMESTAMP
-- column:   impact_started_low TIMESTAMP
-- column:   impact_started_high TIMESTAMP
-- column:   impact_started_basis TEXT
-- column:   detected_at TIMESTAMP
-- column:   detected_low TIMESTAMP
-- column:   detected_high TIMESTAMP
-- column:   detected_basis TEXT
-- column:   acknowledged_at TIMESTAMP
-- column:   acknowledged_low TIMESTAMP
-- column:   acknowledged_high TIMESTAMP
-- column:   acknowledged_basis TEXT
-- column:   declared_at TIMESTAMP
-- column:   declared_low TIMESTAMP
-- column:   declared_high TIMESTAMP
-- column:   declared_basis TEXT
-- column:   first_notice_at TIMESTAMP
-- column:   first_notice_low TIMESTAMP
-- column:   first_notice_high TIMESTAMP
-- column:   first_notice_basis TEXT
-- column:   located_at TIMESTAMP
-- column:   located_low TIMESTAMP
-- column:   located_high TIMESTAMP
-- column:   located_basis TEXT
-- column:   mitigated_at TIMESTAMP
-- column:   mitigated_low TIMESTAMP
-- column:   mitigated_high TIMESTAMP
-- column:   mitigated_basis TEXT
-- column:   recovered_at TIMESTAMP
-- column:   recovered_low TIMESTAMP
-- column:   recovered_high TIMESTAMP
-- column:   recovered_basis TEXT
-- column:   resolved_at TIMESTAMP
-- column:   resolved_low TIMESTAMP
-- column:   resolved_high TIMESTAMP
-- column:   resolved_basis TEXT
-- column:   closed_at TIMESTAMP
-- column:   closed_low TIMESTAMP
-- column:   closed_high TIMESTAMP
-- column:   closed_basis TEXT
-- column:   time_to_detect_seconds DOUBLE s, zero where the warning came first
-- column:   time_to_detect_seconds_low DOUBLE s
-- column:   time_to_detect_seconds_high DOUBLE s
-- column:   early_warning_seconds DOUBLE s from the first warning to the impact, null where it came after
-- column:   time_to_acknowledge_seconds DOUBLE s
-- column:   time_to_locate_seconds DOUBLE s
-- column:   time_to_locate_seconds_low DOUBLE s
-- column:   time_to_locate_seconds_high DOUBLE s
-- column:   time_to_mitigate_seconds DOUBLE s, the headline
-- column:   time_to_mitigate_seconds_low DOUBLE s
-- column:   time_to_mitigate_seconds_high DOUBLE s
-- column:   time_to_recover_seconds DOUBLE s
-- column:   record_open_seconds DOUBLE s the record was open, not TTM
-- column:   downtime_seconds DOUBLE s, union of its impact segments; null while it hurts
-- column:   impact_segments BIGINT {segment}
-- column:   is_hurting BOOLEAN neither mitigated, recovered, resolved nor closed
-- column:   time_order_flags TEXT milestones out of order, separated by commas; null where there are none
-- order:    incident_id
-- pii:      owner, title
select
    incident_id,
    title,
    kind,
    grade,
    owner,
    status,
    service_name,
    services,
    source,
    is_alert_only,
    is_backfilled,
    is_vendor,
    merged_into,
    events,
    impact_started_at,
    impact_started_low,
    impact_started_high,
    impact_started_basis,
    detected_at,
    detected_low,
    detected_high,
    detected_basis,
    acknowledged_at,
    acknowledged_low,
    acknowledged_high,
    acknowledged_basis,
    declared_at,
    declared_low,
    declared_high,
    declared_basis,
    first_notice_at,
    first_notice_low,
    first_notice_high,
    first_notice_basis,
    located_at,
    located_low,
    located_high,
    located_basis,
    mitigated_at,
    mitigated_low,
    mitigated_high,
    mitigated_basis,
    recovered_at,
    recovered_low,
    recovered_high,
    recovered_basis,
    resolved_at,
    resolved_low,
    resolved_high,
    resolved_basis,
    closed_at,
    closed_low,
    closed_high,
    closed_basis,
    time_to_detect_seconds,
    time_to_detect_seconds_low,
    time_to_detect_seconds_high,
    early_warning_seconds,
    time_to_acknowledge_seconds,
    time_to_locate_seconds,
    time_to_locate_seconds_low,
    time_to_locate_seconds_high,
    time_to_mitigate_seconds,
    time_to_mitigate_seconds_low,
    time_to_mitigate_seconds_high,
    time_to_recover_seconds,
    record_open_seconds,
    downtime_seconds,
    impact_segments,
    is_hurting,
    time_order_flags
from incidents
where incident_id = $incident_id
order by incident_id
