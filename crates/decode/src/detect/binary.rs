//! Is it text at all, and in UTF-8?

use std::fmt::Write;

use crate::DecodeError;

/// Beginnings of files, what they are, what to do instead, and whether they may well hold what was meant.
const MAGICS: &[(&[u8], &str, &str, bool)] = &[
    (b"\x89PNG", "a PNG image", "give the data behind the picture", false),
    (b"\xFF\xD8\xFF", "a JPEG image", "give the data behind the picture", false),
    (b"GIF8", "a GIF image", "give the data behind the picture", false),
    (b"%PDF", "a PDF document", "export the data as CSV or JSON", false),
    (b"PAR1", "a Parquet file", "export it as CSV or JSON lines first", true),
    (b"ORC", "an ORC file", "export it as CSV or JSON lines first", true),
    (b"Obj\x01", "an Avro file", "export it as JSON lines first", true),
    (b"ARROW1", "an Arrow file", "export it as CSV or JSON lines first", true),
    // Archives are opened before anything is detected: what arrives here is inside of one, or no archive.
    (
        b"PK\x03\x04",
        "a ZIP archive inside an archive, or a document of an office program",
        "unpack the outer archive, or save the sheet as CSV",
        true,
    ),
    (b"\x1F\x8B", "gzip inside", "it was compressed twice: decompress it once", true),
    (b"\x28\xB5\x2F\xFD", "zstd inside", "it was compressed twice: decompress it once", true),
    (b"BZh", "a bzip2 archive", "decompress it, or use gzip or zstd", true),
    (b"\xFD7zXZ", "an xz archive", "decompress it, or use gzip or zstd", true),
    (b"7z\xBC\xAF", "a 7z archive", "unpack it first", true),
    (b"\x7FELF", "an ELF program", "give the log that it writes", false),
    (b"SQLite format 3", "an SQLite database", "export its table as CSV", true),
    (b"\xD0\xCF\x11\xE0", "an old Office document", "save the sheet as CSV", true),
];

/// Refuses what is no text in UTF-8.
pub(super) fn refuse(head: &[u8], zone: chrono_tz::Tz) -> Result<(), DecodeError> {
    if let Some((_, kind, hint, is_data)) = MAGICS.iter().find(|(magic, ..)| head.starts_with(magic)) {
        let (kind, hint) = ((*kind).to_owned(), (*hint).to_owned());
        return Err(DecodeError::Binary { kind, hint, is_data: *is_data });
    }
    if head.get(257..262) == Some(b"ustar") {
        let hint = "unpack the outer archive and give the folder".to_owned();
        return Err(DecodeError::Binary {
            kind: "a tar archive inside an archive".to_owned(),
            hint,
            is_data: true,
        });
    }
    crate::encoding::refuse(head, zone)?;
    if has_lone_nul(head) || control_share(head) > 0.1 {
        let start = head.iter().take(8).fold(String::new(), |mut text, byte| {
            let _ = write!(text, " {byte:02x}");
            text
        });
        return Err(DecodeError::Binary {
            kind: format!("binary data of an unknown kind (it begins with{start})"),
            hint: "give logs, metrics or timelines as text".to_owned(),
            is_data: false,
        });
    }
    Ok(())
}

/// NULs in a row that are a hole in a text and no part of binary data.
const HOLE_BYTES_MIN: usize = 16;

/// Bytes of a text per NUL among them: one that a program wrote by mistake makes no binary data of a log.
const TEXT_BYTES_PER_NUL: usize = 200;

/// Whether NULs stand among other bytes, as in binary data.
pub(crate) fn has_lone_nul(head: &[u8]) -> bool {
    // One at the very beginning is as good as a long one: what follows tells whether it is text.
    let start = head.iter().take_while(|byte| **byte == 0).count();
    let head = head.get(start..).unwrap_or_default();
    let mut runs = head.chunk_by(|a, b| (*a == 0) == (*b == 0)).peekable();
    let mut lone = 0;
    while let Some(run) = runs.next() {
        // At the end of the head the rest of a hole may follow.
        if run.first() == Some(&0) && run.len() < HOLE_BYTES_MIN && runs.peek().is_some() {
            lone += run.len();
        }
    }
    lone * TEXT_BYTES_PER_NUL > head.len()
}

/// Control characters among the bytes that are no NULs.
fn control_share(head: &[u8]) -> f64 {
    let bytes = head.iter().filter(|byte| **byte != 0);
    let controls = bytes.clone().filter(|byte| **byte < 0x20 && !b"\t\n\r\x1B\x0C".contains(byte)).count();
    controls as f64 / bytes.count().max(1) as f64
}
