//! What does the engine mean, in a sentence, and where in the text is it?
//!
//! Parser, planner and kernels speak of their own insides: rules, signatures, Arrow types. A reader of
//! SQL wants the word that is wrong, its place, and what to write instead. What is not known here
//! passes with its inner names replaced.

use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Location, Token, Tokenizer, Word};

use super::{QueryError, nearest};

/// A message and its advice.
pub(super) struct Plain {
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

impl Plain {
    fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: Some(hint.into()) }
    }

    fn bare(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }
}

impl From<Plain> for QueryError {
    fn from(plain: Plain) -> Self {
        Self::Sql { message: plain.message, hint: plain.hint }
    }
}

/// Prefixes that say which part of the engine speaks.
const SPEAKERS: [&str; 14] = [
    "Error during planning: ",
    "Execution error: ",
    "Internal error: ",
    "Arrow error: ",
    "SQL error: ",
    "sql parser error: ",
    "Parser error: ",
    "Cast error: ",
    "Compute error: ",
    "Arithmetic overflow: ",
    "Invalid argument error: ",
    "External error: ",
    "Schema error: ",
    "This feature is not implemented: ",
];

/// Names that the engine gives to the types of SQL.
const TYPES: [(&str, &str); 20] = [
    ("Timestamp(µs, \"UTC\")", "TIMESTAMP"),
    ("Timestamp(ns)", "TIMESTAMP"),
    ("Timestamp(µs)", "TIMESTAMP"),
    ("Interval(MonthDayNano)", "INTERVAL"),
    ("Interval(DayTime)", "INTERVAL"),
    ("LargeUtf8", "TEXT"),
    ("Utf8View", "TEXT"),
    ("Utf8", "TEXT"),
    ("UInt64", "BIGINT"),
    ("Int64", "BIGINT"),
    ("Int32", "INT"),
    ("Int16", "SMALLINT"),
    ("Int8", "TINYINT"),
    ("Float64", "DOUBLE"),
    ("Float32", "DOUBLE"),
    ("Boolean", "BOOLEAN"),
    ("Date32", "DATE"),
    ("Binary", "BYTES"),
    ("Numeric", "a number"),
    ("String", "TEXT"),
];

/// A message without the name of the part that speaks.
fn unspoken(text: &str) -> &str {
    let mut text = text.trim();
    while let Some(rest) = SPEAKERS.iter().find_map(|speaker| text.strip_prefix(speaker)) {
        text = rest.trim_start();
    }
    text
}

/// The engine's types as SQL calls them.
fn types(text: &str) -> String {
    TYPES.iter().fold(text.to_owned(), |text, (inner, name)| text.replace(inner, name))
}

/// The part of `text` between two marks.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(inside, _)| inside)
}

/// What the parser says: `Expected: X, found: Y at Line: 1, Column: 10`.
pub(super) fn syntax(text: &str) -> Plain {
    let text = unspoken(text);
    let text = text
        .strip_prefix("ParserError(\"")
        .or_else(|| text.strip_prefix("TokenizerError(\""))
        .and_then(|inner| inner.strip_suffix("\")"))
        .map_or_else(|| text.to_owned(), |inner| inner.replace("\\\"", "\"").replace("\\'", "'"));
    let (what, place) = split_place(&text);
    let place = place.map(|(line, column)| format!(" at line {line}, column {column}")).unwrap_or_default();
    let Some((expected, found)) =
        what.strip_prefix("Expected: ").and_then(|rest| rest.rsplit_once(", found: "))
    else {
        return match what {
            "Unterminated string literal" => {
                Plain::new(format!("a text is not closed: it begins{place}"), "end it with a quote '")
            }
            other => Plain::bare(format!("{}{place}", lower_first(other))),
        };
    };
    if found == "EOF" {
        return Plain::new(
            format!("the SQL ends where {expected} is expected"),
            "complete the statement, or take out its last word",
        );
    }
    let hint = match expected {
        "an SQL statement" => {
            let begins = ["select", "with", "explain", "describe", "show tables"];
            nearest(found, begins.into_iter()).map_or_else(
                || "SQL here begins with `select`, `with`, `explain`, `describe` or `show tables`".to_owned(),
                |guess| format!("did you mean `{guess}`?"),
            )
        }
        "end of statement" => {
            let clauses = ["from", "where", "group by", "order by", "limit", "having", "join", "union", "as"];
            nearest(found, clauses.into_iter()).map_or_else(
                || {
                    format!(
                        "look at what stands before `{found}`: a comma, an operator or a keyword is missing"
                    )
                },
                |guess| format!("did you mean `{guess}`?"),
            )
        }
        _ => format!("look at what stands before `{found}`"),
    };
    Plain::new(format!("expected {expected}, found `{found}`{place}"), hint)
}

