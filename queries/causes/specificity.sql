-- question: Which kinds of log lines come with failing requests, and not with the others?
-- grain:    one row per shape_id that is written in the course of at least one failed entry request
-- reads:    requests, logs
-- param:    impact_start    TIMESTAMP required   inclusive, UTC
-- param:    impact_end      TIMESTAMP required   exclusive, UTC; the as-of while it still hurts
-- column:   shape_id            BIGINT stateless hash of the masked body
-- column:   services            TEXT   service names that wrote it there, comma-separated
-- column:   failed_traces       BIGINT {trace} entry requests of the impact that failed, without bots and probes
-- column:   failed_traces_with  BIGINT {trace} of those with this shape
-- column:   other_traces        BIGINT {trace} entry requests of the impact that did not fail
-- column:   other_traces_with   BIGINT {trace} of those with this shape
-- column:   coverage            DOUBLE 0–1, failed_traces_with over failed_traces
-- column:   lift                DOUBLE how many times as often in failing requests as in others; half a trace is added on both sides
-- order:    lift desc, failed_traces_with desc, shape_id
-- pii:      none
with traces as (
    select trace_id, bool_or(is_failed) as is_failed
    from requests
    where is_entry and not is_excluded and trace_id is not null
        and timestamp >= $impact_start and timestamp < $impact_end
    group by trace_id
),
totals as (
    select
        count(*) filter (where is_failed) as failed_traces,
        count(*) filter (where not is_failed) as other_traces
    from traces
),
lines as (
    -- what belongs to a request may be written shortly after the end of the impact
    select shape_id, trace_id, min(service_name) as service_name
    from logs
    where shape_id is not null and trace_id is not null
        and timestamp >= $impact_start and timestamp < $impact_end + interval '1 minute'
    group by shape_id, trace_id
),
shapes as (
    select
        lines.shape_id,
        array_to_string(
            array_agg(distinct lines.service_name order by lines.service_name) filter (where traces.is_failed), ', '
        ) as services,
        count(*) filter (where traces.is_failed) as failed_traces_with,
        count(*) filter (where not traces.is_failed) as other_traces_with
    from lines
    join traces on traces.trace_id = lines.trace_id
    group by lines.shape_id
)
select
    shapes.shape_id,
    nullif(shapes.services, '') as services,
    totals.failed_traces,
    shapes.failed_traces_with,
    totals.other_traces,
    shapes.other_traces_with,
    cast(shapes.failed_traces_with as double) / totals.failed_traces as coverage,
    ((shapes.failed_traces_with + 0.5) / (totals.failed_traces + 1))
        / ((shapes.other_traces_with + 0.5) / (totals.other_traces + 1)) as lift
from shapes
cross join totals
where shapes.failed_traces_with > 0
order by lift desc, failed_traces_with desc, shape_id
