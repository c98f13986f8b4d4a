-- question: Which kinds of log lines are new, surging or vanished since the onset?
-- grain:    one row per shape_id (stateless hash of the masked body) that is new, surging or vanished
-- reads:    logs, log_templates, event_history
-- param:    impact_start    TIMESTAMP required   inclusive, UTC
-- param:    impact_end      TIMESTAMP required   exclusive, UTC; the as-of while it still hurts
-- param:    baseline_start  TIMESTAMP required   quiet stretch before the impact, inclusive
-- param:    baseline_end    TIMESTAMP required   quiet stretch before the impact, exclusive
-- param:    comparable_days BIGINT    default 4  same clock window 7, 14, 21, 28 days before; 0 to 4
-- param:    min_records BIGINT default 10  fewer records than this, now or expected, prove nothing
-- param:    min_ratio   DOUBLE default 3.0  a surge is this multiple of what all logs together grew by
-- param:    around_seconds DOUBLE default 600  s of the impact, from its start, that departure looks at
-- column:   shape_id             BIGINT
-- column:   class                TEXT      new, surging, vanished
-- column:   template             TEXT      the shape with its variable parts masked
-- column:   example_body         TEXT      one body, from the impact where there is one
-- column:   severity_number      BIGINT    highest, OpenTelemetry 1–24, 17 and above is an error
-- column:   services             TEXT      service names in the impact (else in the baseline), comma-separated
-- column:   records              BIGINT    {record} in the impact
-- column:   records_per_minute   DOUBLE    {record}/min in the impact
-- column:   baseline_per_minute  DOUBLE    {record}/min: the higher of quiet stretch and median comparable day
-- column:   ratio                DOUBLE    records_per_minute over baseline_per_minute; null where that is 0
-- column:   growth_ratio         DOUBLE    ratio over the median ratio of all shapes: 1 grew like everything else
-- column:   chi_square           DOUBLE    (records − expected)² / expected, at least 1; 25 is five standard deviations
-- column:   departure            DOUBLE    robust, of the records per minute; the weaker of quiet stretch and comparable days
-- column:   comparable_days_used BIGINT    {day} with logs and without an earlier incident
-- column:   first_at             TIMESTAMP first record from the guard on; null where none
-- column:   last_at              TIMESTAMP last record of the impact
-- column:   peak_minute          TIMESTAMP minute with most records
-- column:   onset_at             TIMESTAMP new: first record; surging: first minute at min_ratio times the usual; vanished: last record
-- column:   onset_offset_seconds DOUBLE    s, onset_at − impact_start; negative is before users were hurt
-- order:    chi_square desc, shape_id
-- pii:      example_body
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
    -- weeks_before: 0 the impact, -2 the guard before it, 1 to 4 the same clock window that many weeks before,
    -- -1 the quiet stretch
    select
        shape_id,
        service_name,
        severity_number,
        body,
        timestamp,
        case
            when timestamp >= $impact_start then 0
            when timestamp >= $baseline_end then -2
            when timestamp >= $baseline_start then -1
            else (cast($impact_end as bigint) - 1 - cast(timestamp as bigint)) / 604800000000
        end as weeks_before
    from logs
    where shape_id is not null and (
        (timestamp >= $baseline_start and timestamp < $impact_end)
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
cells as (
    select
        shape_id,
        service_name,
        weeks_before,
        cast(timestamp as bigint) / 60000000 as minute_index,
        count(*) as records,
        max(severity_number) as severity_number,
        min(body) as body,
        min(timestamp) as first_at,
        max(timestamp) as last_at
    from staged
    where not exists (select 1 from disturbed where disturbed.weeks_before = staged.weeks_before)
    group by
        shape_id,
        service_name,
        weeks_before,
        cast(timestamp as bigint) / 60000000
),
with_context as (
    select
        *,
        sum(records) over (partition by shape_id, minute_index) as minute_records,
        row_number() over (partition by shape_id, weeks_before, minute_index order by service_name nulls last) = 1
            as is_first_of_minute,
        max(case when weeks_before = 1 then 1 else 0 end) over ()
            + max(case when weeks_before = 2 then 1 else 0 end) over ()
            + max(case when weeks_before = 3 then 1 else 0 end) over ()
            + max(case when weeks_before = 4 then 1 else 0 end) over () as comparable_days_used,
        sum(case when weeks_before = -1 then records else 0 end) over (partition by shape_id) as quiet_records,
        sum(case when weeks_before = 1 then records else 0 end) over (partition by shape_id) as week_1,
        sum(case when weeks_before = 2 then records else 0 end) over (partition by shape_id) as week_2,
        sum(case when weeks_before = 3 then records else 0 end) over (partition by shape_id) as week_3,
        sum(case when weeks_before = 4 then records else 0 end) over (partition by shape_id) as week_4,
        sum(case when weeks_before = -1 then records else 0 end) over () as quiet_records_of_all,
        weeks_before = 0 and minute_index
            < (cast($impact_start as bigint) + cast($around_seconds * 1e6 as bigint)) / 60000000 as is_around,
        least(
            cast(cast($impact_end as bigint) - cast($impact_start as bigint) as double) / 60e6, $around_seconds / 60
        ) as around_minutes,
        cast(cast($baseline_end as bigint) - cast($baseline_start as bigint) as double) / 60e6 as quiet_minutes,
        cast(cast($impact_end as bigint) - cast($impact_start as bigint) as double) / 60e6 as impact_minutes
    from cells
),
with_sums as (
    select
        *,
        quiet_records / quiet_minutes as quiet_per_minute,
        week_1 + week_2 + week_3 + week_4 as weeks_sum,
        greatest(week_1, week_2, week_3, week_4) as weeks_max,
        -- the lowest of the days used; a day without this shape counts as zero
        case
            when (case when week_1 > 0 then 1 else 0 end) + (case when week_2 > 0 then 1 else 0 end)
                + (case when week_3 > 0 then 1 else 0 end) + (case when week_4 > 0 then 1 else 0 end)
                < comparable_days_used then 0
            else least(nullif(week_1, 0), nullif(week_2, 0), nullif(week_3, 0), nullif(week_4, 0))
        end as weeks_min
    from with_context
),
based as (
    select
        *,
        -- the median of up to four days
        case comparable_days_used
            when 4 then (weeks_sum - weeks_max - weeks_min) / 2.0
            when 3 then cast(weeks_sum - weeks_max - weeks_min as double)
            when 2 then weeks_sum / 2.0
            when 1 then cast(weeks_sum as double)
        end / impact_minutes as comparable_per_minute
    from with_sums
),
usual as (
    select
        *,
        greatest(case when quiet_records_of_all > 0 then quiet_per_minute end, comparable_per_minute)
            as baseline_per_minute,
        least(case when quiet_records_of_all > 0 then quiet_per_minute end, comparable_per_minute)
            as baseline_low_per_minute
    from based
),
per_shape as (
    select
        shape_id,
        coalesce(min(body) filter (where weeks_before = 0), min(body) filter (where weeks_before = -2), min(body))
            as example_body,
        cast(max(severity_number) as bigint) as severity_number,
        coalesce(
            nullif(array_to_string(array_agg(distinct service_name order by service_name)
                filter (where weeks_before in (0, -2)), ', '), ''),
            nullif(array_to_string(array_agg(distinct service_name order by service_name), ', '), '')
        ) as services,
        coalesce(sum(records) filter (where weeks_before = 0), 0) as records,
        max(impact_minutes) as impact_minutes,
        max(baseline_per_minute) as baseline_per_minute,
        max(baseline_low_per_minute) as baseline_low_per_minute,
        max(quiet_records + weeks_sum) as baseline_records,
        max(comparable_days_used) as comparable_days_used,
        min(first_at) filter (where weeks_before in (0, -2)) as first_at,
        max(last_at) filter (where weeks_before in (0, -2)) as last_at,
        max(last_at) filter (where weeks_before <= 0) as last_seen_at,
        first_value(minute_index order by minute_records desc, minute_index)
            filter (where weeks_before in (0, -2)) as peak_minute,
        min(minute_index) filter (
            where weeks_before in (0, -2) and minute_records >= $min_ratio * baseline_per_minute and minute_records >= 3
        ) as surge_minute,
        max(quiet_records_of_all) as quiet_records_of_all,
        max(quiet_minutes) as quiet_minutes,
        -- nulls stand for other minutes; departure() passes over them
        array_agg(case when is_around and is_first_of_minute then cast(minute_records as double) end)
            as impact_counts,
        array_agg(case when weeks_before = -1 and is_first_of_minute then cast(minute_records as double) end)
            as quiet_counts,
        array_agg(case when weeks_before >= 1 and is_first_of_minute then cast(minute_records as double) end)
            as comparable_counts,
        max(around_minutes) as around_minutes,
        count(*) filter (where is_around and is_first_of_minute) as impact_minutes_with,
        count(*) filter (where weeks_before = -1 and is_first_of_minute) as quiet_minutes_with,
        count(*) filter (where weeks_before >= 1 and is_first_of_minute) as comparable_minutes_with
    from usual
    group by shape_id
),
compared as (
    select
        *,
        records / impact_minutes as records_per_minute,
        records / impact_minutes / nullif(baseline_per_minute, 0) as ratio,
        -- what is absent from most minutes has a median of zero
        case when impact_minutes_with * 2 > around_minutes then impact_counts else make_array(0.0) end as impact_series,
        case
            when quiet_minutes_with * 2 > quiet_minutes then quiet_counts
            when quiet_records_of_all > 0 then make_array(0.0, 0.0, 0.0)
        end as quiet_series,
        case
            when comparable_minutes_with * 2 > comparable_days_used * impact_minutes then comparable_counts
            when comparable_days_used > 0 then make_array(0.0, 0.0, 0.0)
        end as comparable_series,
        -- what everything grew by: a busy hour is no surge
        greatest(median(case when records > 0 then records / impact_minutes / nullif(baseline_per_minute, 0) end)
            over (), 1.0) as growth
    from per_shape
),
scored as (
    select
        *,
        ratio / coalesce(growth, 1.0) as growth_ratio,
        baseline_per_minute * impact_minutes * coalesce(growth, 1.0) as expected,
        baseline_low_per_minute * impact_minutes as expected_low,
        departure(quiet_series, impact_series) as departure_quiet,
        departure(comparable_series, impact_series) as departure_comparable
    from compared
),
tested as (
    select
        *,
        (records - expected) * (records - expected) / greatest(expected, 1.0) as chi_square,
        (records - expected_low) * (records - expected_low) / greatest(expected_low, 1.0) as chi_square_low,
        case
            when departure_comparable is null then departure_quiet
            when departure_quiet is null then departure_comparable
            when departure_quiet > 0 and departure_comparable > 0 then least(departure_quiet, departure_comparable)
            when departure_quiet < 0 and departure_comparable < 0 then greatest(departure_quiet, departure_comparable)
            else 0.0
        end as departure
    from scored
),
judged as (
    select
        *,
        case
            when baseline_records = 0 and baseline_per_minute is not null
                and (records >= $min_records or (severity_number >= 17 and records >= 3)) then 'new'
            when baseline_records > 0 and records >= $min_records and growth_ratio >= $min_ratio and chi_square >= 25
                then 'surging'
            when expected_low >= $min_records and records <= 0.1 * expected_low and chi_square_low >= 25 then 'vanished'
        end as class
    from tested
),
dated as (
    select
        *,
        case class
            when 'new' then first_at
            when 'surging' then to_timestamp_micros(surge_minute * 60000000)
            when 'vanished' then last_seen_at
        end as onset_at
    from judged
    where class is not null
)
select
    dated.shape_id,
    dated.class,
    templates.template,
    dated.example_body,
    dated.severity_number,
    dated.services,
    dated.records,
    dated.records_per_minute,
    dated.baseline_per_minute,
    dated.ratio,
    dated.growth_ratio,
    case when dated.class = 'vanished' then dated.chi_square_low else dated.chi_square end as chi_square,
    dated.departure,
    dated.comparable_days_used,
    dated.first_at,
    dated.last_at,
    to_timestamp_micros(dated.peak_minute * 60000000) as peak_minute,
    dated.onset_at,
    (cast(dated.onset_at as bigint) - cast($impact_start as bigint)) / 1e6 as onset_offset_seconds
from dated
left join (
    select shape_id, min(template) as template from log_templates group by shape_id
) as templates on templates.shape_id = dated.shape_id
order by chi_square desc, shape_id