/// `… at Line: 1, Column: 10` → what, and where.
fn split_place(text: &str) -> (&str, Option<(u64, u64)>) {
    let Some((what, place)) = text.rsplit_once(" at Line: ") else { return (text, None) };
    let numbers = place
        .split_once(", Column: ")
        .and_then(|(line, column)| Some((line.parse().ok()?, column.parse().ok()?)));
    (what, numbers)
}

/// A sentence begins small after `error:`; an abbreviation stays as it is.
fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() => first.to_lowercase().chain(letters).collect(),
        _ => text.to_owned(),
    }
}

/// What planner, optimiser and kernels say.
pub(super) fn sentence(text: &str) -> Plain {
    let text = unspoken(text);
    function(text)
        .or_else(|| columns(text))
        .or_else(|| operators(text))
        .or_else(|| values(text))
        .unwrap_or_else(|| {
            let line = text.lines().next().unwrap_or_default();
            let line = line.split(".\nThis issue was likely").next().unwrap_or(line);
            Plain::bare(lower_first(&types(line.trim_end_matches('.'))))
        })
}

/// Functions with the wrong number or kind of arguments.
fn function(text: &str) -> Option<Plain> {
    let hint = "`fupan explain functions` lists ours; `cast(… as double)` makes a number of text";
    if let Some((_, inner)) = text.split_once("user-defined coercion failed with: ") {
        let inner = inner.split(". No function matches").next().unwrap_or(inner);
        return Some(Plain::bare(types(unspoken(inner)).trim_end_matches('.')));
    }
    if let Some(name) = text.strip_prefix("Invalid function '").and_then(|rest| rest.split('\'').next()) {
        let windowed = format!("write {name}(…) over (partition by … order by …)");
        return Some(Plain::new(format!("`{name}` needs a window"), windowed));
    }
    let name = between(text, "Function '", "'")?;
    if let Some((expected, received)) = between(text, "' expects ", " arguments but received ").zip(between(
        text,
        " arguments but received ",
        ".",
    )) {
        let noun = if expected == "1" { "argument" } else { "arguments" };
        return Some(Plain::new(format!("`{name}` takes {expected} {noun}, not {received}"), hint));
    }
    if let Some((expected, received)) =
        between(text, "' expects ", " but received ").zip(between(text, " but received ", "."))
    {
        return Some(Plain::new(
            format!("`{name}` takes {}, not {}", types(expected), types(received)),
            hint,
        ));
    }
    if text.contains("failed to match any signature") {
        let received = between(text, "(DataType: ", ")").map(types);
        let message = match received {
            Some(received) => {
                format!("`{name}` cannot be applied to {received}, or not with so many arguments")
            }
            None => format!("`{name}` cannot be applied to these arguments"),
        };
        return Some(Plain::new(message, hint));
    }
    None
}

/// Columns that are in the wrong place, or not to be told apart.
fn columns(text: &str) -> Option<Plain> {
    if text.contains("must be in GROUP BY or an aggregate") || text.contains("must appear in the GROUP BY") {
        let qualified = between(text, "column \"", "\"")?;
        let name = qualified.rsplit('.').next().unwrap_or(qualified);
        return Some(Plain::new(
            format!("column `{name}` is neither in `group by` nor inside of an aggregate"),
            format!("add it to `group by`, or take one value of it: max({name})"),
        ));
    }
    if let Some(name) = text.strip_prefix("Ambiguous reference to unqualified field ") {
        let name = name.trim().trim_matches('"');
        return Some(Plain::new(
            format!("column `{name}` is in several of these tables"),
            format!("write the table before it, such as l.{name}"),
        ));
    }
    if text.starts_with("Projections require unique expression names") {
        let name = between(text, "\" at position", "have the same name")
            .and_then(|rest| rest.rsplit_once(" AS "))
            .and_then(|(_, name)| name.split('"').next())
            .map(|name| format!(" `{name}`"));
        return Some(Plain::new(
            format!("two columns have the same name{}", name.unwrap_or_default()),
            "give one of them another name with `as`",
        ));
    }
    if let Some(name) = text.strip_prefix("Invalid qualifier ") {
        return Some(Plain::new(
            format!("this query reads no table `{}`", name.trim()),
            "write the name or the alias that stands after `from`",
        ));
    }
    if let Some(numbers) = text.strip_prefix("Order by column out of bounds, specified: ") {
        let (wanted, all) = numbers.split_once(", max: ")?;
        return Some(Plain::new(
            format!("there is no column number {wanted} to order by: there are {all}"),
            "order by names",
        ));
    }
    if text.starts_with("Aggregate functions are not allowed in the WHERE clause") {
        return Some(Plain::new("aggregates cannot stand in `where`", "put the condition into `having`"));
    }
    if text.starts_with("Aggregate function calls cannot be nested") {
        return Some(Plain::new(
            "an aggregate cannot stand inside of another",
            "compute the inner one in a sub-query: with counted as (select … group by …) select sum(…) from counted",
        ));
    }
    None
}

