//! Which files are in an archive? Each becomes a source of its own; none is ever written to disk, so
//! its name may say what it likes.
//!
//! Members are read one after the other, in bounded memory. Where an archive is damaged, the members
//! before the damage stand. An archive inside of an archive is not opened.

use std::borrow::Cow;
use std::cell::Cell;
use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};
use std::path::Path;
use std::rc::Rc;

use fupan_model::Micros;
use tar::Archive;
use zip::ZipReadOptions;
use zip::read::{Config, read_zipfile_from_stream};
use zip::result::ZipError;
use zip::unstable::read::ZipIterable;

use crate::reader::{PACKAGE, find_problem, into_error};
use crate::{SourceProblem, limits};

/// A file in an archive.
pub(crate) struct Member<'a> {
    /// Its path in the archive, fit to be shown.
    pub(crate) name: String,
    /// When it was last written, where the archive says so in a known zone.
    pub(crate) modified_at: Option<Micros>,
    /// Its bytes, or why they cannot be had.
    pub(crate) content: Result<&'a mut dyn Read, SourceProblem>,
}

/// Takes members in order; answers whether it wants more.
pub(crate) type Visit<'v> = dyn FnMut(Member<'_>) -> bool + 'v;

/// Whether these are the first bytes of a tar archive.
pub(crate) fn is_tar(head: &[u8]) -> bool {
    head.get(257..262) == Some(b"ustar")
}

/// Whether these are the first bytes of a ZIP archive that is not the file of an office program.
pub(crate) fn is_zip(head: &[u8]) -> bool {
    const OFFICE: [&[u8]; 6] =
        [b"[Content_Types].xml", b"_rels/", b"docProps/", b"xl/", b"word/", b"mimetype"];
    let first_name = head.get(30..).unwrap_or_default();
    let is_empty = head.starts_with(b"PK\x05\x06");
    is_empty || (head.starts_with(PACKAGE) && !OFFICE.iter().any(|name| first_name.starts_with(name)))
}

/// Counts members, leaves out what nobody means, and gives up on too many.
struct Visiting<'v, 'c> {
    visit: &'v mut Visit<'c>,
    kind: &'static str,
    seen: usize,
}

impl<'v, 'c> Visiting<'v, 'c> {
    fn new(kind: &'static str, visit: &'v mut Visit<'c>) -> Self {
        Self { visit, kind, seen: 0 }
    }

    fn member(&mut self, member: Member<'_>) -> Result<bool, SourceProblem> {
        self.seen += 1;
        if self.seen > limits::ARCHIVE_MEMBERS_MAX {
            return Err(SourceProblem::TooManyMembers { limit: limits::ARCHIVE_MEMBERS_MAX });
        }
        Ok(is_hidden(&member.name) || (self.visit)(member))
    }

    /// What stops the archive as a whole.
    fn damaged(&self, reason: String) -> SourceProblem {
        SourceProblem::Archive { kind: self.kind, members: self.seen as u64, reason }
    }

    fn ended_early(&self) -> SourceProblem {
        self.damaged("it ends early".to_owned())
    }
}

/// Hidden files and what macOS adds to archives: left out, as in folders.
fn is_hidden(name: &str) -> bool {
    name.split('/').any(|part| (part.starts_with('.') && part != "." && part != "..") || part == "__MACOSX")
}

/// A path for people: no control characters, no `./` in front. Archives made on Chinese Windows have names in GBK.
fn shown(path: &[u8]) -> String {
    let in_gbk = || fupan_decode::Encoding::GB18030.decode_whole(path);
    let other = |_| in_gbk().unwrap_or_else(|| String::from_utf8_lossy(path));
    let text = std::str::from_utf8(path).map_or_else(other, Cow::Borrowed);
    let text = text.trim_start_matches("./");
    text.chars().map(|letter| if letter.is_control() { '\u{FFFD}' } else { letter }).collect()
}

