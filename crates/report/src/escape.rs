//! How does text from data stay text, wherever it is printed?
//!
//! A log line may hold `| cells |`, `[links](x)`, `<img>`, `@everyone`, `=cmd()` or characters that
//! turn the reading direction. Each function here makes a text inert for one kind of output. All of
//! them first replace what nobody can see ([`visible`]). Beyond `CommonMark` and GFM this covers what
//! code hosts do with plain text: mentions, issue references, emoji codes, formulas.

/// Separates characters that a host would otherwise read as a mention, reference or address;
/// invisible, zero width, and no line break.
const WORD_JOINER: char = '\u{2060}';

/// One line of text in which control characters, direction overrides and invisible characters are
/// replaced by `�` and white space by single spaces.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        let shown = match letter {
            _ if letter.is_whitespace() => ' ',
            _ if letter.is_control() || is_invisible(letter) => '\u{FFFD}',
            _ => letter,
        };
        if shown != ' ' || !(out.is_empty() || out.ends_with(' ')) {
            out.push(shown);
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Characters that change how text is read without being seen, or that XML forbids. Joiners that
/// emoji and scripts need stay.
fn is_invisible(letter: char) -> bool {
    matches!(
        u32::from(letter),
        0x00AD | 0x061C | 0x180E | 0x200B | 0x200E | 0x200F | 0x202A..=0x202E | 0x2060..=0x206F | 0xFEFF
            | 0xFFF9..=0xFFFB | 0xE0000..=0xE007F
    ) || (u32::from(letter) & 0xFFFE) == 0xFFFE
}

/// The first `limit` characters, with `…` where some were cut off.
pub fn shortened(text: &str, limit: usize) -> String {
    if text.chars().nth(limit).is_none() {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(limit.saturating_sub(1)).collect();
    out.push('…');
    out
}

/// Text for a line, cell or heading of markdown.
pub fn markdown(text: &str) -> String {
    let text = shortened(&visible(text), crate::limits::TEXT_CHARS_MAX);
    let letters: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len() + 16);
    for (index, &letter) in letters.iter().enumerate() {
        push_markdown(&mut out, &letters, index, letter);
    }
    out
}

fn push_markdown(out: &mut String, letters: &[char], index: usize, letter: char) {
    let before = letters.get(..index).unwrap_or_default();
    let after = letters.get(index + 1..).unwrap_or_default();
    let joined = after.first().is_some_and(|next| next.is_alphanumeric() || *next == '_');
    match letter {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '$' => out.push_str("&#36;"),
        // Within a word it means nothing, and `impact_started` stays readable.
        '_' if before.last().is_some_and(|last| last.is_alphanumeric())
            && after.first().is_some_and(|next| next.is_alphanumeric()) =>
        {
            out.push('_');
        }
        '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '{' | '}' | '^' => {
            out.push('\\');
            out.push(letter);
        }
        '#' => out.push_str("\\#"),
        '%' if before.last() == Some(&'{') => out.push_str("\\%"),
        ':' if before.is_empty() => out.push_str("\\:"),
        '+' | '-' | '=' if before.is_empty() => {
            out.push('\\');
            out.push(letter);
        }
        '.' | ')' if is_list_number(before, after) => {
            out.push('\\');
            out.push(letter);
        }
        '.' if ends_with_www(before) => {
            out.push(WORD_JOINER);
            out.push('.');
        }
        _ => out.push(letter),
    }
    let splits = match letter {
        '@' => true,
        '#' | '!' | '%' | '~' | '&' | '$' | '^' => joined,
        ':' => after.first() == Some(&'/') || is_scheme(before) || is_emoji_code(after),
        '-' => ends_with_ignoring_case(before, "gh") && joined,
        _ => false,
    };
    if splits {
        out.push(WORD_JOINER);
    }
}

/// `12. ` at the beginning would begin a list.
fn is_list_number(before: &[char], after: &[char]) -> bool {
    !before.is_empty()
        && before.iter().all(char::is_ascii_digit)
        && after.first().is_none_or(|next| next.is_whitespace())
}