/// Operators between types that do not go together.
fn operators(text: &str) -> Option<Plain> {
    const HINT: &str = "`cast(… as bigint|double|text|timestamp)` changes the type of one of them";
    if let Some(inner) = between(text, "Cannot coerce arithmetic expression ", " to valid types").map(types) {
        let hint = if inner.contains("TIMESTAMP") {
            "to an instant, an interval is added: timestamp + interval '5 minutes'"
        } else {
            HINT
        };
        return Some(Plain::new(format!("{inner} cannot be computed"), hint));
    }
    if let Some(inner) = text.strip_prefix("Cannot infer common argument type for comparison operation ") {
        return Some(Plain::new(format!("{} cannot be compared", types(inner)), HINT));
    }
    if text.starts_with("Cannot create filter with non-boolean predicate") {
        let found = text.rsplit(" returning ").next().map(types).unwrap_or_default();
        return Some(Plain::new(
            format!("the condition is {found}, not true or false"),
            "compare it with something: … = 'value', … is not null",
        ));
    }
    if text.starts_with("UNION queries have different number of columns") {
        return Some(Plain::new(
            "the parts of `union` have different numbers of columns",
            "select as many columns in each; `null as name` stands for one that is missing",
        ));
    }
    if text.starts_with("Scalar subquery returned more than one row") {
        return Some(Plain::new(
            "a sub-query that stands for one value gave several rows",
            "aggregate in it, add `limit 1`, or use `in (select …)`",
        ));
    }
    None
}

/// Values that cannot be read as the type that is wanted.
fn values(text: &str) -> Option<Plain> {
    if let Some(wanted) = between(text, "to value of ", " type") {
        let value = between(text, "Cannot cast string '", "' to value of ")?;
        let wanted = types(wanted);
        let hint = match wanted.as_str() {
            "TIMESTAMP" => "write an instant such as '2026-11-05T11:05:00Z'".to_owned(),
            "DATE" => "write a day such as '2026-11-05'".to_owned(),
            other => format!("try_cast(… as {}) gives null where a text is none", other.to_lowercase()),
        };
        return Some(Plain::new(format!("'{value}' cannot be read as {wanted}"), hint));
    }
    if let Some(value) = between(text, "Error parsing timestamp from '", "'") {
        return Some(Plain::new(
            format!("'{value}' is not an instant"),
            "write '2026-11-05T11:05:00Z'; a time without a zone is UTC",
        ));
    }
    if let Some(value) = between(text, "Invalid input syntax for type interval: \"", "\"") {
        return Some(Plain::new(format!("'{value}' is not an interval"), "write interval '5 minutes'"));
    }
    if text.contains("Divide by zero") {
        return Some(Plain::new("division by zero", "nullif(…, 0) as the divisor gives null instead"));
    }
    if let Some((_, rest)) = text.split_once("regex parse error") {
        let reason = rest.lines().rev().find_map(|line| line.trim().strip_prefix("error: "));
        return Some(Plain::bare(format!(
            "the pattern is not a regular expression: {}",
            reason.unwrap_or("it cannot be read")
        )));
    }
    if text.starts_with("Overflow") || text.contains("overflow") {
        return Some(Plain::new("the result is larger than a BIGINT", "cast one side to double"));
    }
    None
}

/// The place of a word, where the text names it exactly once: line and column, from 1.
pub(super) fn place_of(word: &str, text: &str) -> Option<(u64, u64)> {
    let tokens = Tokenizer::new(&GenericDialect {}, text).tokenize_with_location().ok()?;
    let mut found = tokens
        .into_iter()
        .filter(|token| matches!(&token.token, Token::Word(found) if found.value.eq_ignore_ascii_case(word)));
    let Location { line, column } = found.next()?.span.start;
    found.next().is_none().then_some((line, column))
}

