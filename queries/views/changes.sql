-- question: Which changes to the running system count, as known at the session's instant?
-- grain:    one row per change_id; corrected, superseded and retracted changes are left out
-- reads:    store.changes
-- column:   change_id TEXT from the source and its own key
-- column:   change_type TEXT deployment, commit, config, flag, migration, campaign, traffic, ...
-- column:   ended_at TIMESTAMP for campaigns and traffic shifts
-- column:   occurred_at TIMESTAMP null for facts without a time
-- column:   occurred_at_low TIMESTAMP
-- column:   occurred_at_high TIMESTAMP
-- column:   precision TEXT exact, minute, day, range, unknown
-- column:   recorded_at TIMESTAMP when it was known
-- column:   recorded_at_basis TEXT source, assumed or ingested
-- column:   actor TEXT
-- column:   summary TEXT
-- column:   service_name TEXT
-- column:   attributes MAP
-- column:   supersedes TEXT the event that it corrects or withdraws
-- column:   source TEXT
-- column:   chunk_id TEXT
-- column:   source_record BIGINT
-- pii:      actor
-- One reading of each event that was known at the session's instant. An event that nobody can date
-- (recorded_at_basis = 'ingested') is not decidable when known and stays out of the past.
with known as (
    select *
    from store.changes
    where not $as_of_given
       or recorded_at <= $as_of
),
numbered as (
    select
        change_id,
        change_type,
        ended_at,
        occurred_at,
        occurred_at_low,
        occurred_at_high,
        precision,
        recorded_at,
        recorded_at_basis,
        actor,
        summary,
        service_name,
        attributes,
        supersedes,
        source,
        chunk_id,
        source_record,
        row_number() over (partition by change_id order by recorded_at, chunk_id, source_record) as copy
    from known
),
single as (
    select
        change_id,
        change_type,
        ended_at,
        occurred_at,
        occurred_at_low,
        occurred_at_high,
        precision,
        recorded_at,
        recorded_at_basis,
        actor,
        summary,
        service_name,
        attributes,
        supersedes,
        source,
        chunk_id,
        source_record
    from numbered
    where copy = 1
),
-- A retraction that was itself retracted has no effect.
withdrawn as (
    select distinct supersedes as withdrawn_id
    from single
    where change_type = 'retracted' and supersedes is not null
),
hiding as (
    select single.supersedes as hidden_id, min(single.change_id) as hidden_by
    from single
    left join withdrawn on withdrawn.withdrawn_id = single.change_id
    where single.supersedes is not null
      and single.supersedes <> single.change_id
      and not (single.change_type = 'retracted' and withdrawn.withdrawn_id is not null)
    group by single.supersedes
)
select
    single.change_id,
    single.change_type,
    single.ended_at,
    single.occurred_at,
    single.occurred_at_low,
    single.occurred_at_high,
    single.precision,
    single.recorded_at,
    single.recorded_at_basis,
    single.actor,
    single.summary,
    single.service_name,
    single.attributes,
    single.supersedes,
    single.source,
    single.chunk_id,
    single.source_record
from single
left join hiding on hiding.hidden_id = single.change_id
where hiding.hidden_by is null and single.change_type <> 'retracted'
