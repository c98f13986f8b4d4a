//! A disk that keeps a journal of all calls, and fails where it is told to.

use std::io::{Error, Result};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use fupan_store::{Disk, DiskFile, LocalDisk};

pub(crate) const EIO: i32 = 5;
pub(crate) const ENOSPC: i32 = 28;

/// What was done to the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Call {
    CreateFolder(PathBuf),
    CreateFile(PathBuf),
    Write(PathBuf, Vec<u8>),
    SyncFile(PathBuf),
    Link(PathBuf, PathBuf),
    Rename(PathBuf, PathBuf),
    Remove(PathBuf),
    SyncFolder(PathBuf),
    /// The ingest of that number told its caller that all is well.
    Acknowledged(usize),
}

impl Call {
    pub(crate) fn is_sync(&self) -> bool {
        matches!(self, Self::SyncFile(_) | Self::SyncFolder(_))
    }

    /// An entry of a table's log gets its name.
    pub(crate) fn is_commit(&self) -> bool {
        match self {
            Self::Link(_, to) => to.parent().is_some_and(|folder| folder.ends_with("_delta_log")),
            _ => false,
        }
    }
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Fault {
    #[default]
    None,
    /// The call of that number fails; of a write the first half is done.
    Once { call: usize, errno: i32 },
    /// As `Once`, and so do all calls after it.
    FromThenOn { call: usize, errno: i32 },
    /// All calls behind that many commits fail, the commits being counted from here on.
    AfterCommits { commits: usize, errno: i32 },
    /// The call of that number is done, and fails all the same.
    AfterAll { call: usize, errno: i32 },
    /// No more than that many bytes can be written.
    Full { bytes: u64 },
    /// The process dies at the call of that number.
    Abort { call: usize },
}

type Rival = Arc<dyn Fn(&Path) + Send + Sync>;

#[derive(Default)]
struct State {
    journal: Vec<Call>,
    calls: usize,
    written: u64,
    fault: Fault,
    link_overwrites: bool,
    before_link: Option<Rival>,
}

/// Works on the real disk, except that nothing is synced: what was synced is in the journal.
#[derive(Clone, Default)]
pub(crate) struct TestDisk(Arc<Mutex<State>>);

impl std::fmt::Debug for TestDisk {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TestDisk")
    }
}

enum Verdict {
    Do,
    DoAndFail(i32),
    DoHalfAndFail(i32),
}

impl TestDisk {
    pub(crate) fn new(fault: Fault) -> Self {
        let disk = Self::default();
        disk.state().fault = fault;
        disk
    }

    /// Somebody does something right before a file gets its name. With `overwrites`, the guard that the
    /// second creator of a file is told is off.
    pub(crate) fn with_rival(overwrites: bool, rival: impl Fn(&Path) + Send + Sync + 'static) -> Self {
        let disk = Self::default();
        disk.state().link_overwrites = overwrites;
        disk.state().before_link = Some(Arc::new(rival));
        disk
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no test thread panicked here")
    }

    pub(crate) fn journal(&self) -> Vec<Call> {
        self.state().journal.clone()
    }

    pub(crate) fn calls(&self) -> usize {
        self.state().calls
    }

    /// Bytes that were written in all.
    pub(crate) fn written(&self) -> u64 {
        self.state().written
    }

    pub(crate) fn acknowledge(&self, ingest: usize) {
        self.state().journal.push(Call::Acknowledged(ingest));
    }

    /// From now on nothing fails.
    pub(crate) fn heal(&self) {
        self.state().fault = Fault::None;
    }

    /// Behind the next so many commits everything fails. What runs beside a commit makes some calls more or fewer;
    /// commits are always as many.
    pub(crate) fn fail_after_commits(&self, commits: usize, errno: i32) {
        self.state().fault = Fault::AfterCommits { commits, errno };
    }

