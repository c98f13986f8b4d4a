-- question: Which key actions of users did the impact hurt, in which order, and which are proven unaffected?
-- grain:    one row per action with requests in the impact or in its baseline, counted where users enter
-- reads:    requests, event_history
-- param:    impact_start    TIMESTAMP required   inclusive, UTC
-- param:    impact_end      TIMESTAMP required   exclusive, UTC; the as-of while it still hurts
-- param:    baseline_start  TIMESTAMP required   quiet stretch before the impact, inclusive
-- param:    baseline_end    TIMESTAMP required   quiet stretch before the impact, exclusive
-- param:    comparable_days BIGINT    default 4  same clock window 7, 14, 21, 28 days before; 0 to 4
-- param:    min_requests    BIGINT    default 100  fewer requests prove nothing
-- param:    min_effect      DOUBLE    default 0.02  absolute rise of the failed share that counts
-- param:    min_success_ratio DOUBLE  default 0.5  fewer successes than this share of the usual is harm, failures or not
-- param:    max_slowdown    DOUBLE    default 2.0  latency above this multiple of the baseline is degraded
-- param:    min_slowdown_ms DOUBLE    default 50  ms; a smaller slowdown hurts nobody
-- column:   action                  TEXT      key action (fupan.toml)
-- column:   class                   TEXT      affected, degraded, unaffected (a claim), undetermined
-- column:   reason                  TEXT      failing, silent (successes missing), slow, effect_excluded, effect_not_excluded, too_few_requests, starved, no_baseline, no_requests
-- column:   onset_rank              BIGINT    order in which affected and degraded actions fell; null for the others
-- column:   onset_at                TIMESTAMP first failed request of the first failing 10 s (else minute); where only slow, the first slow 10 s
-- column:   requests                BIGINT    {request} in the impact, without bots and probes
-- column:   failed                  BIGINT    {request}
-- column:   failed_share            DOUBLE    0–1, null without requests
-- column:   baseline_basis          TEXT      comparable_days, quiet_stretch, or null where there is neither
-- column:   comparable_days_used    BIGINT    {day}
-- column:   baseline_requests       BIGINT    {request} pooled
-- column:   baseline_failed         BIGINT    {request} pooled
-- column:   baseline_failed_share   DOUBLE    0–1
-- column:   requests_ratio          DOUBLE    requests over what the baseline expects in as long a time
-- column:   successes_ratio         DOUBLE    successes over the mean of the comparable days; null without any
-- column:   rise                    DOUBLE    failed_share − baseline_failed_share
-- column:   rise_high               DOUBLE    upper 95 % bound of the rise
-- column:   p_value                 DOUBLE    one-sided: the share rose by chance
-- column:   p_limit                 DOUBLE    0.05 over the number of actions tested
-- column:   failing_minutes         BIGINT    {min} in which the minute alone is failing, corrected for actions and minutes
-- column:   peak_failed_share       DOUBLE    0–1, worst minute of at least 20 requests
-- column:   peak_at                 TIMESTAMP that minute
-- column:   latency_ms_p50          DOUBLE    ms
-- column:   latency_ms_p99          DOUBLE    ms, exact
-- column:   baseline_latency_ms_p50 DOUBLE    ms
-- column:   baseline_latency_ms_p99 DOUBLE    ms, exact
-- order:    onset_rank nulls last, action
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
    -- weeks_before: 0 the impact, 1 to 4 the same clock window that many weeks before, -1 the quiet stretch
    select
        action,
        is_failed,
        duration_ms,
        case
            when timestamp >= $impact_start then 0
            when timestamp >= $baseline_start then -1
            else (cast($impact_end as bigint) - 1 - cast(timestamp as bigint)) / 604800000000
        end as weeks_before
    from requests
    where is_entry and not is_excluded and action is not null and (
        (timestamp >= $impact_start and timestamp < $impact_end)
        or (timestamp >= $baseline_start and timestamp < $baseline_end)
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
totals as (
    select
        action,
        count(*) filter (where weeks_before = 0) as requests,
        count(*) filter (where weeks_before = 0 and is_failed) as failed,
        count(*) filter (where weeks_before >= 1) as comparable_requests,
        count(*) filter (where weeks_before >= 1 and is_failed) as comparable_failed,
        count(distinct weeks_before) filter (where weeks_before >= 1) as comparable_days_used,
        count(*) filter (where weeks_before = -1) as quiet_requests,
        count(*) filter (where weeks_before = -1 and is_failed) as quiet_failed,
        percentile_cont(0.5) within group (order by duration_ms) filter (where weeks_before = 0) as latency_ms_p50,
        percentile_cont(0.99) within group (order by duration_ms) filter (where weeks_before = 0) as latency_ms_p99,
        percentile_cont(0.5) within group (order by duration_ms) filter (where weeks_before >= 1) as comparable_ms_p50,
        percentile_cont(0.99) within group (order by duration_ms) filter (where weeks_before >= 1) as comparable_ms_p99,
        percentile_cont(0.5) within group (order by duration_ms) filter (where weeks_before = -1) as quiet_ms_p50,
        percentile_cont(0.99) within group (order by duration_ms) filter (where weeks_before = -1) as quiet_ms_p99
    from staged
    where not exists (select 1 from disturbed where disturbed.weeks_before = staged.weeks_before)
    group by action
),
based as (
    select
        *,
        case
            when comparable_requests >= $min_requests then 'comparable_days'
            when quiet_requests >= $min_requests then 'quiet_stretch'
            when comparable_requests > 0 then 'comparable_days'
            when quiet_requests > 0 then 'quiet_stretch'
        end as baseline_basis
    from totals
),
baselined as (
    select
        *,
        case when baseline_basis = 'comparable_days' then comparable_requests else quiet_requests end as baseline_requests,
        case when baseline_basis = 'comparable_days' then comparable_failed else quiet_failed end as baseline_failed,
        case when baseline_basis = 'comparable_days' then comparable_ms_p50 else quiet_ms_p50 end as baseline_latency_ms_p50,
        case when baseline_basis = 'comparable_days' then comparable_ms_p99 else quiet_ms_p99 end as baseline_latency_ms_p99,
        case
            when baseline_basis = 'comparable_days' then cast(comparable_requests as double) / comparable_days_used
            when baseline_basis = 'quiet_stretch'
                then quiet_requests * cast(cast($impact_end as bigint) - cast($impact_start as bigint) as double)
                    / (cast($baseline_end as bigint) - cast($baseline_start as bigint))
        end as expected_requests,
        case when baseline_basis = 'comparable_days'
            then cast(comparable_requests - comparable_failed as double) / comparable_days_used end
            as expected_successes,
        0.05 / nullif(sum(case when requests > 0 and baseline_basis is not null then 1 else 0 end) over (), 0) as p_limit
    from based
),
bins as (
    -- From the guard on, since one action may fall before the impact is declared.
    select
        action,
        cast(timestamp as bigint) / 10000000 as bin_index,
        count(*) as requests,
        count(*) filter (where is_failed) as failed,
        min(timestamp) as first_at,
        min(timestamp) filter (where is_failed) as first_failed_at,
        median(duration_ms) as latency_ms_p50
    from requests
    where is_entry and not is_excluded and action is not null
        and timestamp >= $baseline_end and timestamp < $impact_end
    group by action, cast(timestamp as bigint) / 10000000
),
minutes as (
    select
        action,
        bin_index,
        requests as bin_requests,
        failed as bin_failed,
        first_at as bin_first_at,
        first_failed_at as bin_first_failed_at,
        latency_ms_p50 as bin_latency_ms_p50,
        bin_index / 6 as minute_index,
        bin_index = min(bin_index) over (partition by action, bin_index / 6) as is_first_of_minute,
        sum(requests) over (partition by action, bin_index / 6) as minute_requests,
        sum(failed) over (partition by action, bin_index / 6) as minute_failed,
        min(first_failed_at) over (partition by action, bin_index / 6) as minute_first_failed_at
    from bins
),
tested as (
    select
        baselined.*,
        minutes.bin_index,
        minutes.minute_index,
        minutes.is_first_of_minute,
        minutes.bin_first_at,
        minutes.bin_first_failed_at,
        minutes.minute_first_failed_at,
        case when minutes.minute_requests >= 20
            then cast(minutes.minute_failed as double) / minutes.minute_requests end as minute_failed_share,
        -- the test is asked only where the effect is large enough: null in, null out
        coalesce(share_rise_p(
            case when minutes.bin_failed > 0
                and cast(minutes.bin_failed as double) / minutes.bin_requests
                    - cast(baselined.baseline_failed as double) / nullif(baselined.baseline_requests, 0) >= $min_effect
                then minutes.bin_failed end,
            minutes.bin_requests, baselined.baseline_failed, baselined.baseline_requests
        ) < baselined.p_limit * 10e6 / (cast($impact_end as bigint) - cast($baseline_end as bigint)), false)
            as is_bin_failing,
        coalesce(share_rise_p(
            case when minutes.is_first_of_minute and minutes.minute_failed > 0
                and cast(minutes.minute_failed as double) / minutes.minute_requests
                    - cast(baselined.baseline_failed as double) / nullif(baselined.baseline_requests, 0) >= $min_effect
                then minutes.minute_failed end,
            minutes.minute_requests, baselined.baseline_failed, baselined.baseline_requests
        ) < baselined.p_limit * 60e6 / (cast($impact_end as bigint) - cast($baseline_end as bigint)), false)
            as is_minute_failing,
        minutes.bin_requests >= 5
            and minutes.bin_latency_ms_p50 > $max_slowdown * baselined.baseline_latency_ms_p50
            and minutes.bin_latency_ms_p50 - baselined.baseline_latency_ms_p50 >= $min_slowdown_ms as is_bin_slow
    from baselined
    left join minutes on minutes.action = baselined.action
),
summarised as (
    select
        *,
        min(case when is_bin_failing then bin_first_failed_at end) over (partition by action) as bin_failing_at,
        min(case when is_minute_failing then minute_first_failed_at end) over (partition by action)
            as minute_failing_at,
        sum(case when is_minute_failing then 1 else 0 end) over (partition by action)
            as failing_minutes,
        min(case when is_bin_slow then bin_first_at end) over (partition by action) as slow_at,
        -- the first row of each service is its worst minute
        row_number() over (
            partition by action order by minute_failed_share desc nulls last, bin_index
        ) as place
    from tested
),
measured as (
    select
        *,
        cast(failed as double) / nullif(requests, 0) as failed_share,
        cast(baseline_failed as double) / nullif(baseline_requests, 0) as baseline_failed_share,
        cast(failed as double) / nullif(requests, 0)
            - cast(baseline_failed as double) / nullif(baseline_requests, 0) as rise,
        requests / nullif(expected_requests, 0) as requests_ratio,
        (requests - failed) / nullif(expected_successes, 0) as successes_ratio,
        case when requests > 0 and baseline_requests > 0
            then share_rise_high(failed, requests, baseline_failed, baseline_requests) end as rise_high,
        case when requests > 0 and baseline_requests > 0
            then share_rise_p(failed, requests, baseline_failed, baseline_requests) end as p_value,
        (latency_ms_p50 > $max_slowdown * baseline_latency_ms_p50
            and latency_ms_p50 - baseline_latency_ms_p50 >= $min_slowdown_ms
            and requests >= $min_requests and baseline_requests >= $min_requests)
        -- the tail of a few hundred requests is mostly chance
        or (latency_ms_p99 > $max_slowdown * baseline_latency_ms_p99
            and latency_ms_p99 - baseline_latency_ms_p99 >= $min_slowdown_ms
            and requests >= 10 * $min_requests and baseline_requests >= 10 * $min_requests) as is_slow
    from summarised
    where place = 1
),
judged as (
    select
        *,
        case
            when baseline_basis is null then 'no_baseline'
            when (p_value < p_limit and rise >= $min_effect) or failing_minutes >= 3 then 'failing'
            -- a circuit breaker makes failures vanish while the harm is total
            when expected_successes >= $min_requests and successes_ratio < $min_success_ratio then 'silent'
            when requests = 0 then 'no_requests'
            when is_slow then 'slow'
            when requests < $min_requests or baseline_requests < $min_requests then 'too_few_requests'
            when requests_ratio < $min_success_ratio then 'starved'
            when rise_high >= $min_effect or failing_minutes > 0 then 'effect_not_excluded'
            else 'effect_excluded'
        end as reason
    from measured
),
placed as (
    select
        *,
        case reason
            when 'failing' then 'affected'
            when 'silent' then 'affected'
            when 'slow' then 'degraded'
            when 'effect_excluded' then 'unaffected'
            else 'undetermined'
        end as class,
        case reason
            when 'failing' then coalesce(bin_failing_at, minute_failing_at)
            when 'silent' then coalesce(bin_failing_at, minute_failing_at, slow_at)
            when 'slow' then slow_at
        end as onset_at
    from judged
)
select
    action,
    class,
    reason,
    case when onset_at is not null
        then cast(rank() over (order by onset_at nulls last) as bigint) end as onset_rank,
    onset_at,
    requests,
    failed,
    failed_share,
    baseline_basis,
    comparable_days_used,
    case when baseline_basis is not null then baseline_requests end as baseline_requests,
    case when baseline_basis is not null then baseline_failed end as baseline_failed,
    baseline_failed_share,
    requests_ratio,
    successes_ratio,
    rise,
    rise_high,
    p_value,
    p_limit,
    failing_minutes,
    case when minute_failed_share > 0 then minute_failed_share end as peak_failed_share,
    case when minute_failed_share > 0
        then to_timestamp_micros(minute_index * 60000000) end as peak_at,
    latency_ms_p50,
    latency_ms_p99,
    baseline_latency_ms_p50,
    baseline_latency_ms_p99
from placed
order by onset_rank nulls last, action
