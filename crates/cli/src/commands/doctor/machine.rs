//! What does the machine allow this process?

use super::Line;
use crate::numbers::{bytes, grouped};

/// A store with many small files, read by many threads, has so many open at once.
const OPEN_FILES_MIN: u64 = 1024;

/// Threads of the runtime, of decoding and of the engine together.
const PROCESSES_MIN: u64 = 64;

/// A limit of memory below which sorting and joining spill at once.
const MEMORY_BYTES_MIN: u64 = 2 << 30;

/// Limits of this process, where the system tells them.
pub(super) fn look_at() -> Vec<Line> {
    std::fs::read_to_string("/proc/self/limits").map(|text| of(&text)).unwrap_or_default()
}

fn of(text: &str) -> Vec<Line> {
    // The soft limit; none where there is none.
    let limit = |name: &str| -> Option<u64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse().ok()
    };
    let mut said = Vec::new();
    let mut lines = Vec::new();
    let mut low = |name: &str, least: u64, shown: fn(u64) -> String, to_do: &str| {
        let Some(found) = limit(name) else { return };
        let what = format!("{}: {}", name.to_lowercase().trim_start_matches("max "), shown(found));
        if found < least {
            lines.push(Line::note("limits", what, to_do));
        } else {
            said.push(what);
        }
    };
    low("Max open files", OPEN_FILES_MIN, grouped, "raise it: ulimit -n 4096");
    low("Max processes", PROCESSES_MIN, grouped, "raise it: ulimit -u 4096");
    low("Max address space", MEMORY_BYTES_MIN, bytes, "raise it: ulimit -v unlimited");
    low("Max file size", MEMORY_BYTES_MIN, bytes, "raise it: ulimit -f unlimited");
    if lines.is_empty() {
        let what = if said.is_empty() { "none".to_owned() } else { said.join(" · ") };
        lines.push(Line::ok("limits", what));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn a_low_limit_is_named_with_what_raises_it() {
        let text = |files: &str| {
            format!(
                "Limit                     Soft Limit           Hard Limit           Units\n\
                 Max file size             unlimited            unlimited            bytes\n\
                 Max open files            {files}                  4096                 files\n"
            )
        };
        let low = of(&text("256"));
        assert_eq!((low.len(), low[0].state), (1, State::Note));
        assert!(low[0].what.contains("256") && low[0].to_do.contains("ulimit -n"), "{low:?}");
        assert_eq!(of(&text("8192"))[0].state, State::Ok);
    }
}