/// The members of a tar archive, out of its decompressed bytes.
pub(crate) fn tar_members(stream: impl Read, visit: &mut Visit<'_>) -> Result<(), SourceProblem> {
    let mut visiting = Visiting::new("tar", visit);
    let state = Rc::new(TarState::default());
    let mut archive = Archive::new(TarBytes { inner: stream, state: Rc::clone(&state) });
    let wrong = |visiting: &Visiting<'_, '_>, error: &std::io::Error| match find_problem(error) {
        Some(problem) => problem.clone(),
        None if error.kind() == ErrorKind::UnexpectedEof => visiting.ended_early(),
        None if error.to_string().contains("unexpected EOF") => visiting.ended_early(),
        None => visiting.damaged(error.to_string()),
    };
    state.allowance.set(HEADERS_BYTES_MAX);
    let entries = archive.entries().map_err(|error| wrong(&visiting, &error))?;
    for entry in entries {
        let mut entry = entry.map_err(|error| wrong(&visiting, &error))?;
        state.allowance.set(entry.size().saturating_add(HEADERS_BYTES_MAX));
        if !(entry.header().entry_type().is_file()
            || entry.header().entry_type().is_contiguous()
            || entry.header().entry_type().is_gnu_sparse())
        {
            continue;
        }
        let name = shown(&entry.path_bytes());
        let seconds = entry.header().mtime().ok().and_then(|seconds| i64::try_from(seconds).ok());
        let modified_at = seconds
            .filter(|seconds| *seconds > 0)
            .and_then(|seconds| seconds.checked_mul(Micros::PER_SECOND))
            .map(Micros);
        let mut content = WholeMember { left: entry.size(), read: 0, inner: &mut entry };
        if !visiting.member(Member { name, modified_at, content: Ok(&mut content) })? {
            return Ok(());
        }
    }
    // Every archive ends with zeros: without them it was cut between two members.
    if state.zeros.get() < ZEROS_AT_END { Err(visiting.ended_early()) } else { Ok(()) }
}

/// Bytes of an archive's own headers before the next member: long names and attributes are read into
/// memory whole.
const HEADERS_BYTES_MAX: u64 = 4 << 20;

/// The first of the two blocks of zeros that end an archive.
const ZEROS_AT_END: u64 = 512;

#[derive(Default)]
struct TarState {
    /// Bytes that may still be read before the next member.
    allowance: Cell<u64>,
    /// Zeros at the end of what was read.
    zeros: Cell<u64>,
}

struct TarBytes<R> {
    inner: R,
    state: Rc<TarState>,
}

impl<R: Read> Read for TarBytes<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let bytes = buffer.get(..count).unwrap_or_default();
        let zeros = bytes.iter().rev().take_while(|byte| **byte == 0).count();
        let before = if zeros == count { self.state.zeros.get() } else { 0 };
        self.state.zeros.set(before + zeros as u64);
        match self.state.allowance.get().checked_sub(count as u64) {
            Some(left) => self.state.allowance.set(left),
            None => return Err(std::io::Error::other("its headers are larger than all limits")),
        }
        Ok(count)
    }
}

/// A member that ends where the archive says, or is told to be cut.
struct WholeMember<R> {
    inner: R,
    left: u64,
    read: u64,
}

impl<R: Read> Read for WholeMember<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)? as u64;
        self.left = self.left.saturating_sub(count);
        self.read += count;
        if count == 0 && self.left > 0 && !buffer.is_empty() {
            return Err(into_error(SourceProblem::Truncated {
                compression: "tar",
                bytes: self.read,
                reason: format!("{} bytes are missing", self.left),
            }));
        }
        Ok(count as usize)
    }
}

