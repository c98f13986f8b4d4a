-- question: Which incident does an alert without an incident belong to?
-- grain:    one row per alert_fired or alert_resolved event that names no incident
-- reads:    event_history
-- column:   event_id    TEXT the alert
-- column:   incident_id TEXT a declared incident, else `ALERT-<service>-<first alert, UTC>`
-- column:   is_declared BOOLEAN false where alerts form an incident of their own
-- pii:      none
-- A declared incident takes alerts of its services from 15 minutes before its impact, if they still
-- fire when it begins, until it was mitigated; a record without an end takes them for a day, and one that
-- names no service takes those that no other one names. Other
-- alerts of one service form an incident of their own while they overlap or follow each other within
-- 30 minutes. What resolves an alert goes where the alert went.
with visible as (
    select
        event_id,
        incident_id,
        event_type,
        occurred_at,
        service_name,
        concat_ws('|', service_name, coalesce(attributes['alert_id'], attributes['monitor'], summary)) as alert_key
    from event_history
    where hidden_by is null and event_type <> 'retracted' and occurred_at is not null
),
resolutions as (
    select event_id, alert_key, occurred_at
    from visible
    where incident_id is null and event_type = 'alert_resolved'
),
fired as (
    select
        event_id,
        alert_key,
        service_name,
        occurred_at,
        lead(occurred_at) over (partition by alert_key order by occurred_at, event_id) as fired_next_at
    from visible
    where incident_id is null and event_type = 'alert_fired'
),
resolved as (
    select
        fired.event_id as fired_event_id,
        resolutions.event_id,
        resolutions.occurred_at
    from resolutions
    join fired
        on fired.alert_key = resolutions.alert_key
        and resolutions.occurred_at >= fired.occurred_at
        and (fired.fired_next_at is null or resolutions.occurred_at < fired.fired_next_at)
),
endings as (
    select fired_event_id, min(occurred_at) as ended_at
    from resolved
    group by fired_event_id
),
alerts as (
    select fired.event_id, fired.service_name, fired.occurred_at, endings.ended_at
    from fired
    left join endings on endings.fired_event_id = fired.event_id
),
milestones as (
    select
        incident_id,
        min(case when event_type = 'impact_started' then occurred_at end) as impact_started_at,
        max(case when event_type = 'impact_started' then occurred_at end) as impact_started_last_at,
        min(case when event_type in ('detected', 'declared', 'alert_fired') then occurred_at end) as known_at,
        max(case when event_type = 'mitigated' then occurred_at end) as mitigated_at,
        max(case when event_type in ('recovered', 'resolved', 'closed') then occurred_at end) as ended_at
    from visible
    where incident_id is not null
    group by incident_id
),
windows as (
    select
        incident_id,
        coalesce(impact_started_at, known_at) as started_at,
        coalesce(
            case when impact_started_last_at is null or mitigated_at >= impact_started_last_at then mitigated_at end,
            ended_at,
            coalesce(impact_started_last_at, known_at) + interval '1 day'
        ) as ended_at
    from milestones
    where coalesce(impact_started_at, known_at) is not null
),
incident_services as (
    select distinct incident_id, service_name
    from visible
    where incident_id is not null and service_name is not null and event_type <> 'service_unaffected'
),
service_counts as (
    select incident_id, count(*) as services
    from incident_services
    group by incident_id
),
candidates as (
    select
        alerts.event_id,
        windows.incident_id,
        windows.started_at,
        -- one that names no service takes what no other one names
        incident_services.service_name is not null as names_service
    from alerts
    join windows
        on alerts.occurred_at >= windows.started_at - interval '15 minutes'
        and alerts.occurred_at <= windows.ended_at
        and (alerts.ended_at is null or alerts.ended_at >= windows.started_at)
    left join incident_services
        on incident_services.incident_id = windows.incident_id
        and incident_services.service_name = alerts.service_name
    left join service_counts on service_counts.incident_id = windows.incident_id
    where incident_services.service_name is not null
        or alerts.service_name is null
        or service_counts.services is null
),
nearest as (
    select
        event_id,
        incident_id,
        row_number() over (partition by event_id order by names_service desc, started_at desc, incident_id) as choice
    from candidates
),
declared as (
    select event_id, incident_id
    from nearest
    where choice = 1
),
spaced as (
    select
        alerts.event_id,
        coalesce(alerts.service_name, 'unknown') as service_name,
        alerts.occurred_at,
        max(coalesce(alerts.ended_at, alerts.occurred_at)) over (
            partition by coalesce(alerts.service_name, 'unknown') order by alerts.occurred_at, alerts.event_id
            rows between unbounded preceding and 1 preceding
        ) as previous_at
    from alerts
    left join declared on declared.event_id = alerts.event_id
    where declared.event_id is null
),
episodes as (
    select
        event_id,
        service_name,
        occurred_at,
        sum(case when previous_at is null or occurred_at > previous_at + interval '30 minutes' then 1 else 0 end)
            over (partition by service_name order by occurred_at, event_id rows between unbounded preceding and current row)
            as episode
    from spaced
),
named as (
    select
        event_id,
        concat(
            'ALERT-', service_name, '-',
            to_char(min(occurred_at) over (partition by service_name, episode), '%Y%m%dT%H%M')
        ) as incident_id
    from episodes
),
linked as (
    select event_id, incident_id, true as is_declared
    from declared
    union all
    select event_id, incident_id, false as is_declared
    from named
)
select event_id, incident_id, is_declared
from linked
union all
select resolved.event_id, linked.incident_id, linked.is_declared
from resolved
join linked on linked.event_id = resolved.fired_event_id
