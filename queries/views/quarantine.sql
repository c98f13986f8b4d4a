-- question: Which records could not be read, and why?
-- grain:    one row per rejected record
-- reads:    store.quarantine
-- column:   source TEXT
-- column:   source_record BIGINT 1-based
-- column:   byte_offset BIGINT
-- column:   reason TEXT
-- column:   reason_kind TEXT the reason without what it quotes and counts: what to group by
-- column:   bytes BINARY redacted like everything else
-- column:   is_truncated BOOLEAN
-- column:   chunk_id TEXT
-- pii:      bytes
select
    source,
    source_record,
    byte_offset,
    reason,
    regexp_replace(
        regexp_replace(reason, '"([^"\\]|\\.)*("|$)', '…', 'g'),
        '(^| |:)[0-9]+([.,][0-9]+)*',
        '\1N',
        'g'
    ) as reason_kind,
    bytes,
    is_truncated,
    chunk_id
from store.quarantine
