-- question: How long do incidents stay on the status page, from first notice to resolution, by year?
-- grain:    one row per year of the first notice, in the workspace's zone; maintenance and drills left out
-- reads:    incidents, settings
-- param:    source_like TEXT default '%statuspage%'  pattern on the source; '%' for all
-- column:   year                       BIGINT
-- column:   incidents                  BIGINT {incident} with a public notice
-- column:   n                          BIGINT {incident} with a time of public notice
-- column:   n_open                     BIGINT {incident} without a resolution yet
-- column:   n_backfilled               BIGINT {incident} resolved before or with their first notice; left out
-- column:   public_notice_seconds_p50  DOUBLE s, exact; the time of public notice, not the time to mitigate
-- column:   public_notice_seconds_p50_low  DOUBLE s, exact 95 % order-statistic interval; null under 6 values
-- column:   public_notice_seconds_p50_high DOUBLE s
-- column:   public_notice_seconds_p90  DOUBLE s; null under 36 values
-- column:   public_notice_seconds_p90_low  DOUBLE s
-- column:   public_notice_seconds_p90_high DOUBLE s
-- column:   public_notice_seconds_mean DOUBLE s; never alone
-- column:   public_notice_seconds_max  DOUBLE s
-- column:   incidents_per_30_days      DOUBLE over the days of the year that the data covers
-- column:   incidents_per_30_days_low  DOUBLE exact 95 % Poisson interval
-- column:   incidents_per_30_days_high DOUBLE
-- order:    year
-- pii:      none
with noticed as (
    select
        incident_id,
        first_notice_at,
        resolved_at,
        seconds_between(first_notice_at, resolved_at) as seconds,
        cast(date_part('year', local_date(first_notice_at, settings.zone)) as bigint) as year,
        local_date(first_notice_at, settings.zone) as noticed_on
    from incidents
    cross join settings
    where first_notice_at is not null
        and source like $source_like
        and kind not in ('maintenance', 'drill', 'test')
),
covered as (
    select min(noticed_on) as first_day, max(noticed_on) as last_day from noticed
),
measured as (
    select
        year,
        count(*) as incidents,
        count(*) filter (where seconds > 0) as n,
        count(*) filter (where resolved_at is null) as n_open,
        count(*) filter (where seconds <= 0) as n_backfilled,
        percentile_cont(case when seconds > 0 then seconds end, 0.5) as seconds_p50,
        percentile_cont(case when seconds > 0 then seconds end, 0.9) as seconds_p90,
        avg(case when seconds > 0 then seconds end) as seconds_mean,
        max(case when seconds > 0 then seconds end) as seconds_max,
        array_agg(seconds order by seconds) filter (where seconds > 0) as seconds_sorted
    from noticed
    group by year
),
exposed as (
    -- A year counts from the first to the last day with a notice where it is the data's first or last.
    select
        measured.*,
        cast(
            cast(arrow_cast(least(covered.last_day, make_date(cast(year as int), 12, 31)), 'Int32') as bigint)
            - cast(arrow_cast(greatest(covered.first_day, make_date(cast(year as int), 1, 1)), 'Int32') as bigint)
            + 1 as double
        ) as days
    from measured
    cross join covered
)
select
    year,
    incidents,
    n,
    n_open,
    n_backfilled,
    seconds_p50 as public_notice_seconds_p50,
    median_low(seconds_sorted) as public_notice_seconds_p50_low,
    median_high(seconds_sorted) as public_notice_seconds_p50_high,
    case when n >= 36 then seconds_p90 end as public_notice_seconds_p90,
    p90_low(seconds_sorted) as public_notice_seconds_p90_low,
    p90_high(seconds_sorted) as public_notice_seconds_p90_high,
    seconds_mean as public_notice_seconds_mean,
    seconds_max as public_notice_seconds_max,
    incidents * 30.0 / days as incidents_per_30_days,
    poisson_low(incidents) * 30.0 / days as incidents_per_30_days_low,
    poisson_high(incidents) * 30.0 / days as incidents_per_30_days_high
from exposed
order by year
