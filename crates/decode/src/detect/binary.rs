//! Is it text at all, and in UTF-8?

use std::fmt::Write;

use crate::DecodeError;

/// Beginnings of files, what they are, and what to do instead.
const MAGICS: &[(&[u8], &str, &str)] = &[
    (b"\x89PNG", "a PNG image", "give the data behind the picture"),
    (b"\xFF\xD8\xFF", "a JPEG image", "give the data behind the picture"),
    (b"GIF8", "a GIF image", "give the data behind the picture"),
    (b"%PDF", "a PDF document", "export the data as CSV or JSON"),
    (b"PAR1", "a Parquet file", "export it as CSV or JSON lines first"),
    (b"ORC", "an ORC file", "export it as CSV or JSON lines first"),
    (b"Obj\x01", "an Avro file", "export it as JSON lines first"),
    (b"ARROW1", "an Arrow file", "export it as CSV or JSON lines first"),
    // Archives are opened before anything is detected: what arrives here is inside of one, or no archive.
    (
        b"PK\x03\x04",
        "a ZIP archive inside an archive, or a document of an office program",
        "unpack the outer archive, or save the sheet as CSV",
    ),
    (b"\x1F\x8B", "gzip inside", "it was compressed twice: decompress it once"),
    (b"\x28\xB5\x2F\xFD", "zstd inside", "it was compressed twice: decompress it once"),
    (b"BZh", "a bzip2 archive", "decompress it, or use gzip or zstd"),
    (b"\xFD7zXZ", "an xz archive", "decompress it, or use gzip or zstd"),
    (b"7z\xBC\xAF", "a 7z archive", "unpack it first"),
    (b"\x7FELF", "an ELF program", "give the log that it writes"),
    (b"SQLite format 3", "an SQLite database", "export its table as CSV"),
    (b"\xD0\xCF\x11\xE0", "an old Office document", "save the sheet as CSV"),
];

/// Refuses what is no text in UTF-8.
pub(super) fn refuse(head: &[u8]) -> Result<(), DecodeError> {
    if let Some((_, kind, hint)) = MAGICS.iter().find(|(magic, ..)| head.starts_with(magic)) {
        return Err(DecodeError::Binary { kind: (*kind).to_owned(), hint: (*hint).to_owned() });
    }
    if head.get(257..262) == Some(b"ustar") {
        let hint = "unpack the outer archive and give the folder".to_owned();
        return Err(DecodeError::Binary { kind: "a tar archive inside an archive".to_owned(), hint });
    }
    crate::encoding::refuse(head)?;
    if head.contains(&0) || control_share(head) > 0.1 {
        let start = head.iter().take(8).fold(String::new(), |mut text, byte| {
            let _ = write!(text, " {byte:02x}");
            text
        });
        return Err(DecodeError::Binary {
            kind: format!("binary data of an unknown kind (it begins with{start})"),
            hint: "give logs, metrics or timelines as text".to_owned(),
        });
    }
    Ok(())
}

fn control_share(head: &[u8]) -> f64 {
    let controls = head.iter().filter(|byte| **byte < 0x20 && !b"\t\n\r\x1B\x0C".contains(byte)).count();
    controls as f64 / head.len().max(1) as f64
}