/// The members of a ZIP file by its directory; where that is missing or damaged, as far as they can
/// be read from the beginning.
pub(crate) fn zip_file_members(path: &Path, visit: &mut Visit<'_>) -> Result<(), SourceProblem> {
    let open = || File::open(path).map(BufReader::new);
    let unreadable = |error: std::io::Error| SourceProblem::Unreadable { reason: error.to_string() };
    let Ok(mut archive) = ZipIterable::try_new(open().map_err(unreadable)?, Config::default()) else {
        return zip_stream_members(open().map_err(unreadable)?, visit);
    };
    let mut visiting = Visiting::new("ZIP", visit);
    let mut bodies = open().map_err(unreadable)?;
    let entries = archive.files().map_err(|error| visiting.damaged(error.to_string()))?;
    for entry in entries {
        let entry = entry.map_err(|error| visiting.damaged(error.to_string()))?;
        if entry.is_dir() || entry.is_symlink() {
            continue;
        }
        let name = shown(entry.name_raw());
        let opened = entry.with_reader(&mut bodies, ZipReadOptions::default());
        let wants_more = match opened {
            Ok(file) => {
                let mut content = ZipContent { inner: file, read: 0 };
                visiting.member(Member { name, modified_at: None, content: Ok(&mut content) })?
            }
            Err(error) => {
                let problem = unreadable_member(&error);
                visiting.member(Member { name, modified_at: None, content: Err(problem) })?
            }
        };
        if !wants_more {
            return Ok(());
        }
    }
    Ok(())
}

/// The members of a ZIP archive that comes as a stream, by the headers in front of each.
pub(crate) fn zip_stream_members(mut stream: impl Read, visit: &mut Visit<'_>) -> Result<(), SourceProblem> {
    let mut visiting = Visiting::new("ZIP", visit);
    loop {
        let file = match read_zipfile_from_stream(&mut stream) {
            Ok(Some(file)) => file,
            // The directory begins: all members have been read.
            Ok(None) => return Ok(()),
            Err(ZipError::Io(error)) if error.kind() == ErrorKind::UnexpectedEof => {
                return Err(visiting.ended_early());
            }
            Err(ZipError::UnsupportedArchive(reason)) => {
                let reason = format!("{reason}: it can only be read as a complete file");
                return Err(visiting.damaged(reason));
            }
            Err(error) => return Err(visiting.damaged(error.to_string())),
        };
        if file.is_dir() {
            continue;
        }
        let name = shown(file.name_raw());
        let mut content = ZipContent { inner: file, read: 0 };
        if !visiting.member(Member { name, modified_at: None, content: Ok(&mut content) })? {
            return Ok(());
        }
    }
}

fn unreadable_member(error: &ZipError) -> SourceProblem {
    let reason = match error {
        ZipError::CompressionMethodNotSupported(_) => {
            "it is compressed in a way that is not supported; pack it with deflate, or unpack it first"
                .to_owned()
        }
        ZipError::UnsupportedArchive(reason) if reason.to_lowercase().contains("password") => {
            "it is encrypted; unpack it first".to_owned()
        }
        error => error.to_string(),
    };
    SourceProblem::Unreadable { reason }
}

/// Says of damage that it is in the archive.
struct ZipContent<R> {
    inner: R,
    read: u64,
}

impl<R: Read> Read for ZipContent<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self.inner.read(buffer) {
            Ok(count) => {
                self.read += count as u64;
                Ok(count)
            }
            Err(error) if error.kind() == ErrorKind::Interrupted || find_problem(&error).is_some() => {
                Err(error)
            }
            Err(error) => Err(into_error(SourceProblem::of_decompression("ZIP", self.read, &error))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(
        read: impl FnOnce(&mut Visit<'_>) -> Result<(), SourceProblem>,
    ) -> (Vec<String>, Result<(), SourceProblem>) {
        let mut names = Vec::new();
        let outcome = read(&mut |member| {
            let mut text = Vec::new();
            let is_whole = member.content.is_ok_and(|content| content.read_to_end(&mut text).is_ok());
            names.push(format!("{} {} {is_whole}", member.name, text.len()));
            true
        });
        (names, outcome)
    }

    fn tarred(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, content) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            // Written past the builder, which refuses names that lead out of the folder.
            let field = &mut header.as_old_mut().name;
            field.iter_mut().zip(name.as_bytes()).for_each(|(to, from)| *to = *from);
            header.set_cksum();
            builder.append(&header, *content).unwrap();
        }
        builder.into_inner().unwrap()
    }

