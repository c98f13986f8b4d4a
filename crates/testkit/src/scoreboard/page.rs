//! What was found, and when? The page of the board, which keeps what was not run again.

use std::collections::BTreeMap;

use super::{Extent, Found, ROWS, Row, Verdict};

/// The page has a table of rows and one of guards.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// By what is done.
    rows: BTreeMap<String, Line>,
    /// What fails without each guard, in their order; nothing where the text is empty.
    guards: Vec<(String, String)>,
    guards_on: String,
}

/// What a row says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    mark: String,
    found: String,
    extent: String,
    seconds: String,
}

const PASSED: &str = "✔";
const FAILED: &str = "✘";
const NOT_BUILT: &str = "–";
const FULL: &str = "full";
const GUARDS: &str = "## Guards";
const NOTHING: &str = "nothing fails";

const ABOUT: &str = "# Scoreboard

What is promised, and the figures by which it is proven. Each row is a test that anybody can run; the page is written by

```sh
cargo run --package fupan-testkit -- scoreboard          # a sample of each row, as in `cargo test`
cargo run --package fupan-testkit -- scoreboard --full   # all of it: hours
cargo run --package fupan-testkit -- guards              # the table at the end
```

`--only WORD` runs the rows that hold the word. Rows that were not run stay as they are, and what was found by the whole of a
row stays while its sample passes; the date says when it was found.
";

const ABOUT_GUARDS: &str =
    "Each was cut out of a copy of the sources, alone, and this is what failed without it.
";

impl Page {
    /// Reads the page as it was written; lines that are none of ours are left out.
    pub fn parse(text: &str) -> Self {
        let mut page = Self::default();
        let (rows, guards) = text.split_once(GUARDS).unwrap_or((text, ""));
        for line in rows.lines() {
            if let [mark, test, _required, found, extent, seconds] = cells(line).as_slice()
                && [PASSED, FAILED, NOT_BUILT].contains(&mark.as_str())
            {
                let [mark, found, extent, seconds] = [mark, found, extent, seconds].map(Clone::clone);
                page.rows.insert(test.clone(), Line { mark, found, extent, seconds });
            }
        }
        for line in guards.lines() {
            if let Some(day) = line.split_once("caught (").and_then(|(_, rest)| rest.split_once(')')) {
                day.0.clone_into(&mut page.guards_on);
            } else if let [mark, guard, missed] = cells(line).as_slice()
                && [PASSED, FAILED].contains(&mark.as_str())
            {
                let missed = if missed == NOTHING { String::new() } else { missed.clone() };
                page.guards.push((guard.clone(), missed));
            }
        }
        page
    }

    /// Takes in what was found of a row. What the whole of it gave stays where a sample only confirms it.
    pub fn record(&mut self, found: &Found, extent: Extent, today: &str) {
        let (mark, text) = match found.verdict {
            Verdict::Passed => (PASSED, found.figures.join("<br>")),
            Verdict::Failed => (FAILED, found.figures.join("<br>")),
            Verdict::NotBuilt => (NOT_BUILT, "not built".to_owned()),
        };
        let is_confirmed = extent == Extent::Quick && found.verdict == Verdict::Passed;
        let known = self.rows.get(found.row.test);
        if is_confirmed && known.is_some_and(|known| known.mark == PASSED && known.extent.starts_with(FULL)) {
            return;
        }
        let (extent, seconds) = match (&found.verdict, extent) {
            (Verdict::NotBuilt, _) => (String::new(), String::new()),
            (_, Extent::Quick) => (format!("sample, {today}"), seconds(found)),
            (_, Extent::Full) => (format!("{FULL}, {today}"), seconds(found)),
        };
        self.rows
            .insert(found.row.test.to_owned(), Line { mark: mark.to_owned(), found: text, extent, seconds });
    }

    /// Takes in what failed without a guard, or that nothing did.
    pub fn record_guard(&mut self, name: &str, missed: Option<&str>, today: &str) {
        let missed = missed.unwrap_or("").to_owned();
        today.clone_into(&mut self.guards_on);
        match self.guards.iter_mut().find(|(known, _)| known == name) {
            Some(known) => known.1 = missed,
            None => self.guards.push((name.to_owned(), missed)),
        }
    }

    /// Forgets guards that there are no longer, and puts the others into their order.
    pub fn keep_guards(&mut self, names: &[&str]) {
        self.guards.retain(|(known, _)| names.contains(&known.as_str()));
        self.guards.sort_by_key(|(known, _)| names.iter().position(|name| name == known));
    }

