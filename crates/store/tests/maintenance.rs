//! What keeps a store healthy: compaction, verification, repair, and forgetting for good.

#[path = "maintenance/compacting.rs"]
mod compacting;
#[path = "maintenance/world.rs"]
mod world;