    #[test]
    fn names_of_members_are_in_utf_8_or_in_gbk() {
        assert_eq!(shown("./日志/订单.log".as_bytes()), "日志/订单.log");
        assert_eq!(shown(b"\xc8\xd5\xd6\xbe/\xb6\xa9\xb5\xa5.log"), "日志/订单.log");
        assert_eq!(shown(b"a\xff\xff.log"), "a\u{FFFD}\u{FFFD}.log");
    }

    #[test]
    fn files_of_a_tar_archive_whatever_they_are_called() {
        let bytes = tarred(&[
            ("a.jsonl", b"abc"),
            ("../../etc/passwd", b"xy"),
            ("d/.hidden", b"z"),
            ("x\u{1b}[2J", b""),
        ]);
        let (names, outcome) = names(|visit| tar_members(bytes.as_slice(), visit));
        assert_eq!(names, ["a.jsonl 3 true", "../../etc/passwd 2 true", "x\u{FFFD}[2J 0 true"]);
        assert_eq!(outcome, Ok(()));
        assert!(is_tar(&bytes));
    }

    #[test]
    fn a_tar_archive_that_is_cut_says_so_wherever_it_is_cut() {
        let bytes = tarred(&[("a", &[b'a'; 700]), ("b", &[b'b'; 2_000])]);
        // In the first member, between the two, in a header, in the second, in its padding, in the zeros.
        for (cut, whole) in [(800, 0), (1536, 1), (1700, 1), (2500, 1), (4090, 2), (4096, 2)] {
            let (names, outcome) = names(|visit| tar_members(&bytes[..cut], visit));
            let found = names.iter().filter(|name| name.ends_with("true")).count();
            assert_eq!(found, whole, "cut at {cut}: {names:?}");
            assert!(outcome.is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn endless_headers_of_a_tar_archive_are_refused() {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::GNULongName);
        header.set_size(1 << 30);
        header.set_path("././@LongLink").unwrap();
        header.set_cksum();
        let stream = header.as_bytes().chain(std::io::repeat(b'n'));
        let (_, outcome) = names(|visit| tar_members(stream, visit));
        assert!(outcome.unwrap_err().to_string().contains("headers are larger"));
    }

    fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, content) in files {
            writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            std::io::Write::write_all(&mut writer, content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn files_of_a_zip_archive_by_directory_and_as_a_stream() {
        let bytes = zipped(&[("a.jsonl", b"abc"), ("d/b.csv", b"xy")]);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.zip");
        std::fs::write(&path, &bytes).unwrap();
        let by_directory = names(|visit| zip_file_members(&path, visit));
        let as_stream = names(|visit| zip_stream_members(bytes.as_slice(), visit));
        assert_eq!(by_directory, (vec!["a.jsonl 3 true".to_owned(), "d/b.csv 2 true".to_owned()], Ok(())));
        assert_eq!(as_stream, by_directory);
    }

    #[test]
    fn a_zip_archive_without_its_directory_gives_what_is_whole() {
        let bytes = zipped(&[("a", &[b'a'; 5_000]), ("b", &[b'b'; 5_000])]);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.zip");
        std::fs::write(&path, &bytes[..bytes.len() / 2 - 20]).unwrap();
        let (names, outcome) = names(|visit| zip_file_members(&path, visit));
        assert_eq!(names.first().map(String::as_str), Some("a 5000 true"));
        assert!(outcome.is_err(), "{names:?}");
    }

    #[test]
    fn a_spreadsheet_is_no_archive_of_sources() {
        assert!(!is_zip(&zipped(&[("[Content_Types].xml", b"<x/>")])));
        assert!(is_zip(&zipped(&[("a.jsonl", b"")])) && is_zip(&zipped(&[])));
    }
}
