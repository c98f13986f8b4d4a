-- question: How wide was the harm in each minute: services, users, requests?
-- grain:    one row per minute of the window with any request
-- reads:    requests, event_history
-- param:    window_start    TIMESTAMP required   inclusive, UTC, a whole minute
-- param:    window_end      TIMESTAMP required   exclusive, UTC
-- param:    impact_start    TIMESTAMP required   inclusive, UTC
-- param:    impact_end      TIMESTAMP required   exclusive, UTC; the as-of while it still hurts
-- param:    baseline_start  TIMESTAMP required   quiet stretch before the impact, inclusive
-- param:    baseline_end    TIMESTAMP required   quiet stretch before the impact, exclusive
-- param:    comparable_days BIGINT    default 4  same clock window 7, 14, 21, 28 days before; 0 to 4
-- param:    min_effect      DOUBLE    default 0.02  absolute rise of the failed share that counts
-- param:    actions         TEXT      default null  comma-separated key actions whose users are counted; null is all
-- param:    min_requests_per_minute BIGINT default 20  a service with fewer requests in a minute is not judged there
-- param:    max_slowdown    DOUBLE    default 2.0  latency above this multiple of the baseline is degraded
-- param:    min_slowdown_ms DOUBLE    default 50  ms; a smaller slowdown hurts nobody
-- column:   minute              TIMESTAMP start of the minute, UTC
-- column:   services_observed   BIGINT    {service} judged in this minute
-- column:   services_failing    BIGINT    {service} failed share above the own baseline by test (corrected) and by min_effect
-- column:   services_degraded   BIGINT    {service} not failing, but slow
-- column:   failing_services    TEXT      their names, comma-separated; null without any
-- column:   degraded_services   TEXT      their names, comma-separated; null without any
-- column:   requests            BIGINT    {request} where users enter, without bots and probes
-- column:   failed              BIGINT    {request} of those
-- column:   failed_share        DOUBLE    0–1, null without requests
-- column:   users_active        BIGINT    {user} who attempted a key action
-- column:   users_failing       BIGINT    {user} with a failed attempt; the sum over minutes is user-minutes of harm
-- column:   users_failing_share DOUBLE    0–1, null without users
-- order:    minute
-- pii:      none
with weeks as (
    select *
    from (values
        (1, interval '7 days'), (2, interval '14 days'), (3, interval '21 days'), (4, interval '28 days')
    ) as weeks (weeks_before, ago)
),
disturbed as (
    -- A week whose window an earlier incident touched is no baseline. Records left open are taken for a day.
    -- From the events, not from `incidents`: folding all milestones costs more than the rest of the query.
    select distinct weeks.weeks_before
    from (
        select
            incident_id,
            min(occurred_at) filter (where event_type = 'impact_started') as started_at,
            max(occurred_at) filter (where event_type in ('mitigated', 'recovered')) as ended_at,
            max(occurred_at) filter (where event_type = 'resolved') as resolved_at
        from event_history
        where hidden_by is null and event_type in ('impact_started', 'mitigated', 'recovered', 'resolved')
        group by incident_id
    ) as earlier
    cross join weeks
    where earlier.started_at < $impact_end - weeks.ago
        and coalesce(earlier.ended_at, earlier.resolved_at, earlier.started_at + interval '1 day')
            > $impact_start - weeks.ago
),
staged as (
    -- weeks_before: 1 to 4 the clock window of the impact that many weeks before, -1 the quiet stretch
    select
        service_name,
        is_failed,
        duration_ms,
        case
            when timestamp >= $baseline_start then -1
            else (cast($impact_end as bigint) - 1 - cast(timestamp as bigint)) / 604800000000
        end as weeks_before
    from requests
    where not is_excluded and service_name is not null and (
        (timestamp >= $baseline_start and timestamp < $baseline_end)
        or ($comparable_days >= 1
            and timestamp >= $impact_start - interval '7 days' and timestamp < $impact_end - interval '7 days')
        or ($comparable_days >= 2
            and timestamp >= $impact_start - interval '14 days' and timestamp < $impact_end - interval '14 days')
        or ($comparable_days >= 3
            and timestamp >= $impact_start - interval '21 days' and timestamp < $impact_end - interval '21 days')
        or ($comparable_days >= 4
            and timestamp >= $impact_start - interval '28 days' and timestamp < $impact_end - interval '28 days')
    )
),
usual as (
    select
        service_name,
        count(*) filter (where weeks_before >= 1) as comparable_requests,
        count(*) filter (where weeks_before >= 1 and is_failed) as comparable_failed,
        count(*) filter (where weeks_before = -1) as quiet_requests,
        count(*) filter (where weeks_before = -1 and is_failed) as quiet_failed,
        median(duration_ms) filter (where weeks_before >= 1) as comparable_ms_p50,
        median(duration_ms) filter (where weeks_before = -1) as quiet_ms_p50
    from staged
    where not exists (select 1 from disturbed where disturbed.weeks_before = staged.weeks_before)
    group by service_name
),
baselines as (
    select
        service_name,
        case when comparable_requests > 0 then comparable_requests else quiet_requests end as baseline_requests,
        case when comparable_requests > 0 then comparable_failed else quiet_failed end as baseline_failed,
        case when comparable_requests > 0 then comparable_ms_p50 else quiet_ms_p50 end as baseline_latency_ms_p50
    from usual
),
per_service as (
    select
        service_name,
        date_trunc('minute', timestamp) as minute,
        count(*) as requests,
        count(*) filter (where is_failed) as failed,
        median(duration_ms) as latency_ms_p50
    from requests
    where not is_excluded and service_name is not null
        and timestamp >= $window_start and timestamp < $window_end
    group by service_name, date_trunc('minute', timestamp)
),
enough as (
    -- corrected for the number of judgements in the whole window, so that a quiet day shows none
    select
        per_service.*,
        baselines.baseline_requests,
        baselines.baseline_failed,
        baselines.baseline_latency_ms_p50,
        0.05 / count(*) over () as p_limit
    from per_service
    join baselines on baselines.service_name = per_service.service_name
    where per_service.requests >= $min_requests_per_minute and baselines.baseline_requests > 0
),
judged as (
    select
        minute,
        service_name,
        -- the test is asked only where the effect is large enough: null in, null out
        coalesce(share_rise_p(
            case when failed > 0
                and cast(failed as double) / requests - cast(baseline_failed as double) / baseline_requests >= $min_effect
                then failed end,
            requests, baseline_failed, baseline_requests
        ) < p_limit, false) as is_failing,
        coalesce(
            latency_ms_p50 > $max_slowdown * baseline_latency_ms_p50
            and latency_ms_p50 - baseline_latency_ms_p50 >= $min_slowdown_ms,
            false
        ) as is_slow
    from enough
),
service_minutes as (
    select
        minute,
        count(*) as services_observed,
        count(*) filter (where is_failing) as services_failing,
        count(*) filter (where is_slow and not is_failing) as services_degraded,
        array_to_string(array_agg(service_name order by service_name) filter (where is_failing), ', ')
            as failing_services,
        array_to_string(array_agg(service_name order by service_name) filter (where is_slow and not is_failing), ', ')
            as degraded_services
    from judged
    group by minute
),
user_minutes as (
    select
        date_trunc('minute', timestamp) as minute,
        count(*) as requests,
        count(*) filter (where is_failed) as failed,
        count(distinct user_key) filter (where is_counted) as users_active,
        count(distinct user_key) filter (where is_counted and is_failed) as users_failing
    from (
        select
            timestamp,
            is_failed,
            user_key,
            -- Names hold blanks (`POST /orders`) and may hold commas: the list is searched, not split.
            action is not null and ($actions is null or strpos(
                concat(',', replace($actions, ' ', ''), ','), concat(',', replace(action, ' ', ''), ',')) > 0) as is_counted
        from requests
        where is_entry and not is_excluded and timestamp >= $window_start and timestamp < $window_end
    ) as entries
    group by date_trunc('minute', timestamp)
)
select
    coalesce(user_minutes.minute, service_minutes.minute) as minute,
    coalesce(service_minutes.services_observed, 0) as services_observed,
    coalesce(service_minutes.services_failing, 0) as services_failing,
    coalesce(service_minutes.services_degraded, 0) as services_degraded,
    service_minutes.failing_services,
    service_minutes.degraded_services,
    coalesce(user_minutes.requests, 0) as requests,
    coalesce(user_minutes.failed, 0) as failed,
    cast(user_minutes.failed as double) / user_minutes.requests as failed_share,
    coalesce(user_minutes.users_active, 0) as users_active,
    coalesce(user_minutes.users_failing, 0) as users_failing,
    cast(user_minutes.users_failing as double) / nullif(user_minutes.users_active, 0) as users_failing_share
from user_minutes
full outer join service_minutes on service_minutes.minute = user_minutes.minute
order by minute
