-- question: Which operations became slow or failed, and by how much more than usual?
-- grain:    one row per service_name and span_name with spans in the impact
-- reads:    spans, event_history
-- param:    impact_start    TIMESTAMP required   inclusive, UTC
-- param:    impact_end      TIMESTAMP required   exclusive, UTC; the as-of while it still hurts
-- param:    baseline_start  TIMESTAMP required   quiet stretch before the impact, inclusive
-- param:    baseline_end    TIMESTAMP required   quiet stretch before the impact, exclusive
-- param:    comparable_days BIGINT    default 4  same clock window 7, 14, 21, 28 days before; 0 to 4
-- column:   service_name            TEXT   OpenTelemetry service.name
-- column:   span_name               TEXT
-- column:   span_kind               TEXT   server, client, producer, consumer, internal; of several, the first by name
-- column:   spans                   BIGINT {span} in the impact
-- column:   failed                  BIGINT {span} with status error
-- column:   failed_share            DOUBLE 0–1
-- column:   baseline_basis          TEXT   comparable_days, quiet_stretch, or null where there is neither
-- column:   baseline_spans          BIGINT {span} pooled
-- column:   baseline_failed_share   DOUBLE 0–1
-- column:   failed_share_rise       DOUBLE
-- column:   p_value                 DOUBLE one-sided: the failed share rose by chance
-- column:   latency_ms_p50          DOUBLE ms
-- column:   latency_ms_p99          DOUBLE ms, exact
-- column:   baseline_latency_ms_p50 DOUBLE ms
-- column:   baseline_latency_ms_p99 DOUBLE ms, exact
-- column:   latency_ratio           DOUBLE of the medians
-- column:   first_failed_at         TIMESTAMP first failed span of the impact
-- order:    failed_share_rise desc nulls last, latency_ratio desc nulls last, service_name nulls last, span_name nulls last
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
        service_name,
        span_name,
        span_kind,
        lower(coalesce(status_code, '')) = 'error' as is_failed,
        duration_ms,
        timestamp,
        case
            when timestamp >= $impact_start then 0
            when timestamp >= $baseline_start then -1
            else (cast($impact_end as bigint) - 1 - cast(timestamp as bigint)) / 604800000000
        end as weeks_before
    from spans
    where (timestamp >= $impact_start and timestamp < $impact_end)
        or (timestamp >= $baseline_start and timestamp < $baseline_end)
        or ($comparable_days >= 1
            and timestamp >= $impact_start - interval '7 days' and timestamp < $impact_end - interval '7 days')
        or ($comparable_days >= 2
            and timestamp >= $impact_start - interval '14 days' and timestamp < $impact_end - interval '14 days')
        or ($comparable_days >= 3
            and timestamp >= $impact_start - interval '21 days' and timestamp < $impact_end - interval '21 days')
        or ($comparable_days >= 4
            and timestamp >= $impact_start - interval '28 days' and timestamp < $impact_end - interval '28 days')
),
totals as (
    select
        service_name,
        span_name,
        min(span_kind) as span_kind,
        count(*) filter (where weeks_before = 0) as spans,
        count(*) filter (where weeks_before = 0 and is_failed) as failed,
        count(*) filter (where weeks_before >= 1) as comparable_spans,
        count(*) filter (where weeks_before >= 1 and is_failed) as comparable_failed,
        count(*) filter (where weeks_before = -1) as quiet_spans,
        count(*) filter (where weeks_before = -1 and is_failed) as quiet_failed,
        percentile_cont(0.5) within group (order by duration_ms) filter (where weeks_before = 0) as latency_ms_p50,
        percentile_cont(0.99) within group (order by duration_ms) filter (where weeks_before = 0) as latency_ms_p99,
        percentile_cont(0.5) within group (order by duration_ms) filter (where weeks_before >= 1) as comparable_ms_p50,
        percentile_cont(0.99) within group (order by duration_ms) filter (where weeks_before >= 1) as comparable_ms_p99,
        percentile_cont(0.5) within group (order by duration_ms) filter (where weeks_before = -1) as quiet_ms_p50,
        percentile_cont(0.99) within group (order by duration_ms) filter (where weeks_before = -1) as quiet_ms_p99,
        min(timestamp) filter (where weeks_before = 0 and is_failed) as first_failed_at
    from staged
    where not exists (select 1 from disturbed where disturbed.weeks_before = staged.weeks_before)
    group by service_name, span_name
),
baselined as (
    select
        *,
        case when comparable_spans > 0 then 'comparable_days' when quiet_spans > 0 then 'quiet_stretch' end
            as baseline_basis,
        case when comparable_spans > 0 then comparable_spans else quiet_spans end as baseline_spans,
        case when comparable_spans > 0 then comparable_failed else quiet_failed end as baseline_failed,
        case when comparable_spans > 0 then comparable_ms_p50 else quiet_ms_p50 end as baseline_latency_ms_p50,
        case when comparable_spans > 0 then comparable_ms_p99 else quiet_ms_p99 end as baseline_latency_ms_p99
    from totals
    where spans > 0
)
select
    service_name,
    span_name,
    span_kind,
    spans,
    failed,
    cast(failed as double) / spans as failed_share,
    baseline_basis,
    nullif(baseline_spans, 0) as baseline_spans,
    cast(baseline_failed as double) / nullif(baseline_spans, 0) as baseline_failed_share,
    cast(failed as double) / spans - cast(baseline_failed as double) / nullif(baseline_spans, 0) as failed_share_rise,
    case when baseline_spans > 0 then share_rise_p(failed, spans, baseline_failed, baseline_spans) end as p_value,
    latency_ms_p50,
    latency_ms_p99,
    baseline_latency_ms_p50,
    baseline_latency_ms_p99,
    latency_ms_p50 / nullif(baseline_latency_ms_p50, 0) as latency_ratio,
    first_failed_at
from baselined
order by failed_share_rise desc nulls last, latency_ratio desc nulls last, service_name nulls last, span_name nulls last
