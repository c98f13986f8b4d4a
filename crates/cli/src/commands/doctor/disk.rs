//! Does the disk below the store keep what it says it keeps?

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fupan_model::Micros;

use super::Line;
use super::mounts::{self, Kind, Mount};
use crate::numbers::{bytes, grouped};

/// Less than this is soon full: an ingest writes its whole output before it says so.
const FREE_BYTES_MIN: u64 = 1 << 30;
const FREE_FILES_MIN: u64 = 10_000;

/// No disk is that quick: an answer below it comes from a cache.
const FSYNC_MIN: Duration = Duration::from_micros(20);

/// Above this, each commit is felt.
const FSYNC_MAX: Duration = Duration::from_millis(100);

const FSYNCS: usize = 15;

/// A file system's clock that differs by more than this is not ours.
const CLOCK_SECONDS_MAX: i64 = 60;

/// All that can be told about the disk on which `place` is, or will be.
pub(super) fn look_at(place: &Path, now: Micros) -> Vec<Line> {
    let Ok(place) = std::path::absolute(place) else { return Vec::new() };
    let existing = place.ancestors().find(|above| above.is_dir()).unwrap_or(Path::new("/"));
    let mut lines = Vec::new();
    let mount = mounts::of(existing);
    lines.extend(mount.as_ref().map(file_system));
    lines.extend(space(existing));
    let probe = Probe::new(existing);
    match probe {
        Ok(probe) => {
            lines.push(fsync(&probe.folder, mount.as_ref()));
            lines.push(links(&probe.folder));
            lines.push(creators(&probe.folder));
            lines.extend(clock(&probe.folder, now));
        }
        Err(error) => lines.push(Line::problem(
            "writing",
            format!("nothing can be written to {}: {error}", existing.display()),
            "give yourself permission there, or name another store with --store",
        )),
    }
    lines
}

/// A folder that goes when it is dropped.
struct Probe {
    folder: PathBuf,
}