    /// The text, with the rows in the order of the promises.
    pub fn text(&self) -> String {
        let of = |mark: &str| ROWS.iter().filter(|row| self.line(row).mark == mark).count();
        let mut text = format!(
            "{ABOUT}\n{} of {} rows pass, {} fail, {} are not built or were not run.\n\n| | test | passes with | found | extent | seconds |\n|---|---|---|---|---|---:|\n",
            of(PASSED),
            ROWS.len(),
            of(FAILED),
            of(NOT_BUILT),
        );
        for row in ROWS {
            let Line { mark, found, extent, seconds } = self.line(row);
            push_row(&mut text, &[&mark, row.test, row.required, &found, &extent, &seconds]);
        }
        if self.guards.is_empty() {
            return text;
        }
        let caught = self.guards.iter().filter(|(_, missed)| !missed.is_empty()).count();
        text.push_str(&format!(
            "\n{GUARDS}\n\n{ABOUT_GUARDS}\n{caught} of {} removals are caught ({}).\n\n| | guard | without it |\n|---|---|---|\n",
            self.guards.len(),
            self.guards_on
        ));
        for (guard, missed) in &self.guards {
            let (mark, missed) =
                if missed.is_empty() { (FAILED, NOTHING) } else { (PASSED, missed.as_str()) };
            push_row(&mut text, &[mark, guard, missed]);
        }
        text
    }

    fn line(&self, row: &Row) -> Line {
        let not_run = if row.proofs.is_empty() { "not built" } else { "not run" };
        let [mark, found] = [NOT_BUILT, not_run].map(str::to_owned);
        self.rows.get(row.test).cloned().unwrap_or(Line {
            mark,
            found,
            extent: String::new(),
            seconds: String::new(),
        })
    }
}

fn seconds(found: &Found) -> String {
    format!("{:.0}", found.took.as_secs_f64())
}

fn push_row(text: &mut String, cells: &[&str]) {
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    text.push_str(&format!("| {} |\n", cells.join(" | ")));
}

/// The cells of a row of a table.
fn cells(line: &str) -> Vec<String> {
    let inner = line.strip_prefix("| ").and_then(|line| line.strip_suffix(" |"));
    inner.map_or_else(Vec::new, |inner| {
        inner.split(" | ").map(|cell| cell.trim().replace("\\|", "|")).collect()
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn found(row: usize, verdict: Verdict, figures: &[&str]) -> Found {
        Found {
            row: ROWS[row],
            verdict,
            figures: figures.iter().map(ToString::to_string).collect(),
            took: Duration::from_secs(7),
        }
    }

    #[test]
    fn the_page_says_what_failed_and_what_was_not_run() {
        let mut page = Page::default();
        page.record(&found(0, Verdict::Passed, &["3 of 3", "a | b"]), Extent::Full, "2026-11-22");
        page.record(&found(1, Verdict::Failed, &["failed: x"]), Extent::Quick, "2026-11-22");
        let text = page.text();
        let rest = ROWS.len() - 2;
        assert!(text.contains(&format!(
            "1 of {} rows pass, 1 fail, {rest} are not built or were not run",
            ROWS.len()
        )));
        assert!(text.contains("3 of 3<br>a \\| b | full, 2026-11-22 | 7 |"), "{text}");
        assert!(text.contains("| ✘ |") && text.contains("failed: x | sample, 2026-11-22 | 7 |"), "{text}");
        assert!(text.contains("| not run |"), "{text}");
    }

    #[test]
    fn what_is_read_back_is_what_was_written() {
        let mut page = Page::default();
        page.record(&found(0, Verdict::Passed, &["3 of 3", "a | b"]), Extent::Full, "2026-11-22");
        page.record_guard("a file is synced", Some("failed: x"), "2026-11-22");
        page.record_guard("a folder is synced", None, "2026-11-22");
        let text = page.text();
        assert!(text.contains("1 of 2 removals are caught (2026-11-22)"), "{text}");
        assert!(text.contains("| ✘ | a folder is synced | nothing fails |"), "{text}");
        assert_eq!(Page::parse(&text).text(), text);
    }

    #[test]
    fn the_whole_of_a_row_stays_while_its_sample_passes() {
        let mut page = Page::default();
        page.record(&found(0, Verdict::Passed, &["1,000 of 1,000"]), Extent::Full, "2026-11-22");
        let whole = page.clone();
        page.record(&found(0, Verdict::Passed, &["50 of 50"]), Extent::Quick, "2026-11-23");
        assert_eq!(page, whole);
        page.record(&found(0, Verdict::Failed, &["failed: x"]), Extent::Quick, "2026-11-24");
        assert!(page.text().contains("failed: x | sample, 2026-11-24"), "{}", page.text());
        page.record(&found(0, Verdict::Passed, &["50 of 50"]), Extent::Quick, "2026-11-25");
        assert!(page.text().contains("50 of 50 | sample, 2026-11-25"), "{}", page.text());
    }
}
