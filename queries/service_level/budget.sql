-- question: How much of its error budget did a service spend in the window, and how much of that in the impact?
-- grain:    one row, for one service; none without requests
-- reads:    requests
-- param:    service_name TEXT      required   OpenTelemetry service.name
-- param:    slo_target   DOUBLE    required   0–1, share of good requests
-- param:    window_start TIMESTAMP required   start of the window of the SLO, inclusive, UTC
-- param:    window_end   TIMESTAMP required   end of it, exclusive, UTC
-- param:    impact_start    TIMESTAMP required   inclusive, UTC
-- param:    impact_end      TIMESTAMP required   exclusive, UTC; the as-of while it still hurts
-- column:   service_name              TEXT
-- column:   valid                     BIGINT {request} in the window, without bots and probes
-- column:   bad                       BIGINT {request}
-- column:   good_share                DOUBLE 0–1
-- column:   bad_allowed               DOUBLE {request}, (1 − target) × valid
-- column:   budget_spent_share        DOUBLE bad over bad_allowed: 1 is all of it; null where the target is 1
-- column:   impact_bad                BIGINT {request} of the bad ones in the impact
-- column:   impact_budget_spent_share DOUBLE their part of the budget
-- column:   impact_burn_rate          DOUBLE budget spent per hour of the impact against the even pace of the window
-- order:    service_name
-- pii:      none
with counted as (
    select
        service_name,
        count(*) as valid,
        count(*) filter (where is_failed) as bad,
        count(*) filter (where is_failed and timestamp >= $impact_start and timestamp < $impact_end) as impact_bad
    from requests
    where service_name = $service_name and not is_excluded
        and timestamp >= $window_start and timestamp < $window_end
    group by service_name
),
budgeted as (
    select
        *,
        (1 - $slo_target) * valid as bad_allowed,
        cast(cast($window_end as bigint) - cast($window_start as bigint) as double) as window_us,
        cast(cast($impact_end as bigint) - cast($impact_start as bigint) as double) as impact_us
    from counted
)
select
    service_name,
    valid,
    bad,
    1 - cast(bad as double) / valid as good_share,
    bad_allowed,
    bad / nullif(bad_allowed, 0) as budget_spent_share,
    impact_bad,
    impact_bad / nullif(bad_allowed, 0) as impact_budget_spent_share,
    impact_bad / nullif(bad_allowed, 0) * window_us / nullif(impact_us, 0) as impact_burn_rate
from budgeted
order by service_name
