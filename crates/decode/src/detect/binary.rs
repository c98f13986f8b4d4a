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
    (b"PK\x03\x04", "a ZIP archive (or a spreadsheet)", "unpack it, or save the sheet as CSV"),
    (b"\x1F\x8B", "gzip inside", "it was compressed twice: decompress it once"),
    (b"\x28\xB5\x2F\xFD", "zstd inside", "it was compressed twice: decompress it once"),
    (b"BZh", "a bzip2 archive", "decompress it, or use gzip or zstd"),
    (b"\xFD7zXZ", "an xz archive", "decompress it, or use gzip or zstd"),
    (b"7z\xBC\xAF", "a 7z archive", "unpack it first"),
    (b"\x7FELF", "an ELF program", "give the log that it writes"),
    (b"SQLite format 3", "an SQLite database", "export its table as CSV"),
    (b"\xD0\xCF\x11\xE0", "an old Office document", "save the sheet as CSV"),
];

/// Text in other encodings begins with these.
const ENCODINGS: &[(&[u8], &str)] = &[(b"\xFF\xFE", "UTF-16LE"), (b"\xFE\xFF", "UTF-16BE")];

/// Refuses what is no text in UTF-8.
pub(super) fn refuse(head: &[u8]) -> Result<(), DecodeError> {
    if let Some((_, kind, hint)) = MAGICS.iter().find(|(magic, ..)| head.starts_with(magic)) {
        return Err(DecodeError::Binary { kind: (*kind).to_owned(), hint: (*hint).to_owned() });
    }
    if head.get(257..262) == Some(b"ustar") {
        let hint = "unpack it and give the folder".to_owned();
        return Err(DecodeError::Binary { kind: "a tar archive".to_owned(), hint });
    }
    if let Some((_, encoding)) = ENCODINGS.iter().find(|(mark, _)| head.starts_with(mark)) {
        return Err(DecodeError::Encoding { encoding: (*encoding).to_owned() });
    }
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
    refuse_other_encodings(head)
}

fn control_share(head: &[u8]) -> f64 {
    let controls = head.iter().filter(|byte| **byte < 0x20 && !b"\t\n\r\x1B\x0C".contains(byte)).count();
    controls as f64 / head.len().max(1) as f64
}

/// A few broken lines are rejected one by one. A text most of whose non-ASCII lines are not UTF-8 but
/// read well as GB18030 is in that encoding.
fn refuse_other_encodings(head: &[u8]) -> Result<(), DecodeError> {
    let (mut good, mut bad) = (0, 0);
    let mut lines: Vec<&[u8]> = head.split(|byte| *byte == b'\n').collect();
    // The last line may be cut in the middle of a letter.
    if lines.len() > 1 {
        lines.pop();
    }
    for line in lines.iter().filter(|line| !line.is_ascii()) {
        match std::str::from_utf8(line) {
            Ok(_) => good += 1,
            Err(error) if error.error_len().is_none() => {}
            Err(_) => bad += 1,
        }
    }
    if bad > good {
        let (_, had_errors) = encoding_rs::GB18030.decode_without_bom_handling(&lines.join(&b'\n'));
        if !had_errors {
            return Err(DecodeError::Encoding { encoding: "GB18030".to_owned() });
        }
    }
    Ok(())
}
