//! Which field holds the time, and in which layout?

use chrono_tz::Tz;

use super::columns::Column;
use crate::formats::log_fields::{Field, default_target, names_id};
use crate::time::{parse_instant, parse_with_format};

/// How times are written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum TimeLayout {
    /// As fupan reads them by itself.
    Known { lacks_zone: bool },
    /// In a layout of `strftime`; another one fits the sample as well.
    Format { format: &'static str, other: Option<&'static str> },
}

/// Layouts that are not read without being named. Where day and month could be either, the day comes
/// first, as in most of the world.
const FORMATS: [&str; 16] = [
    "%d/%m/%Y %H:%M:%S%.f",
    "%m/%d/%Y %H:%M:%S%.f",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M",
    "%d.%m.%Y %H:%M:%S%.f",
    "%d.%m.%Y %H:%M",
    "%d-%m-%Y %H:%M:%S%.f",
    "%d-%m-%Y %H:%M",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y, %I:%M:%S %p",
    "%d/%m/%Y, %H:%M:%S",
    "%Y%m%d %H:%M:%S%.f",
    "%Y%m%d-%H:%M:%S%.f",
    "%b %d, %Y %I:%M:%S %p",
    "%b %d %Y %H:%M:%S%.f",
    "%a %b %d %H:%M:%S %Y",
];

impl TimeLayout {
    /// The layout of all of these texts.
    pub(super) fn of<T: AsRef<str>>(values: &[T]) -> Option<Self> {
        let values: Vec<&str> = values.iter().map(AsRef::as_ref).filter(|value| !value.is_empty()).collect();
        if values.is_empty() {
            return None;
        }
        if values.iter().all(|value| is_known(value)) {
            let lacks_zone =
                values.iter().any(|value| parse_instant(value, Tz::UTC).is_ok_and(|read| read.assumed_zone));
            return Some(Self::Known { lacks_zone });
        }
        let fits =
            |format: &&&str| values.iter().all(|value| parse_with_format(value, format, Tz::UTC).is_ok());
        let mut fitting = FORMATS.iter().filter(fits).copied();
        let format = fitting.next()?;
        Some(Self::Format { format, other: fitting.next() })
    }

    pub(super) fn format(&self) -> Option<&'static str> {
        match self {
            Self::Known { .. } => None,
            Self::Format { format, .. } => Some(format),
        }
    }

    pub(super) fn lacks_zone(&self) -> bool {
        !matches!(self, Self::Known { lacks_zone: false })
    }

    pub(super) fn reason(&self) -> String {
        match self {
            Self::Known { .. } => "all of its values are times".to_owned(),
            Self::Format { format, other: None } => {
                format!("all of its values are times in the layout {format}")
            }
            Self::Format { format, other: Some(other) } => {
                format!(
                    "all of its values are times in the layout {format} (or {other}: which one, only you know)"
                )
            }
        }
    }
}

/// A date with a clock, or a number that is an epoch of these decades.
fn is_known(text: &str) -> bool {
    let Ok(read) = parse_instant(text, Tz::UTC) else { return false };
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let year = read.at.to_rfc3339().get(..4).and_then(|year| year.parse::<i32>().ok()).unwrap_or_default();
    if is_number {
        text.len() >= 10 && (2000..2100).contains(&year)
    } else {
        text.contains(':') || text.contains('时')
    }
}

/// The field that is the time: one that is called so, else the first whose values all are times, those with a clock
/// before numbers, which may be ids.
pub(super) fn find(columns: &[Column]) -> Option<(&Column, TimeLayout)> {
    let rank = |column: &Column| {
        let target = default_target(&column.name).filter(|target| target.field == Field::Timestamp);
        target.map_or(u8::MAX, |target| target.rank)
    };
    let most = columns.iter().map(|column| column.values.len()).max()?;
    let may_be_time = |column: &&Column| !(column.is_numeric() && names_id(&column.name));
    let whole = columns.iter().filter(|column| column.values.len() == most);
    let mut candidates: Vec<&Column> = whole.filter(may_be_time).collect();
    candidates.sort_by_key(|column| (rank(column), column.is_numeric()));
    candidates.into_iter().find_map(|column| Some((column, TimeLayout::of(&column.values)?)))
}
