//! Which objects will be wanted next?
//!
//! A folder of thousands of small objects costs a wait for the network each. So the next small ones are
//! fetched while one is read. Only those that are one part: of a larger one the first part could be
//! older than the others when its turn comes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use object_store::{Error, ObjectMeta};
use tokio::task::JoinHandle;

use super::{FoundObject, RemoteObject};
use crate::limits;

type Fetched = JoinHandle<Result<(Bytes, ObjectMeta), Error>>;

/// An object's place among those that were found together.
#[derive(Clone)]
pub(super) struct Ahead {
    listing: Arc<Listing>,
    place: usize,
}

struct Listing {
    /// Each without its place: they hold each other otherwise.
    objects: Vec<RemoteObject>,
    fetched: Mutex<BTreeMap<usize, Fetched>>,
}

/// Lets each object know which ones come after it.
pub(super) fn in_order(mut found: Vec<FoundObject>) -> Vec<FoundObject> {
    let objects = found.iter().map(|found| found.object.clone()).collect();
    let listing = Arc::new(Listing { objects, fetched: Mutex::default() });
    for (place, found) in found.iter_mut().enumerate() {
        found.object.ahead = Some(Ahead { listing: Arc::clone(&listing), place });
    }
    found
}

impl Ahead {
    /// The object if it was fetched ahead; begins to fetch the next ones.
    pub(super) fn take(&self) -> Option<Fetched> {
        let mut fetched = self.listing.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        let own = fetched.remove(&self.place);
        // What was left out is not waited for any more.
        fetched.retain(|place, task| {
            let is_wanted = *place > self.place;
            if !is_wanted {
                task.abort();
            }
            is_wanted
        });
        let next = self.place + 1..self.place + 1 + limits::OBJECTS_AHEAD;
        for (place, object) in self.listing.objects.iter().enumerate().take(next.end).skip(next.start) {
            if object.size.is_some_and(|size| (1..=limits::OBJECT_PART_BYTES).contains(&size)) {
                let object = object.clone();
                fetched.entry(place).or_insert_with(|| {
                    tokio::spawn(async move { object.part(0..limits::OBJECT_PART_BYTES).await })
                });
            }
        }
        own
    }
}
