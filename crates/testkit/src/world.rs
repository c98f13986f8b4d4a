//! What does a world consist of on disk?

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

/// Highest level that any stock zstd reads back without extra memory settings.
const ZSTD_LEVEL: i32 = 19;

/// One file of a world, before compression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorldFile {
    /// The content, decompressed.
    pub bytes: Vec<u8>,
    /// Whether it is stored zstd-compressed (its path ends in `.zst` then).
    pub is_compressed: bool,
}

/// Files by path below the world's folder, and the truth as JSON.
#[derive(Debug, Clone)]
pub struct World {
    /// All files, `README.truth.json` and `README.md` included.
    pub files: BTreeMap<String, WorldFile>,
    /// The right answers, the same as in `README.truth.json`.
    pub truth: serde_json::Value,
}

/// A world that could not be written.
#[derive(Debug)]
pub struct WriteError {
    /// The file in question.
    pub path: String,
    /// Why.
    pub source: io::Error,
}

impl std::fmt::Display for WriteError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "cannot write {}: {}; is the folder writable?", self.path, self.source)
    }
}

impl std::error::Error for WriteError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

impl World {
    /// Writes all files below `folder` and returns the bytes on disk, file by file.
    pub fn write(&self, folder: &Path) -> Result<BTreeMap<String, usize>, WriteError> {
        let mut sizes = BTreeMap::new();
        for (name, file) in &self.files {
            let path = folder.join(name);
            let written = write_file(&path, file)
                .map_err(|source| WriteError { path: path.display().to_string(), source })?;
            sizes.insert(name.clone(), written);
        }
        Ok(sizes)
    }
}

fn write_file(path: &Path, file: &WorldFile) -> io::Result<usize> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let stored = if file.is_compressed {
        zstd::encode_all(file.bytes.as_slice(), ZSTD_LEVEL)?
    } else {
        file.bytes.clone()
    };
    fs::write(path, &stored)?;
    Ok(stored.len())
}
