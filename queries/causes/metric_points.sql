-- question: How did one metric of one service run, minute by minute?
-- grain:    one row per minute with points
-- reads:    metrics
-- param:    metric_name  TEXT      required
-- param:    service_name TEXT      default null  null: points that name no service
-- param:    window_start TIMESTAMP required   inclusive, UTC
-- param:    window_end   TIMESTAMP required   exclusive, UTC
-- column:   minute       TIMESTAMP start of the minute, UTC
-- column:   value_mean   DOUBLE    in the metric's unit, over all of its instances
-- column:   value_max    DOUBLE
-- column:   unit         TEXT      UCUM; of several, the first by name
-- column:   points       BIGINT    {point}
-- order:    minute
-- pii:      none
with staged as (
    select
        date_bin(interval '1 minute', timestamp, timestamp '1970-01-01T00:00:00Z') as minute,
        value,
        unit
    from metrics
    where metric_name = $metric_name
        and (service_name is not distinct from $service_name)
        and timestamp >= $window_start
        and timestamp < $window_end
        and not isnan(value)
)
select
    minute,
    avg(value) as value_mean,
    max(value) as value_max,
    min(unit) as unit,
    count(*) as points
from staged
group by minute
order by minute
