//! How does text reach the reader? Data on standard output, everything else on standard error.
//!
//! Nothing that comes from data or input can move the cursor, change colours or turn the reading
//! direction: it passes [`inert`] first. No other module writes to the terminal.

use std::fmt::Display;
use std::io::{IsTerminal, Write};

use fupan_redact::{Counts, redact};

use crate::failure::{ErrorKind, Failure};

/// Columns of a terminal that does not tell its width.
const WIDTH_DEFAULT: u16 = 100;

/// When to use colours; `auto` is on a terminal, unless `NO_COLOR` is set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ColorChoice {
    #[default]
    Auto,
    Always,
    Never,
}

/// Where output goes, and how much of it.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about two streams")]
#[derive(Debug, Clone)]
pub(crate) struct Terminal {
    stdout_is_terminal: bool,
    stderr_is_terminal: bool,
    has_color: bool,
    is_quiet: bool,
    is_verbose: bool,
    width: Option<u16>,
}

impl Terminal {
    /// Looks at the streams; `no_color` is whether the environment says `NO_COLOR`.
    pub(crate) fn new(color: ColorChoice, no_color: bool, is_quiet: bool, is_verbose: bool) -> Self {
        let stdout_is_terminal = std::io::stdout().is_terminal();
        let stderr_is_terminal = std::io::stderr().is_terminal();
        let has_color = match color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => stderr_is_terminal && !no_color,
        };
        let width = stdout_is_terminal
            .then(|| terminal_size::terminal_size().map_or(WIDTH_DEFAULT, |(width, _)| width.0));
        Self { stdout_is_terminal, stderr_is_terminal, has_color, is_quiet, is_verbose, width }
    }

    /// Columns of the terminal that standard output is; none where it is a pipe or file.
    pub(crate) const fn width(&self) -> Option<u16> {
        self.width
    }

    pub(crate) const fn stdout_is_terminal(&self) -> bool {
        self.stdout_is_terminal
    }

    pub(crate) const fn is_verbose(&self) -> bool {
        self.is_verbose
    }

    /// Progress is for eyes only.
    pub(crate) const fn shows_progress(&self) -> bool {
        self.stderr_is_terminal && !self.is_quiet
    }

    /// Data, as bytes. On a terminal they are made inert.
    pub(crate) fn data(&self, bytes: &[u8]) -> Result<(), Failure> {
        let mut out = std::io::stdout().lock();
        let written = if self.stdout_is_terminal {
            out.write_all(inert(&String::from_utf8_lossy(bytes)).as_bytes())
        } else {
            out.write_all(bytes)
        };
        written.and_then(|()| out.flush()).map_err(|error| {
            if error.kind() == std::io::ErrorKind::BrokenPipe {
                // The reader has seen enough (`| head`): nobody is left to tell.
                std::process::exit(0);
            }
            Failure::new(ErrorKind::Storage, format!("cannot write to standard output: {error}"))
        })
    }

    /// Data, as text with a line end.
    pub(crate) fn line(&self, text: impl Display) -> Result<(), Failure> {
        self.data(format!("{text}\n").as_bytes())
    }

    /// Something worth knowing; not with `--quiet`.
    pub(crate) fn note(&self, text: impl Display) {
        if !self.is_quiet {
            say(&inert(&text.to_string()));
        }
    }

    /// Something worth knowing for those who asked for more.
    pub(crate) fn detail(&self, text: impl Display) {
        if self.is_verbose {
            self.note(text);
        }
    }

    /// Something that people should look at.
    pub(crate) fn warn(&self, text: impl Display) {
        say(&format!("{}: {}", self.styled("warning", "1;33"), inert(&text.to_string())));
    }

    /// A failure that does not end the command at once.
    pub(crate) fn error(&self, text: impl Display) {
        say(&format!("{}: {}", self.styled("error", "1;31"), inert(&text.to_string())));
    }

    /// What to do about what was just said.
    pub(crate) fn hint(&self, text: impl Display) {
        say(&format!("{}: {}", self.styled("hint", "1;36"), inert(&text.to_string())));
    }

    /// The failure that ends the command.
    pub(crate) fn failure(&self, failure: &Failure) {
        self.error(&failure.message);
        if let Some(hint) = &failure.hint {
            self.hint(hint);
        }
    }

    fn styled(&self, word: &str, code: &str) -> String {
        if self.has_color { format!("\u{1b}[{code}m{word}\u{1b}[0m") } else { word.to_owned() }
    }
}

fn say(text: &str) {
    // Reasons quote what they are about; no message is worth personal data in a log.
    let text = redact(text, &mut Counts::default());
    // Where standard error is closed there is nobody to tell.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Text in which nothing is left that a terminal would act on: control characters, direction
/// overrides and invisible characters become `�`; line ends and blanks stay.
pub(crate) fn inert(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            '\n' | '\t' => letter,
            _ if letter.is_control() || is_invisible(letter) => '\u{FFFD}',
            _ => letter,
        })
        .collect()
}

fn is_invisible(letter: char) -> bool {
    matches!(
        u32::from(letter),
        0x00AD | 0x061C | 0x180E | 0x200B | 0x200E | 0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0xFEFF
            | 0xFFF9..=0xFFFB | 0xE0000..=0xE007F
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_cannot_steer_the_terminal() {
        assert_eq!(inert("a\u{1b}[2Jb\r\u{202e}c\u{7}"), "a\u{FFFD}[2Jb\u{FFFD}\u{FFFD}c\u{FFFD}");
        assert_eq!(inert("下单\n\t失败"), "下单\n\t失败");
    }
}
