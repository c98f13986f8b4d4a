-- question: What were users told about this incident, how soon, and how long was it silent?
-- grain:    one row per notice
-- reads:    notices, incidents
-- param:    incident_id TEXT required
-- column:   notice                     BIGINT    1-based
-- column:   published_at               TIMESTAMP UTC
-- column:   channel                    TEXT
-- column:   is_public                  BOOLEAN
-- column:   status                     TEXT
-- column:   summary                    TEXT
-- column:   affected                   TEXT      functions that it calls affected, as a JSON list
-- column:   unaffected                 TEXT      functions that it calls unaffected, as a JSON list
-- column:   silence_seconds            DOUBLE    s since the notice before
-- column:   seconds_since_detected     DOUBLE    s, null where nobody says when it was detected
-- column:   seconds_since_declared     DOUBLE    s, null where nobody declared it
-- column:   seconds_since_impact       DOUBLE    s from the declared start of the impact
-- column:   event_id                   TEXT
-- order:    notice
-- pii:      summary
select
    notices.notice,
    notices.published_at,
    notices.channel,
    notices.is_public,
    notices.status,
    notices.summary,
    notices.affected,
    notices.unaffected,
    notices.silence_seconds,
    seconds_between(incidents.detected_at, notices.published_at) as seconds_since_detected,
    seconds_between(incidents.declared_at, notices.published_at) as seconds_since_declared,
    seconds_between(incidents.impact_started_at, notices.published_at) as seconds_since_impact,
    notices.event_id
from notices
join incidents on incidents.incident_id = notices.incident_id
where notices.incident_id = $incident_id
order by notice
