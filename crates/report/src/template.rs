//! The template engine, with escaping that cannot be forgotten.
//!
//! Whatever a template prints is escaped for markdown unless it was made by this crate as safe
//! markdown; naming something that does not exist is an error, not an empty string.

use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value};

use crate::{escape, lang::Lang, terms, view::Fields};

/// The templates of the blocks, by id.
const BLOCKS: &[(&str, &str)] = &[
    ("title", include_str!("../templates/title.md")),
    ("header", include_str!("../templates/header.md")),
    ("summary", include_str!("../templates/summary.md")),
    ("key_numbers", include_str!("../templates/key_numbers.md")),
    ("impact", include_str!("../templates/impact.md")),
    ("users", include_str!("../templates/users.md")),
    ("blast_radius", include_str!("../templates/blast_radius.md")),
    ("loss", include_str!("../templates/loss.md")),
    ("timeline", include_str!("../templates/timeline.md")),
    ("attainment", include_str!("../templates/attainment.md")),
    ("notices", include_str!("../templates/notices.md")),
    ("candidates", include_str!("../templates/candidates.md")),
    ("actions", include_str!("../templates/actions.md")),
    ("data_quality", include_str!("../templates/data_quality.md")),
    ("definitions", include_str!("../templates/definitions.md")),
    ("reproduce", include_str!("../templates/reproduce.md")),
];

/// The engine with all block templates.
pub(crate) fn engine() -> Result<Environment<'static>, Error> {
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_auto_escape_callback(|_| AutoEscape::Custom("markdown".into()));
    engine.set_formatter(|out, _state, value| {
        if value.is_undefined() {
            return Err(Error::new(
                ErrorKind::UndefinedError,
                "a template prints something that is not there",
            ));
        }
        let text = value.to_string();
        let written =
            if value.is_safe() { out.write_str(&text) } else { out.write_str(&escape::markdown(&text)) };
        written.map_err(|error| Error::new(ErrorKind::WriteFailure, error.to_string()))
    });
    for (name, source) in BLOCKS {
        engine.add_template(name, source)?;
    }
    Ok(engine)
}

/// Renders a block: no blank lines in a row, one at each end.
///
/// `heading` is what stands before the heading's words, such as `## ` or `## 三、`; empty where the
/// block has no heading of its own.
pub(crate) fn block(
    engine: &Environment<'_>,
    id: &str,
    heading: &str,
    lang: Lang,
    mut fields: Fields,
) -> Result<String, Error> {
    let level = heading.chars().take_while(|letter| *letter == '#').count();
    let below = format!("{} ", "#".repeat((level + 1).clamp(3, 6)));
    let words: std::collections::BTreeMap<&str, Value> = terms::keys()
        .filter(|key| !key.contains('.'))
        .map(|key| (key, Value::from_safe_string(terms::term(lang, key).to_owned())))
        .collect();
    fields.insert("h", Value::from_safe_string(heading.to_owned()));
    fields.insert("h2", Value::from_safe_string(below));
    fields.insert("en", Value::from(lang == Lang::En));
    fields.insert("t", Value::from(words));
    let text = engine.get_template(id)?.render(Value::from(fields))?;
    Ok(tidy(&text))
}

/// At most one blank line in a row; one at each end, so that markdown sees paragraphs between the
/// markers of the block.
fn tidy(text: &str) -> String {
    let mut out = String::from("\n");
    let mut blank = true;
    for line in text.lines().map(str::trim_end) {
        if line.is_empty() {
            blank = true;
            continue;
        }
        if blank && out.len() > 1 {
            out.push('\n');
        }
        blank = false;
        out.push_str(line);
        out.push('\n');
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_data_is_escaped_without_asking() {
        let engine = engine().unwrap();
        let fields = Fields::from([("title", Value::from("<b>| [x](y)"))]);
        let text = block(&engine, "title", "", Lang::En, fields).unwrap();
        assert_eq!(text, "\n# &lt;b&gt;\\| \\[x\\](y)\n\n");
    }

    #[test]
    fn a_missing_field_is_an_error() {
        assert!(block(&engine().unwrap(), "title", "", Lang::En, Fields::new()).is_err());
    }
}