fn ends_with_ignoring_case(letters: &[char], word: &str) -> bool {
    let length = word.chars().count();
    letters.len() >= length
        && letters
            .iter()
            .rev()
            .zip(word.chars().rev())
            .all(|(letter, expected)| letter.eq_ignore_ascii_case(&expected))
}

fn ends_with_www(letters: &[char]) -> bool {
    ends_with_ignoring_case(letters, "www")
}

fn is_scheme(before: &[char]) -> bool {
    ["mailto", "xmpp", "javascript", "data"].iter().any(|scheme| ends_with_ignoring_case(before, scheme))
}

/// `:tada:` becomes a picture on code hosts.
fn is_emoji_code(after: &[char]) -> bool {
    let name = after
        .iter()
        .take_while(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '+' | '-'))
        .count();
    let letters = after.get(..name).unwrap_or_default();
    // Times of day are none; of the emoji only `:100:` and `:1234:` are numbers.
    let is_number = letters.iter().all(char::is_ascii_digit) && !(name == 3 || name == 4);
    name > 0 && !is_number && after.get(name) == Some(&':')
}

/// Text for the value of an HTML attribute in markdown, between double quotes.
pub fn html_attribute(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in visible(text).chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '`' => out.push_str("&#96;"),
            '|' => out.push_str("&#124;"),
            '{' => out.push_str("&#123;"),
            _ => out.push(letter),
        }
    }
    out
}

/// Text for an element of SVG (or any XML).
pub fn xml(text: &str) -> String {
    visible(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// Text for a cell of CSV: spreadsheets must not take it for a formula. Quoting is left to the
/// writer of the file.
pub fn csv_cell(text: &str) -> String {
    let text = visible(text);
    if text.starts_with(['=', '+', '-', '@', '|', '%', '\u{FF1D}', '\u{FF0B}', '\u{FF0D}', '\u{FF20}']) {
        format!("'{text}")
    } else {
        text
    }
}

/// One word of a command that people paste into a shell.
pub fn shell_word(text: &str) -> String {
    let text = visible(text);
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:@%+,=".contains(letter);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) {
        text
    } else {
        let quoted = text.replace('\'', r"'\''");
        // The same word to a shell, and no tag to the template engines of sites.
        let mut out = String::from("'");
        for letter in quoted.chars() {
            if out.ends_with('{') && matches!(letter, '{' | '%' | '#') {
                out.push_str("''");
            }
            out.push(letter);
        }
        out + "'"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_stay_readable() {
        assert_eq!(
            markdown("checkout pool exhausted, 503 at 11:05"),
            "checkout pool exhausted, 503 at 11:05"
        );
        assert_eq!(markdown("支付超时(30%)"), "支付超时(30%)");
        assert_eq!(markdown("a_b | c"), "a_b \\| c");
        assert_eq!(markdown("12.5 s at 11:05:20"), "12.5 s at 11:05:20");
        assert_eq!(markdown("12. item"), "12\\. item");
    }

    #[test]
    fn what_cannot_be_seen_is_shown() {
        assert_eq!(visible("a\u{202E}b\u{0}c\u{1b}[31m"), "a\u{FFFD}b\u{FFFD}c\u{FFFD}[31m");
        assert_eq!(visible(" a\r\n\tb  "), "a b");
    }

    #[test]
    fn spreadsheets_see_no_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "=1"] {
            assert!(csv_cell(text).starts_with('\''), "{text}");
        }
        assert_eq!(csv_cell("a=b"), "a=b");
    }

    #[test]
    fn shells_see_one_word() {
        assert_eq!(shell_word("incident_id=INC-1"), "incident_id=INC-1");
        assert_eq!(shell_word("INC-1"), "INC-1");
        assert_eq!(shell_word("x; rm -rf /"), "'x; rm -rf /'");
        assert_eq!(shell_word("it's"), r"'it'\''s'");
        assert_eq!(shell_word("--as-of"), "'--as-of'");
        assert_eq!(shell_word("$(id)"), "'$(id)'");
    }

    #[test]
    fn long_text_is_cut_with_a_mark() {
        assert_eq!(shortened("abcdef", 4), "abc…");
        assert_eq!(shortened("abcd", 4), "abcd");
    }
}
