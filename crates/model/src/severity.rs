//! Severity words and numbers, after the OpenTelemetry log data model.

/// Lowest number that counts as an error.
pub const ERROR_MIN: i8 = 17;

/// The number for a level as loggers write it (any case; English and Chinese); none if unknown.
///
/// Source: OpenTelemetry "Logs Data Model", appendix B, and the levels of syslog, log4j, Python, Go.
pub fn number_of(text: &str) -> Option<i8> {
    let word = text.trim().trim_matches(['[', ']', '<', '>', ':']);
    let number = match word.to_ascii_lowercase().as_str() {
        "trace" | "finest" | "verbose" | "跟踪" => 1,
        "debug" | "fine" | "dbg" | "d" | "调试" => 5,
        "info" | "information" | "informational" | "inf" | "i" | "信息" => 9,
        "notice" | "note" => 10,
        "warn" | "warning" | "wrn" | "w" | "警告" => 13,
        "error" | "err" | "severe" | "e" | "错误" => 17,
        "critical" | "crit" | "严重" => 18,
        "alert" => 19,
        "fatal" | "emerg" | "emergency" | "panic" | "f" | "致命" => 21,
        _ => return None,
    };
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_of_common_loggers() {
        for (text, number) in [("INFO", 9), ("[warn]", 13), ("Err", 17), ("错误", 17), ("fatal", 21)] {
            assert_eq!(number_of(text), Some(number), "{text}");
        }
        assert_eq!(number_of("loud"), None);
    }
}
