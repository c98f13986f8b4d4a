//! Which calls on a disk does a durable write consist of?
//!
//! A seam below [`crate::DurableLocalStore`]: the product uses [`LocalDisk`]; tests put a disk in its
//! place that fails, runs full, or forgets what was not synced.

use std::fmt::Debug;
use std::fs::{File, OpenOptions};
use std::io::{Result, Write};
use std::path::Path;

/// What a durable write does, one call at a time. Nothing is durable before its `sync`.
pub trait Disk: Debug + Send + Sync {
    /// Creates a folder; its entry is durable once the folder above is synced.
    fn create_folder(&self, folder: &Path) -> Result<()>;
    /// Creates a file that must not exist yet.
    fn create_file(&self, path: &Path) -> Result<Box<dyn DiskFile>>;
    /// Gives a file a second name; fails where the name is taken.
    fn link(&self, from: &Path, to: &Path) -> Result<()>;
    /// Moves a file over whatever has that name.
    fn rename(&self, from: &Path, to: &Path) -> Result<()>;
    /// Removes one name of a file.
    fn remove_file(&self, path: &Path) -> Result<()>;
    /// Makes the names in a folder durable.
    fn sync_folder(&self, folder: &Path) -> Result<()>;
}

/// A file that is being written. One handle from its creation to its sync, since an error of an
/// earlier write is told to the handle that wrote.
pub trait DiskFile: Send {
    /// Appends all bytes.
    fn write_all(&mut self, bytes: &[u8]) -> Result<()>;
    /// Makes its content durable.
    fn sync(&mut self) -> Result<()>;
}

/// The disk of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalDisk;

impl Disk for LocalDisk {
    fn create_folder(&self, folder: &Path) -> Result<()> {
        std::fs::create_dir(folder)
    }

    fn create_file(&self, path: &Path) -> Result<Box<dyn DiskFile>> {
        Ok(Box::new(OpenOptions::new().write(true).create_new(true).open(path)?))
    }

    fn link(&self, from: &Path, to: &Path) -> Result<()> {
        std::fs::hard_link(from, to)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        std::fs::rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> Result<()> {
        std::fs::remove_file(path)
    }

    fn sync_folder(&self, folder: &Path) -> Result<()> {
        File::open(folder)?.sync_all()
    }
}

impl DiskFile for File {
    fn write_all(&mut self, bytes: &[u8]) -> Result<()> {
        Write::write_all(self, bytes)
    }

    fn sync(&mut self) -> Result<()> {
        self.sync_all()
    }
}
