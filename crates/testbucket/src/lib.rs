//! An object store that a test starts in its own process: how does our software behave with S3, and with
//! an S3 that loses replies, breaks off or promises too much?
//!
//! The server speaks real HTTP with real signatures on a free local port; its objects are files of a
//! temporary folder. Only tests use this crate.

mod faults;
mod plain;
mod serve;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use tokio::sync::oneshot;

pub use faults::{Fault, Trouble};
use serve::Shared;

/// The key id that the server knows.
pub const ACCESS_KEY_ID: &str = "fupan-test";
/// Its secret.
pub const SECRET_ACCESS_KEY: &str = "fupan-test-secret";

/// What a server does with `If-None-Match: *`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conditions {
    /// As S3 does: the second creator is told.
    Honoured,
    /// As some gateways do: the condition is not looked at, and the second creator overwrites the first.
    Ignored,
}

/// A running server; it ends when it is dropped.
#[derive(Debug)]
pub struct TestBucket {
    address: SocketAddr,
    folder: tempfile::TempDir,
    shared: Arc<Shared>,
    stop: Mutex<Option<oneshot::Sender<()>>>,
}

impl TestBucket {
    /// A server that does what S3 does.
    pub fn start() -> Self {
        Self::start_with(Conditions::Honoured)
    }

    /// A server on a thread of its own, so that tests with and without a runtime can use it.
    pub fn start_with(conditions: Conditions) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        listener.set_nonblocking(true).expect("a listener for tokio");
        let shared = Arc::new(Shared::new(folder.path(), conditions));
        let (stop, stopped) = oneshot::channel();
        let of_thread = Arc::clone(&shared);
        std::thread::spawn(move || serve::run(listener, &of_thread, stopped));
        Self { address, folder, shared, stop: Mutex::new(Some(stop)) }
    }

    /// Its URL, without a path.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What a shell would have to export.
    pub fn environment(&self) -> Vec<(String, String)> {
        [
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID),
            ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_ENDPOINT_URL", &self.endpoint()),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }

    /// Makes a bucket, and answers where its objects are as files.
    pub fn bucket(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(&path).expect("a bucket");
        path
    }

    /// Puts an object behind the server's back.
    pub fn put(&self, bucket: &str, key: &str, bytes: &[u8]) -> PathBuf {
        let path = self.bucket(bucket).join(key);
        std::fs::create_dir_all(path.parent().expect("a bucket")).expect("folders of the key");
        std::fs::write(&path, bytes).expect("an object");
        path
    }

    /// The URL at which a key of a bucket is served to everybody over plain HTTP.
    pub fn public_url(&self, bucket: &str, key: &str) -> String {
        format!("{}/{}{bucket}/{key}", self.endpoint(), plain::FOLDER)
    }

    /// Makes trouble for the next requests that fit.
    pub fn trouble(&self, trouble: Trouble) {
        self.shared.faults.add(trouble);
    }

    /// The requests so far, such as `PUT /bucket/key`.
    pub fn requests(&self) -> Vec<String> {
        self.shared.faults.requests()
    }
}

impl Drop for TestBucket {
    fn drop(&mut self) {
        let stop = self.stop.lock().ok().and_then(|mut stop| stop.take());
        if let Some(stop) = stop {
            // The thread may have ended already.
            let _ = stop.send(());
        }
    }
}