    fn judge(&self) -> Verdict {
        let mut state = self.state();
        let now = state.calls;
        state.calls += 1;
        match state.fault {
            Fault::AfterCommits { commits: 0, errno } => Verdict::DoHalfAndFail(errno),
            Fault::Once { call, errno } if call == now => Verdict::DoHalfAndFail(errno),
            Fault::FromThenOn { call, errno } if call <= now => Verdict::DoHalfAndFail(errno),
            Fault::AfterAll { call, errno } if call == now => Verdict::DoAndFail(errno),
            Fault::Abort { call } if call == now => std::process::abort(),
            _ => Verdict::Do,
        }
    }

    /// Notes a call that was done.
    fn note(&self, call: Call) {
        let mut state = self.state();
        if let Fault::AfterCommits { commits, .. } = &mut state.fault {
            *commits = commits.saturating_sub(usize::from(call.is_commit()));
        }
        state.journal.push(call);
    }

    fn call(&self, call: Call, act: impl FnOnce() -> Result<()>) -> Result<()> {
        match self.judge() {
            Verdict::Do => {
                act()?;
                self.note(call);
                Ok(())
            }
            Verdict::DoAndFail(errno) => {
                act()?;
                self.note(call);
                Err(Error::from_raw_os_error(errno))
            }
            Verdict::DoHalfAndFail(errno) => Err(Error::from_raw_os_error(errno)),
        }
    }
}

impl Disk for TestDisk {
    fn create_folder(&self, folder: &Path) -> Result<()> {
        self.call(Call::CreateFolder(folder.to_owned()), || LocalDisk.create_folder(folder))
    }

    fn create_file(&self, path: &Path) -> Result<Box<dyn DiskFile>> {
        let mut inner = None;
        self.call(Call::CreateFile(path.to_owned()), || {
            inner = Some(LocalDisk.create_file(path)?);
            Ok(())
        })?;
        let inner = inner.expect("created");
        Ok(Box::new(TestFile { disk: self.clone(), path: path.to_owned(), inner }))
    }

    fn link(&self, from: &Path, to: &Path) -> Result<()> {
        let rival = self.state().before_link.clone();
        if let Some(rival) = rival {
            rival(to);
        }
        let overwrites = self.state().link_overwrites;
        if overwrites {
            // The staged name is removed afterwards, as behind a link.
            return std::fs::copy(from, to).map(|_| ());
        }
        self.call(Call::Link(from.to_owned(), to.to_owned()), || LocalDisk.link(from, to))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        self.call(Call::Rename(from.to_owned(), to.to_owned()), || LocalDisk.rename(from, to))
    }

    fn remove_file(&self, path: &Path) -> Result<()> {
        self.call(Call::Remove(path.to_owned()), || LocalDisk.remove_file(path))
    }

    fn sync_folder(&self, folder: &Path) -> Result<()> {
        self.call(Call::SyncFolder(folder.to_owned()), || Ok(()))
    }
}

struct TestFile {
    disk: TestDisk,
    path: PathBuf,
    inner: Box<dyn DiskFile>,
}

impl TestFile {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.inner.write_all(bytes)?;
        let mut state = self.disk.state();
        state.written += bytes.len() as u64;
        state.journal.push(Call::Write(self.path.clone(), bytes.to_vec()));
        Ok(())
    }
}

impl DiskFile for TestFile {
    fn write_all(&mut self, bytes: &[u8]) -> Result<()> {
        let verdict = self.disk.judge();
        let room = {
            let state = self.disk.state();
            match state.fault {
                Fault::Full { bytes } => {
                    usize::try_from(bytes.saturating_sub(state.written)).unwrap_or(usize::MAX)
                }
                _ => usize::MAX,
            }
        };
        if bytes.len() > room {
            self.write(&bytes[..room])?;
            return Err(Error::from_raw_os_error(ENOSPC));
        }
        match verdict {
            Verdict::Do => self.write(bytes),
            Verdict::DoAndFail(errno) => {
                self.write(bytes)?;
                Err(Error::from_raw_os_error(errno))
            }
            Verdict::DoHalfAndFail(errno) => {
                self.write(&bytes[..bytes.len() / 2])?;
                Err(Error::from_raw_os_error(errno))
            }
        }
    }

    fn sync(&mut self) -> Result<()> {
        let path = self.path.clone();
        self.disk.call(Call::SyncFile(path), || Ok(()))
    }
}
