-- question: Which template does a shape of log bodies belong to?
-- grain:    one row per shape_id and miner_version
-- reads:    store.log_templates
-- column:   shape_id BIGINT
-- column:   template_id BIGINT
-- column:   template TEXT variable parts masked
-- column:   miner_version TEXT
-- pii:      none
select
    shape_id,
    template_id,
    template,
    miner_version
from store.log_templates
