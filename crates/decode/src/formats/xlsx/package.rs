//! Is the package of a spreadsheet safe to unpack?
//!
//! A spreadsheet is a ZIP archive of XML. Its reader unpacks whole pieces into memory and makes room for
//! as many texts as the file announces; both are checked here against the limits first. Only plain
//! archives pass: whatever two readers could understand differently is refused. Source: APPNOTE.TXT of
//! PKWARE, 4.3.

use super::inflate::{Measured, Problem, crc, measure};
use crate::limits;

const BOMB: &str =
    "the spreadsheet unpacks to more than it may: a bomb, or save its sheets as CSV one by one";
const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
/// Size of the record at the end of an archive without a comment.
const END_BYTES: usize = 22;

/// Names with which the first file of an office document begins.
const OFFICE: [&[u8]; 4] = [b"[Content_Types].xml", b"_rels/", b"docProps/", b"xl/"];

/// Whether the head is that of a spreadsheet rather than of any archive: the names of its first files tell.
pub(crate) fn looks_like(head: &[u8]) -> bool {
    let name_length = u16_at(head, 26).map_or(0, usize::from);
    let name = head.get(30..30 + name_length);
    head.starts_with(LOCAL)
        && name.is_some_and(|name| OFFICE.iter().any(|start| name.starts_with(start)))
        && memchr::memmem::find(head, b"xl/").is_some()
}

/// Refuses what would take more room than [`limits::SHEET_UNPACKED_BYTES_MAX`] or cannot be read.
pub(super) fn check(bytes: &[u8]) -> Result<(), String> {
    if bytes.len() > limits::SHEET_BYTES_MAX {
        return Err(format!(
            "the spreadsheet is larger than {} MiB; save the sheet as CSV",
            limits::SHEET_BYTES_MAX >> 20
        ));
    }
    let unusual =
        || "the spreadsheet's package is damaged or of an unusual kind; save the sheet as CSV".to_owned();
    let end_at = bytes.len().checked_sub(END_BYTES).ok_or_else(unusual)?;
    let end = bytes.get(end_at..).filter(|end| end.starts_with(END)).ok_or_else(unusual)?;
    let files = usize::from(u16_at(end, 10).ok_or_else(unusual)?);
    let mut at = u32_at(end, 16).ok_or_else(unusual)? as usize;
    let size = u32_at(end, 12).ok_or_else(unusual)? as usize;
    if files > limits::SHEET_FILES_MAX || at.checked_add(size) != Some(end_at) {
        return Err(unusual());
    }
    let mut room = limits::SHEET_UNPACKED_BYTES_MAX;
    for _ in 0..files {
        let (unpacked, next) =
            file(bytes, at, room).map_err(|reason| reason.map_or_else(unusual, str::to_owned))?;
        room -= unpacked;
        at = next;
    }
    if at == end_at { Ok(()) } else { Err(unusual()) }
}

/// One file of the archive: how large it becomes, and where the next entry is. `Err(None)` where the entry
/// is unusual.
fn file(bytes: &[u8], at: usize, room: u64) -> Result<(u64, usize), Option<&'static str>> {
    let entry = bytes.get(at..).filter(|entry| entry.starts_with(CENTRAL)).ok_or(None)?;
    let half = |at| u16_at(entry, at).map(usize::from).ok_or(None);
    let whole = |at| u32_at(entry, at).map(|value| value as usize).ok_or(None);
    let (flags, method, packed) = (half(8)?, half(10)?, whole(20)?);
    let (name_length, extra, comment, local_at) = (half(28)?, half(30)?, half(32)?, whole(42)?);
    let name = entry.get(46..46 + name_length).ok_or(None)?;
    let next = at + 46 + name_length + extra + comment;
    let local = bytes.get(local_at..).filter(|local| local.starts_with(LOCAL)).ok_or(None)?;
    let local_half = |at| u16_at(local, at).map(usize::from).ok_or(None);
    let start = 30 + local_half(26)? + local_half(28)?;
    // Encrypted files, and names that differ between the two places, are nobody's spreadsheet.
    if flags & 1 == 1 || local.get(30..30 + local_half(26)?) != Some(name) || local_half(8)? != method {
        return Err(None);
    }
    let data = local.get(start..start.checked_add(packed).ok_or(None)?).ok_or(None)?;
    let damaged =
        "the spreadsheet is damaged: its checksums differ; export it again, or save the sheet as CSV";
    let found = match method {
        0 => Measured {
            bytes: packed as u64,
            crc: crc(data),
            head: data.get(..data.len().min(4096)).unwrap_or_default().to_vec(),
        },
        8 => measure(data, room).map_err(|problem| match problem {
            Problem::TooLarge => Some(BOMB),
            Problem::Broken => Some(damaged),
        })?,
        _ => return Err(None),
    };
    // Its reader stops where the table ends and would not notice.
    if u32_at(entry, 16) != Some(found.crc) {
        return Err(Some(damaged));
    }
    let Measured { bytes: unpacked, head, .. } = found;
    if unpacked > room {
        return Err(Some(BOMB));
    }
    check_announced(&head)?;
    Ok((unpacked, next))
}

/// The table of texts says how many there are, and its reader makes room for all of them at once.
fn check_announced(head: &[u8]) -> Result<(), Option<&'static str>> {
    for at in memchr::memmem::find_iter(head, b"uniqueCount") {
        let rest = head.get(at + b"uniqueCount".len()..).unwrap_or_default();
        let digits: Vec<u8> = rest
            .iter()
            .copied()
            .skip_while(|byte| !byte.is_ascii_digit() && *byte != b'>')
            .take_while(u8::is_ascii_digit)
            .collect();
        let announced = std::str::from_utf8(&digits).ok().filter(|digits| !digits.is_empty());
        if announced.is_some_and(|digits| {
            digits.parse::<usize>().map_or(true, |count| count > limits::SHEET_CELLS_MAX)
        }) {
            return Err(Some("the spreadsheet announces more texts than it may hold"));
        }
    }
    Ok(())
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}
