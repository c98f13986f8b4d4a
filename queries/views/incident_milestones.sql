-- question: Which event sets each milestone of an incident, and how exact is it?
-- grain:    one row per incident_id and milestone
-- reads:    incident_events, impact_segments
-- column:   incident_id TEXT
-- column:   milestone   TEXT      impact_started, detected, acknowledged, declared, first_notice, located, mitigated, recovered, resolved, closed
-- column:   event_id    TEXT      the event that won
-- column:   at          TIMESTAMP best single value, UTC
-- column:   at_low      TIMESTAMP earliest, where the source is vague
-- column:   at_high     TIMESTAMP latest, where the source is vague
-- column:   precision   TEXT      exact, minute, day, range, unknown
-- column:   basis       TEXT      declared by people, or alert
-- column:   claims      BIGINT    {event} that claim this milestone; the others stay visible in the timeline
-- pii:      none
with claims as (
    select
        incident_id,
        event_id,
        case event_type
            when 'alert_fired' then 'detected'
            when 'notice_published' then 'first_notice'
            when 'cause_located' then 'located'
            else event_type
        end as milestone,
        coalesce(occurred_at, occurred_at_low, occurred_at_high) as at,
        coalesce(occurred_at_low, occurred_at) as at_low,
        coalesce(
            occurred_at_high,
            case precision
                when 'minute' then occurred_at + interval '59 seconds'
                when 'day' then occurred_at + interval '86399 seconds'
                else occurred_at
            end
        ) as at_high,
        precision,
        case when event_type = 'alert_fired' then 'alert' else 'declared' end as basis
    from incident_events
    where incident_id is not null
        and event_type in (
            'impact_started', 'alert_fired', 'detected', 'acknowledged', 'declared', 'notice_published',
            'cause_located', 'mitigated', 'recovered', 'resolved', 'closed'
        )
        and coalesce(occurred_at, occurred_at_low, occurred_at_high) is not null
        and not (event_type = 'notice_published' and coalesce(attributes['is_public'], 'true') = 'false')
        and not (event_type = 'notice_published' and coalesce(attributes['audience'], 'public') = 'internal')
),
segments as (
    select incident_id, min(started_at) as first_started_at, max(started_at) as last_started_at
    from impact_segments
    group by incident_id
),
reopenings as (
    select incident_id, max(occurred_at) as reopened_at
    from incident_events
    where event_type = 'reopened'
    group by incident_id
),
-- A relief that did not hold sets no milestone, and neither does a resolution before a reopening.
standing as (
    select claims.*
    from claims
    left join segments on segments.incident_id = claims.incident_id
    left join reopenings on reopenings.incident_id = claims.incident_id
    where not (
            claims.milestone in ('mitigated', 'recovered')
            and segments.incident_id is not null
            and claims.at >= segments.first_started_at
            and claims.at < segments.last_started_at
        )
        and not (
            claims.milestone in ('resolved', 'closed')
            and reopenings.reopened_at is not null
            and claims.at < reopenings.reopened_at
        )
),
ranked as (
    select
        *,
        row_number() over (partition by incident_id, milestone order by at, event_id) as nth_first,
        row_number() over (partition by incident_id, milestone order by at desc, event_id desc) as nth_last,
        count(*) over (partition by incident_id, milestone) as claims
    from standing
)
select incident_id, milestone, event_id, at, coalesce(at_low, at) as at_low, at_high, precision, basis, claims
from ranked
where case
    when milestone in ('impact_started', 'detected', 'acknowledged', 'declared', 'first_notice') then nth_first = 1
    else nth_last = 1
end
