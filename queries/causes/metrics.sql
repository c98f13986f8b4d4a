-- question: Which metric series departed from their own baseline around the onset, and before or after users were hurt?
-- grain:    one row per series_id with points around the onset and a baseline; histogram buckets are left out
-- reads:    metrics, event_history
-- param:    impact_start    TIMESTAMP required   inclusive, UTC
-- param:    impact_end      TIMESTAMP required   exclusive, UTC; the as-of while it still hurts
-- param:    baseline_start  TIMESTAMP required   quiet stretch before the impact, inclusive
-- param:    baseline_end    TIMESTAMP required   quiet stretch before the impact, exclusive
-- param:    comparable_days BIGINT    default 4  same clock window 7, 14, 21, 28 days before; 0 to 4
-- param:    around_seconds DOUBLE default 600  s of the impact, from its start, that are compared
-- column:   series_id             BIGINT    hash of name and attributes
-- column:   metric_name           TEXT
-- column:   service_name          TEXT      OpenTelemetry service.name
-- column:   host_name             TEXT
-- column:   attributes            TEXT      the first four other labels, key=value, comma-separated
-- column:   unit                  TEXT      UCUM; of a counter, the unit of what is counted
-- column:   is_rate               BOOLEAN   a cumulative counter: all values are increases per second
-- column:   median_quiet          DOUBLE    in the quiet stretch
-- column:   median_comparable     DOUBLE    around the onset's clock time on comparable days; null without any
-- column:   median_impact         DOUBLE    from two minutes before the impact to around_seconds into it
-- column:   max_impact            DOUBLE    in that time
-- column:   points_impact         BIGINT    {point}
-- column:   departure_quiet       DOUBLE    robust: against the quiet stretch; negative is a fall
-- column:   departure_comparable  DOUBLE    robust: against comparable days
-- column:   departure             DOUBLE    the weaker of both, 0 where they disagree: a daily peak is no departure
-- column:   comparable_days_used  BIGINT    {day}
-- column:   onset_at              TIMESTAMP first instant away from the quiet stretch, from the guard on
-- column:   onset_offset_seconds  DOUBLE    s, onset_at − impact_start; negative is before users were hurt
-- order:    greatest(departure, -departure) desc nulls last, metric_name, service_name nulls last, host_name nulls last, series_id
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
    -- weeks_before: 0 from the guard to around the onset, 1 to 4 the clock time around the onset that many weeks
    -- before, -1 the quiet stretch
    select
        series_id,
        metric_name,
        service_name,
        host_name,
        unit,
        metric_type,
        temporality,
        attributes,
        value,
        timestamp,
        case
            when timestamp >= $baseline_end then 0
            when timestamp >= $baseline_start then -1
            else (cast($impact_end as bigint) - 1 - cast(timestamp as bigint)) / 604800000000
        end as weeks_before
    from metrics
    where value is not null and value <> cast('NaN' as double)
        and metric_name not like '%\_bucket' and (
        (timestamp >= $baseline_start and timestamp < $impact_end
            and cast(timestamp as bigint) < cast($impact_start as bigint) + cast($around_seconds * 1e6 as bigint))
        or ($comparable_days >= 1
            and timestamp >= $impact_start - interval '2 minutes' - interval '7 days'
            and timestamp < $impact_end - interval '7 days')
        or ($comparable_days >= 2
            and timestamp >= $impact_start - interval '2 minutes' - interval '14 days'
            and timestamp < $impact_end - interval '14 days')
        or ($comparable_days >= 3
            and timestamp >= $impact_start - interval '2 minutes' - interval '21 days'
            and timestamp < $impact_end - interval '21 days')
        or ($comparable_days >= 4
            and timestamp >= $impact_start - interval '2 minutes' - interval '28 days'
            and timestamp < $impact_end - interval '28 days')
    )
),
stepped as (
    select
        *,
        value - lag(value) over (partition by series_id, weeks_before order by timestamp) as step,
        cast(cast(timestamp as bigint)
            - lag(cast(timestamp as bigint)) over (partition by series_id, weeks_before order by timestamp) as double)
            / 1e6 as step_seconds,
        coalesce(temporality, 'cumulative') = 'cumulative'
            and (coalesce(metric_type, '') in ('sum', 'counter') or regexp_like(metric_name, '[._](total|count|sum)$'))
            as is_counter_like
    from staged
    where not exists (select 1 from disturbed where disturbed.weeks_before = staged.weeks_before)
        -- the part of the comparable day that lies around the onset
        and (weeks_before < 1
            or (cast(timestamp as bigint) - cast($impact_start as bigint) + 2419200000000 + 120000000) % 604800000000
                < cast($around_seconds * 1e6 as bigint) + 120000000)
),
counters as (
    -- what also falls is a level, whatever its name says; one fall in a hundred may be a restart
    select
        *,
        is_counter_like
            and sum(case when step < 0 then 1.0 else 0.0 end) over (partition by series_id)
                <= 0.01 * count(step) over (partition by series_id) + 1 as is_rate
    from stepped
),
valued as (
    select
        *,
        case
            when not is_rate then value
            when step >= 0 and step_seconds > 0 then step / step_seconds
        end as measured,
        weeks_before = 0 and cast(timestamp as bigint) >= cast($impact_start as bigint) - 120000000 as is_around
    from counters
),
series as (
    select
        series_id,
        min(metric_name) as metric_name,
        min(service_name) as service_name,
        min(host_name) as host_name,
        min(unit) as unit,
        bool_or(is_rate) as is_rate,
        first_value(attributes order by timestamp desc) as attributes,
        median(measured) filter (where weeks_before = -1) as median_quiet,
        median(measured) filter (where weeks_before >= 1) as median_comparable,
        median(measured) filter (where is_around) as median_impact,
        max(measured) filter (where is_around) as max_impact,
        count(measured) filter (where is_around) as points_impact,
        count(measured) filter (where weeks_before = -1) as points_quiet,
        count(measured) filter (where weeks_before >= 1) as points_comparable,
        count(distinct weeks_before) filter (where weeks_before >= 1) as comparable_days_used,
        array_agg(measured order by timestamp) filter (where weeks_before = -1) as values_quiet,
        array_agg(measured order by timestamp) filter (where weeks_before >= 1) as values_comparable,
        array_agg(measured order by timestamp) filter (where is_around) as values_impact,
        array_agg(measured order by timestamp) filter (where weeks_before = 0) as values_from_guard,
        array_agg(cast(timestamp as bigint) order by timestamp) filter (where weeks_before = 0) as times_from_guard
    from valued
    where measured is not null
    group by series_id
),
departed as (
    select
        *,
        case when points_quiet > 0 then departure(values_quiet, values_impact) end as departure_quiet,
        case when points_comparable > 0 then departure(values_comparable, values_impact) end as departure_comparable,
        case when points_quiet > 0 then onset(times_from_guard, values_from_guard, values_quiet) end as onset_us
    from series
    where points_impact > 0 and (points_quiet > 0 or points_comparable > 0)
),
weighed as (
    select
        *,
        case
            when departure_comparable is null then departure_quiet
            when departure_quiet is null then departure_comparable
            when departure_quiet > 0 and departure_comparable > 0 then least(departure_quiet, departure_comparable)
            when departure_quiet < 0 and departure_comparable < 0 then greatest(departure_quiet, departure_comparable)
            else 0.0
        end as departure
    from departed
)
select
    series_id,
    metric_name,
    service_name,
    host_name,
    nullif(concat_ws(
        ', ',
        map_keys(attributes)[1] || '=' || map_values(attributes)[1],
        map_keys(attributes)[2] || '=' || map_values(attributes)[2],
        map_keys(attributes)[3] || '=' || map_values(attributes)[3],
        map_keys(attributes)[4] || '=' || map_values(attributes)[4]
    ), '') as attributes,
    unit,
    is_rate,
    median_quiet,
    median_comparable,
    median_impact,
    max_impact,
    points_impact,
    departure_quiet,
    departure_comparable,
    departure,
    comparable_days_used,
    to_timestamp_micros(onset_us) as onset_at,
    (onset_us - cast($impact_start as bigint)) / 1e6 as onset_offset_seconds
from weighed
order by greatest(departure, -departure) desc nulls last, metric_name, service_name nulls last, host_name nulls last, series_id