/// The table that an alias stands for: the word before it, in `from logs as l` or `join requests r`.
pub(super) fn table_of_alias(alias: &str, text: &str) -> Option<String> {
    let tokens = Tokenizer::new(&GenericDialect {}, text).tokenize().ok()?;
    let words: Vec<Option<&Word>> = tokens
        .iter()
        .filter(|token| !matches!(token, Token::Whitespace(_)))
        .map(|token| if let Token::Word(word) = token { Some(word) } else { None })
        .filter(|word| word.is_none_or(|word| word.keyword != Keyword::AS))
        .collect();
    let mut table = None;
    for pair in words.windows(3) {
        let [Some(before), Some(name), Some(last)] = pair else { continue };
        let is_source = matches!(before.keyword, Keyword::FROM | Keyword::JOIN);
        if is_source && name.value.eq_ignore_ascii_case(alias) {
            return None;
        }
        if is_source && last.value.eq_ignore_ascii_case(alias) {
            table.get_or_insert(name.value.clone());
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn syntax_text(text: &str) -> (String, String) {
        let plain = syntax(text);
        (plain.message, plain.hint.unwrap_or_default())
    }

    fn said(text: &str) -> (String, String) {
        let plain = sentence(text);
        (plain.message, plain.hint.unwrap_or_default())
    }

    #[test]
    fn a_slip_in_the_grammar_is_told_with_its_place() {
        let (message, hint) = syntax_text(
            "SQL error: ParserError(\"Expected: an SQL statement, found: selec at Line: 1, Column: 1\")",
        );
        assert_eq!(message, "expected an SQL statement, found `selec` at line 1, column 1");
        assert_eq!(hint, "did you mean `select`?");
        let (message, hint) =
            syntax_text("sql parser error: Expected: end of statement, found: frm at Line: 2, Column: 10");
        assert_eq!(message, "expected end of statement, found `frm` at line 2, column 10");
        assert_eq!(hint, "did you mean `from`?");
        assert_eq!(
            syntax_text("sql parser error: Expected: an expression, found: EOF").0,
            "the SQL ends where an expression is expected"
        );
        assert_eq!(
            syntax_text("Unterminated string literal at Line: 1, Column: 8").0,
            "a text is not closed: it begins at line 1, column 8"
        );
    }

    #[test]
    fn the_engines_insides_become_sentences() {
        for (text, message) in [
            ("Arrow error: Divide by zero error", "division by zero"),
            (
                "Arrow error: Cast error: Cannot cast string 'menu page' to value of Float64 type",
                "'menu page' cannot be read as DOUBLE",
            ),
            (
                "Function 'abs' expects 1 arguments but received 2. No function matches the given name and argument types 'abs(Int64, Int64)'.",
                "`abs` takes 1 argument, not 2",
            ),
            (
                "Function 'abs' expects Numeric but received String. No function matches",
                "`abs` takes a number, not TEXT",
            ),
            (
                "Execution error: Function 'wilson_low' user-defined coercion failed with: Error during planning: wilson_low takes 2 arguments, not 1: wilson_low(hits BIGINT, trials BIGINT) → DOUBLE. No function matches the given name",
                "wilson_low takes 2 arguments, not 1: wilson_low(hits BIGINT, trials BIGINT) → DOUBLE",
            ),
            (
                "Cannot coerce arithmetic expression Timestamp(µs, \"UTC\") + Int64 to valid types",
                "TIMESTAMP + BIGINT cannot be computed",
            ),
            (
                "Column in SELECT must be in GROUP BY or an aggregate function: While expanding wildcard, column \"logs.service_name\" must appear in the GROUP BY clause",
                "column `service_name` is neither in `group by` nor inside of an aggregate",
            ),
            ("Invalid function 'row_number'.", "`row_number` needs a window"),
        ] {
            assert_eq!(said(text).0, message);
        }
    }

    #[test]
    fn an_alias_leads_to_its_table() {
        let text = "select l.x from logs as l join requests r on l.a = r.a";
        assert_eq!(table_of_alias("l", text).as_deref(), Some("logs"));
        assert_eq!(table_of_alias("r", text).as_deref(), Some("requests"));
        assert_eq!(table_of_alias("logs", "select x from logs where true"), None);
    }

    #[test]
    fn a_word_is_placed_where_it_stands_once() {
        assert_eq!(place_of("serivce", "select a,\n  serivce from logs"), Some((2, 3)));
        assert_eq!(place_of("a", "select a, a from logs"), None);
    }
}
