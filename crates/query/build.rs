//! Embeds `queries/**/*.sql`, sorted by path, so that the binary carries its catalogue.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

fn main() -> io::Result<()> {
    // Asked when it runs: a script that was compiled in another checkout may be run again in this one.
    let package = std::env::var_os("CARGO_MANIFEST_DIR").ok_or_else(|| io::Error::other("cargo sets it"))?;
    let root = Path::new(&package).join("../../queries");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut files = Vec::new();
    collect(&root, &root, &mut files)?;
    files.sort();
    let rows: Vec<String> = files
        .iter()
        .map(|(name, path)| format!("    ({name:?}, include_str!({:?})),\n", path.display().to_string()))
        .collect();
    let code = format!(
        "/// Path below `queries/` and text of each query file.\npub(super) const FILES: &[(&str, &str)] = &[\n{}];\n",
        rows.concat()
    );
    let target = std::env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    fs::write(Path::new(&target).join("embedded.rs"), code)
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "sql") {
            let parts: Vec<_> =
                path.strip_prefix(root).unwrap_or(&path).iter().map(|part| part.to_string_lossy()).collect();
            files.push((parts.join("/"), path.canonicalize()?));
        }
    }
    Ok(())
}
