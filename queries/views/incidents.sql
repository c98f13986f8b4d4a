-- question: What do we know about each incident: who, what grade, which milestones, how long?
-- grain:    one row per incident_id, folded from its events
-- reads:    incident_events, incident_milestones, impact_segments
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
-- pii:      owner, title
with milestones as (
    select
        incident_id,
        max(case when milestone = 'impact_started' then at end) as impact_started_at,
        max(case when milestone = 'impact_started' then at_low end) as impact_started_low,
        max(case when milestone = 'impact_started' then at_high end) as impact_started_high,
        max(case when milestone = 'impact_started' then basis end) as impact_started_basis,
        max(case when milestone = 'detected' then at end) as detected_at,
        max(case when milestone = 'detected' then at_low end) as detected_low,
        max(case when milestone = 'detected' then at_high end) as detected_high,
        max(case when milestone = 'detected' then basis end) as detected_basis,
        max(case when milestone = 'acknowledged' then at end) as acknowledged_at,
        max(case when milestone = 'acknowledged' then at_low end) as acknowledged_low,
        max(case when milestone = 'acknowledged' then at_high end) as acknowledged_high,
        max(case when milestone = 'acknowledged' then basis end) as acknowledged_basis,
        max(case when milestone = 'declared' then at end) as declared_at,
        max(case when milestone = 'declared' then at_low end) as declared_low,
        max(case when milestone = 'declared' then at_high end) as declared_high,
        max(case when milestone = 'declared' then basis end) as declared_basis,
        max(case when milestone = 'first_notice' then at end) as first_notice_at,
        max(case when milestone = 'first_notice' then at_low end) as first_notice_low,
        max(case when milestone = 'first_notice' then at_high end) as first_notice_high,
        max(case when milestone = 'first_notice' then basis end) as first_notice_basis,
        max(case when milestone = 'located' then at end) as located_at,
        max(case when milestone = 'located' then at_low end) as located_low,
        max(case when milestone = 'located' then at_high end) as located_high,
        max(case when milestone = 'located' then basis end) as located_basis,
        max(case when milestone = 'mitigated' then at end) as mitigated_at,
        max(case when milestone = 'mitigated' then at_low end) as mitigated_low,
        max(case when milestone = 'mitigated' then at_high end) as mitigated_high,
        max(case when milestone = 'mitigated' then basis end) as mitigated_basis,
        max(case when milestone = 'recovered' then at end) as recovered_at,
        max(case when milestone = 'recovered' then at_low end) as recovered_low,
        max(case when milestone = 'recovered' then at_high end) as recovered_high,
        max(case when milestone = 'recovered' then basis end) as recovered_basis,
        max(case when milestone = 'resolved' then at end) as resolved_at,
        max(case when milestone = 'resolved' then at_low end) as resolved_low,
        max(case when milestone = 'resolved' then at_high end) as resolved_high,
        max(case when milestone = 'resolved' then basis end) as resolved_basis,
        max(case when milestone = 'closed' then at end) as closed_at,
        max(case when milestone = 'closed' then at_low end) as closed_low,
        max(case when milestone = 'closed' then at_high end) as closed_high,
        max(case when milestone = 'closed' then basis end) as closed_basis
    from incident_milestones
    group by incident_id
),
facts as (
    select
        incident_id,
        event_type,
        case event_type
            when 'title_set' then coalesce(attributes['title'], summary)
            when 'kind_set' then coalesce(attributes['kind'], summary)
            when 'grade_set' then coalesce(attributes['grade'], summary)
            when 'owner_set' then coalesce(attributes['owner'], summary, actor)
            when 'status_set' then coalesce(attributes['status'], summary)
            when 'merged_into' then coalesce(attributes['merged_into'], attributes['incident_id'], summary)
            when 'declared' then summary
        end as fact,
        row_number() over (
            partition by incident_id, event_type
            order by coalesce(occurred_at, recorded_at) desc, recorded_at desc, event_id desc
        ) as nth_last
    from incident_events
    where incident_id is not null
        and event_type in (
            'title_set', 'kind_set', 'grade_set', 'owner_set', 'status_set', 'merged_into', 'declared'
        )
),
set_facts as (
    select
        incident_id,
        max(case when event_type = 'title_set' then fact end) as title,
        max(case when event_type = 'kind_set' then fact end) as kind,
        max(case when event_type = 'grade_set' then fact end) as grade,
        max(case when event_type = 'owner_set' then fact end) as owner,
        max(case when event_type = 'status_set' then fact end) as status,
        max(case when event_type = 'merged_into' then fact end) as merged_into,
        max(case when event_type = 'declared' then fact end) as declared_as
    from facts
    where nth_last = 1
    group by incident_id
),
named_services as (
    select
        incident_id,
        service_name,
        row_number() over (
            partition by incident_id
            order by min(coalesce(occurred_at, recorded_at)), service_name
        ) as nth
    from incident_events
    where incident_id is not null and service_name is not null and event_type <> 'service_unaffected'
    group by incident_id, service_name
),
services as (
    select
        incident_id,
        max(case when nth = 1 then service_name end) as service_name,
        string_agg(service_name, ',' order by service_name) as services
    from named_services
    group by incident_id
),
totals as (
    select
        incident_id,
        count(*) as events,
        first_value(source order by recorded_at, event_id) as source,
        first_value(summary order by coalesce(occurred_at, recorded_at), event_id) as first_summary,
        bool_and(event_type in ('alert_fired', 'alert_resolved') and is_attached) as is_alert_only,
        bool_or(coalesce(attributes['backfilled'], attributes['is_backfilled'], 'false') = 'true') as is_backfilled,
        bool_or(coalesce(attributes['vendor'], attributes['is_vendor'], 'false') = 'true') as is_vendor,
        max(case when event_type = 'alert_resolved' then occurred_at end) as alerts_resolved_at,
        max(case when event_type = 'alert_fired' then occurred_at end) as alerts_fired_at
    from incident_events
    where incident_id is not null
    group by incident_id
),
harm as (
    select
        incident_id,
        count(*) as impact_segments,
        case when count(*) = count(duration_seconds) then sum(duration_seconds) end as downtime_seconds
    from impact_segments
    group by incident_id
),
joined as (
    select
        totals.incident_id,
        coalesce(
            set_facts.title, set_facts.declared_as,
            case when totals.is_alert_only then totals.first_summary end, totals.incident_id
        ) as title,
        lower(coalesce(set_facts.kind, 'real')) as kind,
        set_facts.grade,
        set_facts.owner,
        set_facts.status as status_said,
        services.service_name,
        services.services,
        totals.source,
        totals.is_alert_only,
        totals.is_backfilled,
        totals.is_vendor,
        set_facts.merged_into,
        totals.events,
        milestones.impact_started_at,
        milestones.impact_started_low,
        milestones.impact_started_high,
        milestones.impact_started_basis,
        milestones.detected_at,
        milestones.detected_low,
        milestones.detected_high,
        milestones.detected_basis,
        milestones.acknowledged_at,
        milestones.acknowledged_low,
        milestones.acknowledged_high,
        milestones.acknowledged_basis,
        milestones.declared_at,
        milestones.declared_low,
        milestones.declared_high,
        milestones.declared_basis,
        milestones.first_notice_at,
        milestones.first_notice_low,
        milestones.first_notice_high,
        milestones.first_notice_basis,
        milestones.located_at,
        milestones.located_low,
        milestones.located_high,
        milestones.located_basis,
        milestones.mitigated_at,
        milestones.mitigated_low,
        milestones.mitigated_high,
        milestones.mitigated_basis,
        milestones.recovered_at,
        milestones.recovered_low,
        milestones.recovered_high,
        milestones.recovered_basis,
        coalesce(milestones.resolved_at, case when totals.is_alert_only and totals.alerts_resolved_at >= totals.alerts_fired_at then totals.alerts_resolved_at end) as resolved_at,
        coalesce(milestones.resolved_low, case when totals.is_alert_only and totals.alerts_resolved_at >= totals.alerts_fired_at then totals.alerts_resolved_at end) as resolved_low,
        coalesce(milestones.resolved_high, case when totals.is_alert_only and totals.alerts_resolved_at >= totals.alerts_fired_at then totals.alerts_resolved_at end) as resolved_high,
        coalesce(milestones.resolved_basis, case when totals.is_alert_only and totals.alerts_resolved_at >= totals.alerts_fired_at then 'alert' end) as resolved_basis,
        milestones.closed_at,
        milestones.closed_low,
        milestones.closed_high,
        milestones.closed_basis,
        coalesce(harm.impact_segments, 0) as impact_segments,
        harm.downtime_seconds
    from totals
    left join milestones on milestones.incident_id = totals.incident_id
    left join set_facts on set_facts.incident_id = totals.incident_id
    left join services on services.incident_id = totals.incident_id
    left join harm on harm.incident_id = totals.incident_id
),
-- A negative duration says nothing but that the record contradicts itself: it is null and flagged.
measured as (
    select
        *,
        case
            when detected_at < impact_started_at then 0.0
            else seconds_between(impact_started_at, detected_at)
        end as time_to_detect_seconds,
        greatest(seconds_between(impact_started_high, detected_low), 0.0) as time_to_detect_seconds_low,
        greatest(seconds_between(impact_started_low, detected_high), 0.0) as time_to_detect_seconds_high,
        case when detected_at < impact_started_at then seconds_between(detected_at, impact_started_at) end
            as early_warning_seconds,
        case when acknowledged_at >= detected_at then seconds_between(detected_at, acknowledged_at) end
            as time_to_acknowledge_seconds,
        case when located_at >= impact_started_at then seconds_between(impact_started_at, located_at) end
            as time_to_locate_seconds,
        case when mitigated_at >= impact_started_at then seconds_between(impact_started_at, mitigated_at) end
            as time_to_mitigate_seconds,
        case when recovered_at >= impact_started_at then seconds_between(impact_started_at, recovered_at) end
            as time_to_recover_seconds,
        case when resolved_at >= declared_at then seconds_between(declared_at, resolved_at) end
            as record_open_seconds,
        nullif(concat_ws(
            ',',
            case when acknowledged_at < detected_at then 'acknowledged_before_detected' end,
            case when located_at < impact_started_at then 'located_before_impact' end,
            case when mitigated_at < impact_started_at then 'mitigated_before_impact' end,
            case when declared_at > mitigated_at then 'declared_after_mitigated' end,
            case when detected_at > mitigated_at then 'detected_after_mitigated' end,
            case when recovered_at < impact_started_at then 'recovered_before_impact' end,
            case when recovered_at < mitigated_at then 'recovered_before_mitigated' end,
            case when resolved_at < declared_at then 'resolved_before_declared' end,
            case when resolved_at < mitigated_at then 'resolved_before_mitigated' end,
            case when closed_at < resolved_at then 'closed_before_resolved' end
        ), '') as time_order_flags
    from joined
)
select
    incident_id,
    title,
    kind,
    grade,
    owner,
    case
        when closed_at is not null then 'closed'
        when resolved_at is not null then 'resolved'
        when mitigated_at is not null or recovered_at is not null then 'mitigated'
        when lower(status_said) in ('mitigated', 'resolved', 'closed') then lower(status_said)
        else 'open'
    end as status,
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
    case when time_to_detect_seconds is not null then time_to_detect_seconds_low end as time_to_detect_seconds_low,
    case when time_to_detect_seconds is not null then time_to_detect_seconds_high end as time_to_detect_seconds_high,
    early_warning_seconds,
    time_to_acknowledge_seconds,
    time_to_locate_seconds,
    case when time_to_locate_seconds is not null
        then greatest(seconds_between(impact_started_high, located_low), 0.0) end as time_to_locate_seconds_low,
    case when time_to_locate_seconds is not null
        then seconds_between(impact_started_low, located_high) end as time_to_locate_seconds_high,
    time_to_mitigate_seconds,
    case when time_to_mitigate_seconds is not null
        then greatest(seconds_between(impact_started_high, mitigated_low), 0.0) end as time_to_mitigate_seconds_low,
    case when time_to_mitigate_seconds is not null
        then seconds_between(impact_started_low, mitigated_high) end as time_to_mitigate_seconds_high,
    time_to_recover_seconds,
    record_open_seconds,
    downtime_seconds,
    impact_segments,
    mitigated_at is null and recovered_at is null and resolved_at is null and closed_at is null as is_hurting,
    time_order_flags
from measured
