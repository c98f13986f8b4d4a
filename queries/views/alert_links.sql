-- question: Which incident does an alert without an incident belong to?
-- grain:    one row per alert event that names no incident
-- reads:    event_history
-- column:   event_id    TEXT the alert
-- column:   incident_id TEXT a declared incident, else `ALERT-<service>-<first alert, UTC>`
-- column:   is_declared BOOLEAN false where alerts form an incident of their own
-- pii:      none
-- A declared incident takes alerts of its services from 15 minutes before its impact until it was
-- mitigated; a record without an end takes them for a day. Other alerts of one service form an
-- incident of their own while they follow each other within 30 minutes.
with visible as (
    select event_id, incident_id, event_type, occurred_at, service_name
    from event_history
    where hidden_by is null and event_type <> 'retracted' and occurred_at is not null
),
alerts as (
    select event_id, occurred_at, service_name
    from visible
    where incident_id is null and event_type in ('alert_fired', 'alert_resolved')
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
    select alerts.event_id, windows.incident_id, windows.started_at
    from alerts
    join windows
        on alerts.occurred_at >= windows.started_at - interval '15 minutes'
        and alerts.occurred_at <= windows.ended_at
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
        row_number() over (partition by event_id order by started_at desc, incident_id) as choice
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
        lag(alerts.occurred_at) over (
            partition by coalesce(alerts.service_name, 'unknown') order by alerts.occurred_at, alerts.event_id
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
)
select event_id, incident_id, true as is_declared
from declared
union all
select event_id, incident_id, false as is_declared
from named
