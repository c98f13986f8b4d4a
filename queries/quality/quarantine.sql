-- question: Which records could not be read, and why?
-- grain:    one row per source and kind of reason
-- reads:    quarantine
-- column:   source              TEXT
-- column:   reason              TEXT   without what it quotes and counts
-- column:   example             TEXT   the reason of one of them, as it was said
-- column:   records             BIGINT {record}
-- column:   first_source_record BIGINT 1-based number of the first of them in its source
-- column:   first_byte_offset   BIGINT By, where that record begins
-- column:   records_truncated   BIGINT {record} of which only the beginning was kept
-- order:    records desc, source nulls first, reason nulls first
-- pii:      none
select
    source,
    reason_kind as reason,
    min(reason) as example,
    count(*) as records,
    min(source_record) as first_source_record,
    min(byte_offset) as first_byte_offset,
    count(*) filter (where is_truncated) as records_truncated
from quarantine
group by source, reason_kind
order by records desc, source nulls first, reason nulls first
