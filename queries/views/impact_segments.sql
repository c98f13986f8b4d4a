-- question: When did each incident hurt users, from when to when?
-- grain:    one row per incident_id and stretch of harm, as people declared it
-- reads:    incident_events
-- column:   incident_id      TEXT
-- column:   segment          BIGINT    1-based, in order of time
-- column:   started_at       TIMESTAMP UTC
-- column:   started_event_id TEXT      the event that says so
-- column:   ended_at         TIMESTAMP null while it hurts
-- column:   ended_event_id   TEXT
-- column:   ended_basis      TEXT      mitigated, or recovered where nobody said mitigated
-- column:   duration_seconds DOUBLE    s, null while it hurts
-- pii:      none
-- A new segment begins with an impact_started after a mitigated or recovered; two people who both
-- name a start speak of one segment, and its earliest start counts.
with marks as (
    select
        incident_id,
        event_id,
        event_type,
        coalesce(occurred_at, occurred_at_low, occurred_at_high) as at
    from incident_events
    where incident_id is not null
        and event_type in ('impact_started', 'mitigated', 'recovered')
        and coalesce(occurred_at, occurred_at_low, occurred_at_high) is not null
),
chained as (
    select
        *,
        lag(event_type) over (partition by incident_id order by at, event_type, event_id) as previous_type
    from marks
),
numbered as (
    select
        *,
        sum(case
            when event_type = 'impact_started' and coalesce(previous_type, 'none') <> 'impact_started' then 1
            else 0
        end) over (
            partition by incident_id order by at, event_type, event_id
            rows between unbounded preceding and current row
        ) as segment
    from chained
),
ranked as (
    select
        *,
        row_number() over (
            partition by incident_id, segment, event_type order by at, event_id
        ) as nth_first,
        row_number() over (
            partition by incident_id, segment, event_type order by at desc, event_id desc
        ) as nth_last
    from numbered
    where segment > 0
),
folded as (
    select
        incident_id,
        segment,
        max(case when event_type = 'impact_started' and nth_first = 1 then at end) as started_at,
        max(case when event_type = 'impact_started' and nth_first = 1 then event_id end) as started_event_id,
        max(case when event_type = 'mitigated' and nth_last = 1 then at end) as mitigated_at,
        max(case when event_type = 'mitigated' and nth_last = 1 then event_id end) as mitigated_event_id,
        max(case when event_type = 'recovered' and nth_last = 1 then at end) as recovered_at,
        max(case when event_type = 'recovered' and nth_last = 1 then event_id end) as recovered_event_id
    from ranked
    group by incident_id, segment
)
select
    incident_id,
    segment,
    started_at,
    started_event_id,
    coalesce(mitigated_at, recovered_at) as ended_at,
    case when mitigated_at is not null then mitigated_event_id else recovered_event_id end as ended_event_id,
    case when mitigated_at is not null then 'mitigated' when recovered_at is not null then 'recovered' end as ended_basis,
    seconds_between(started_at, coalesce(mitigated_at, recovered_at)) as duration_seconds
from folded
