//! What keeps a store healthy: compaction, verification, repair, and forgetting for good.

#[path = "maintenance/compacting.rs"]
mod compacting;
#[path = "maintenance/purging.rs"]
mod purging;
#[path = "maintenance/repairing.rs"]
mod repairing;
#[path = "maintenance/world.rs"]
mod world;
