//! Which table is it, or is it a timeline in YAML?

use super::columns::by_header;
use super::{Detection, HINT, banner, lines};
use crate::formats::{Table, text_of};
use crate::framing::Records;
use crate::{DecodeError, DecodeOptions, Framing, InputFormat};

pub(super) fn detect(
    head: &[u8],
    head_is_whole: bool,
    options: &DecodeOptions,
) -> Result<Detection, DecodeError> {
    if let Some(line) = timeline_line(head) {
        return Ok(Detection::new(
            InputFormat::Timeline,
            format!("line {line} begins with `incident:`, as in a fupan timeline"),
        ));
    }
    let table = Table::read(head, "csv");
    if let Ok(table) = &table
        && table.names.len() >= 2
        && let Some(detection) = by_header(table, head)
    {
        return Ok(detection);
    }
    // Rows that begin with a time would pass for lines of text.
    if let Some(detection) = banner::detect(head, head_is_whole, options) {
        return Ok(detection);
    }
    if let Some(detection) = lines::text(head, head_is_whole, 2) {
        return Ok(detection);
    }
    let table = table?;
    let line = Records::new(Framing::Lines, head)
        .next()
        .map(|line| String::from_utf8_lossy(line.bytes).into_owned());
    let line = line.unwrap_or_default();
    let seen = if table.names.len() >= 2 && table.names.iter().all(|name| name.len() < 64) {
        let columns = table.names.iter().take(8).map(String::as_str).collect::<Vec<_>>().join(", ");
        format!("perhaps a table with the columns {columns}, but without a time and values that are known")
    } else {
        format!("text that begins with {:?}", text_of(&line))
    };
    Err(DecodeError::Unrecognised { seen, hint: HINT.to_owned() })
}

/// The line on which `incident:` stands at the left margin, before any row of a table.
fn timeline_line(head: &[u8]) -> Option<usize> {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.lines().enumerate().take(200);
    lines
        .find(|(_, line)| {
            line.strip_prefix("incident:").is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        })
        .map(|(at, _)| at + 1)
}