impl Probe {
    fn new(below: &Path) -> std::io::Result<Self> {
        let folder = below.join(format!(".fupan-doctor.{}.tmp", std::process::id()));
        fs::create_dir(&folder)?;
        Ok(Self { folder })
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        // What stays behind is an empty-handed probe with a name that says so.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn file_system(mount: &Mount) -> Line {
    let what = format!("{} at {}", mount.file_system, mount.point);
    match mount.kind() {
        Kind::Disk => Line::ok("file system", what),
        Kind::Memory => Line::problem(
            "file system",
            format!("{what}: it is in memory"),
            "what is written is gone when the machine stops; put the store on a disk",
        ),
        Kind::Container => Line::note(
            "file system",
            format!("{what}: a container's own layer"),
            "the store goes with the container; mount a volume for it",
        ),
        Kind::Network => Line::note(
            "file system",
            format!("{what}: a network or user-space file system"),
            "atomic creation and fsync depend on its server; let one writer at a time use it, or use a local disk",
        ),
        Kind::Unknown => Line::note("file system", format!("{what}: not one that is known here"), ""),
    }
}

fn space(folder: &Path) -> Vec<Line> {
    let Ok(found) = rustix::fs::statvfs(folder) else { return Vec::new() };
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    let what = format!("{} free of {}", bytes(free), bytes(found.f_blocks.saturating_mul(found.f_frsize)));
    let mut lines = vec![if free < FREE_BYTES_MIN {
        Line::problem("space", what, "make room; what is committed stays whole when the disk is full")
    } else {
        Line::ok("space", what)
    }];
    // Some file systems do not count files.
    if found.f_files > 0 {
        let what = format!("{} more files", grouped(found.f_favail));
        lines.push(if found.f_favail < FREE_FILES_MIN {
            Line::problem("inodes", what, "delete files that are not needed on that file system")
        } else {
            Line::ok("inodes", what)
        });
    }
    lines
}

/// Whether a disk keeps what it acknowledged cannot be seen from inside; that it answers too quickly can.
fn fsync(folder: &Path, mount: Option<&Mount>) -> Line {
    const CHECK: &str = "fsync";
    if fs::read_to_string("/proc/self/maps").is_ok_and(|maps| maps.contains("libeatmydata")) {
        return Line::problem(CHECK, "libeatmydata is loaded: nothing is synced", "run fupan without it");
    }
    if let Some(option) = mount.and_then(Mount::unsafe_option) {
        return Line::problem(
            CHECK,
            format!("the file system is mounted with `{option}`: a power loss may undo what was synced"),
            "mount it without that option",
        );
    }
    let mut times = Vec::new();
    for at in 0..FSYNCS {
        match synced(&folder.join(format!("sync-{at}"))) {
            Ok(time) => times.push(time),
            Err(error) => {
                return Line::problem(
                    CHECK,
                    format!("fsync fails: {error}"),
                    "put the store on another disk",
                );
            }
        }
    }
    times.sort_unstable();
    let median = times.get(times.len() / 2).copied().unwrap_or_default();
    let what = format!("{:.2} ms each, median of {FSYNCS}", median.as_secs_f64() * 1e3);
    if median < FSYNC_MIN {
        Line::note(
            CHECK,
            format!("{what}: quicker than any disk"),
            "a cache answers for the disk (memory, a virtual disk's write cache): a power loss may undo what was acknowledged",
        )
    } else if median > FSYNC_MAX {
        Line::note(
            CHECK,
            format!("{what}: slow"),
            "each commit waits for several of them; use a quicker disk",
        )
    } else {
        Line::ok(CHECK, what)
    }
}

fn synced(path: &Path) -> std::io::Result<Duration> {
    let mut file = File::create_new(path)?;
    file.write_all(&[7; 4096])?;
    let began = Instant::now();
    file.sync_all()?;
    Ok(began.elapsed())
}

/// A commit is a link to a file that is on disk already.
fn links(folder: &Path) -> Line {
    let (file, link) = (folder.join("file"), folder.join("link"));
    let made =
        fs::write(&file, b"same").and_then(|()| fs::hard_link(&file, &link)).and_then(|()| fs::read(&link));
    match made {
        Ok(bytes) if bytes == b"same" => Line::ok("hard links", "supported"),
        Ok(_) => Line::problem(
            "hard links",
            "a link does not show its file",
            "put the store on another file system",
        ),
        Err(error) => Line::problem(
            "hard links",
            format!("none can be made: {error}"),
            "commits need them; put the store on another file system (ext4, xfs, btrfs, apfs)",
        ),
    }
}

/// Of creators of the same file, one may win: that is what keeps two ingests apart.
fn creators(folder: &Path) -> Line {
    const THREADS: usize = 4;
    const ROUNDS: usize = 20;
    for round in 0..ROUNDS {
        let target = folder.join(format!("commit-{round}"));
        let winners: usize = std::thread::scope(|scope| {
            let creators: Vec<_> = (0..THREADS)
                .map(|at| {
                    let (staged, target) = (folder.join(format!("staged-{round}-{at}")), target.clone());
                    scope.spawn(move || {
                        fs::write(&staged, at.to_string()).is_ok() && fs::hard_link(&staged, &target).is_ok()
                    })
                })
                .collect();
            creators.into_iter().filter_map(|creator| creator.join().ok()).filter(|won| *won).count()
        });
        if winners != 1 {
            return Line::problem(
                "atomic create",
                format!("of {THREADS} creators of the same file {winners} were told that they made it"),
                "two ingests at once would lose commits: put the store on another file system",
            );
        }
    }
    Line::ok("atomic create", format!("one of {THREADS} creators wins, {ROUNDS} times of {ROUNDS}"))
}

fn clock(folder: &Path, now: Micros) -> Option<Line> {
    let modified = fs::metadata(folder).and_then(|found| found.modified()).ok()?;
    let behind = (Micros::from_datetime(modified.into()).0 - now.0) / Micros::PER_SECOND;
    (behind.abs() > CLOCK_SECONDS_MAX).then(|| {
        Line::note(
            "disk's clock",
            format!("the file system's clock is {} s away from this machine's", behind.abs()),
            "set both by NTP",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn a_folder_is_left_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let now = Micros::from_datetime(fs::metadata(folder.path()).unwrap().modified().unwrap().into());
        let lines = look_at(&folder.path().join("not/yet/there"), now);
        let of = |check: &str| lines.iter().find(|line| line.check == check).unwrap().clone();
        assert_eq!((of("hard links").state, of("atomic create").state), (State::Ok, State::Ok));
        assert!(of("fsync").what.contains("median of 15"), "{lines:?}");
        assert!(of("space").what.contains("free of"), "{lines:?}");
        assert!(!lines.iter().any(|line| line.check == "disk's clock"), "{lines:?}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        let behind = look_at(folder.path(), Micros(now.0 - 3_600_000_000));
        assert!(behind.iter().any(|line| line.check == "disk's clock" && line.state == State::Note));
    }
}
