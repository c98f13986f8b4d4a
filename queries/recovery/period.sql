-- question: How long did incidents hurt in this period, how sure can we be, and which are left out?
-- grain:    one row per kind of incident and duration; kinds are never mixed
-- reads:    incidents, grades
-- param:    window_start   TIMESTAMP required      impact began at or after, inclusive, UTC
-- param:    window_end     TIMESTAMP required      impact began before, exclusive, UTC
-- param:    target_seconds DOUBLE    default null  s; null for the target of the incident's grade
-- column:   kind                TEXT
-- column:   duration            TEXT   time_to_detect_seconds, time_to_acknowledge_seconds, time_to_locate_seconds, time_to_mitigate_seconds (headline), time_to_recover_seconds, record_open_seconds (of the record, not of the harm)
-- column:   basis               TEXT   declared: from the times that people recorded; a report also observes begin and end in the telemetry
-- column:   incidents           BIGINT {incident} that began in the period
-- column:   n                   BIGINT {incident} with this duration
-- column:   n_open              BIGINT {incident} still hurting; left out of the durations
-- column:   n_excluded          BIGINT {incident} left out for another reason
-- column:   excluded_missing    BIGINT {incident} of them: a milestone is missing
-- column:   excluded_contradictory BIGINT {incident} of them: milestones out of order
-- column:   n_with_target       BIGINT {incident} with this duration and a target
-- column:   n_within_target     BIGINT {incident}
-- column:   share_within_target DOUBLE 0-1, null without a target
-- column:   share_within_target_low  DOUBLE 95 % score interval (Wilson)
-- column:   share_within_target_high DOUBLE
-- column:   seconds_p50         DOUBLE s, exact
-- column:   seconds_p50_low     DOUBLE s, exact 95 % order-statistic interval; null under 6 values
-- column:   seconds_p50_high    DOUBLE s
-- column:   seconds_p90         DOUBLE s; null under 36 values
-- column:   seconds_p90_low     DOUBLE s, exact 95 % order-statistic interval; null under 36 values
-- column:   seconds_p90_high    DOUBLE s
-- column:   seconds_worst       DOUBLE[] s, the three longest, longest first
-- column:   seconds_mean        DOUBLE s; never alone
-- column:   seconds_all         DOUBLE[] s, sorted, under 6 values; null from 6 on
-- order:    kind, duration
-- pii:      none
with in_window as (
    select
        kind,
        grade,
        is_hurting,
        impact_started_at,
        detected_at,
        acknowledged_at,
        declared_at,
        located_at,
        mitigated_at,
        recovered_at,
        resolved_at,
        time_to_detect_seconds,
        time_to_acknowledge_seconds,
        time_to_locate_seconds,
        time_to_mitigate_seconds,
        time_to_recover_seconds,
        record_open_seconds
    from incidents
    where coalesce(impact_started_at, detected_at, declared_at, first_notice_at) >= $window_start
        and coalesce(impact_started_at, detected_at, declared_at, first_notice_at) < $window_end
        and merged_into is null
),
long as (
    select kind, grade, is_hurting, 'time_to_detect_seconds' as duration, time_to_detect_seconds as seconds,
        impact_started_at is null or detected_at is null as is_missing
    from in_window
    union all
    select kind, grade, is_hurting, 'time_to_acknowledge_seconds' as duration, time_to_acknowledge_seconds as seconds,
        detected_at is null or acknowledged_at is null as is_missing
    from in_window
    union all
    select kind, grade, is_hurting, 'time_to_locate_seconds' as duration, time_to_locate_seconds as seconds,
        impact_started_at is null or located_at is null as is_missing
    from in_window
    union all
    select kind, grade, is_hurting, 'time_to_mitigate_seconds' as duration, time_to_mitigate_seconds as seconds,
        impact_started_at is null or mitigated_at is null as is_missing
    from in_window
    union all
    select kind, grade, is_hurting, 'time_to_recover_seconds' as duration, time_to_recover_seconds as seconds,
        impact_started_at is null or recovered_at is null as is_missing
    from in_window
    union all
    select kind, grade, is_hurting, 'record_open_seconds' as duration, record_open_seconds as seconds,
        declared_at is null or resolved_at is null as is_missing
    from in_window
),
targeted as (
    select
        long.*,
        coalesce(
            $target_seconds,
            cast(case duration
                when 'time_to_detect_seconds' then grades.detect_seconds_max
                when 'time_to_locate_seconds' then grades.locate_seconds_max
                when 'time_to_mitigate_seconds' then grades.mitigate_seconds_max
            end as double)
        ) as target_seconds
    from long
    left join grades on grades.grade = long.grade
),
folded as (
    select
        kind,
        duration,
        count(*) as incidents,
        count(seconds) as n,
        count(*) filter (where seconds is null and is_hurting) as n_open,
        count(*) filter (where seconds is null and not is_hurting) as n_excluded,
        count(*) filter (where seconds is null and not is_hurting and is_missing) as excluded_missing,
        count(*) filter (where seconds is null and not is_hurting and not is_missing) as excluded_contradictory,
        count(*) filter (where seconds is not null and target_seconds is not null) as n_with_target,
        count(*) filter (where seconds <= target_seconds) as n_within_target,
        percentile_cont(seconds, 0.5) as seconds_p50,
        percentile_cont(seconds, 0.9) as seconds_p90,
        avg(seconds) as seconds_mean,
        array_agg(seconds order by seconds) filter (where seconds is not null) as seconds_sorted,
        array_slice(array_agg(seconds order by seconds desc) filter (where seconds is not null), 1, 3) as seconds_worst
    from targeted
    group by kind, duration
)
select
    kind,
    duration,
    'declared' as basis,
    incidents,
    n,
    n_open,
    n_excluded,
    excluded_missing,
    excluded_contradictory,
    n_with_target,
    n_within_target,
    case when n_with_target > 0 then n_within_target / cast(n_with_target as double) end as share_within_target,
    wilson_low(n_within_target, n_with_target) as share_within_target_low,
    wilson_high(n_within_target, n_with_target) as share_within_target_high,
    seconds_p50,
    median_low(seconds_sorted) as seconds_p50_low,
    median_high(seconds_sorted) as seconds_p50_high,
    case when n >= 36 then seconds_p90 end as seconds_p90,
    p90_low(seconds_sorted) as seconds_p90_low,
    p90_high(seconds_sorted) as seconds_p90_high,
    seconds_worst,
    seconds_mean,
    case when n < 6 then seconds_sorted end as seconds_all
from folded
order by kind, duration
