//! How does a parameter's value get into a query?
//!
//! As a typed literal in the syntax tree, in place of `$name`: never as text.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Expr, Query, Value, VisitMut, VisitorMut};

use crate::answer::ParamValue;
use crate::catalogue::SqlType;
use crate::error::QueryError;
use crate::sandbox::parse_literal;

/// Expressions by parameter name, without the `$`.
pub(crate) type Bindings = BTreeMap<String, Expr>;

/// The expressions for typed values.
pub(crate) fn bindings<'a>(
    values: impl Iterator<Item = (&'a str, SqlType, &'a ParamValue)>,
) -> Result<Bindings, QueryError> {
    values.map(|(name, sql_type, value)| Ok((name.to_owned(), literal(sql_type, value)?))).collect()
}

/// Replaces every `$name`; a name without a value is an error.
pub(crate) fn bind(query: &mut Query, bindings: &Bindings) -> Result<(), QueryError> {
    let mut binder = Binder { bindings, unknown: None };
    let _ = query.visit(&mut binder);
    match binder.unknown {
        None => Ok(()),
        Some(name) => Err(QueryError::Sql {
            message: format!("there is no parameter `{name}`"),
            hint: Some("declare it in the header: `-- param: NAME TYPE required meaning`".to_owned()),
        }),
    }
}

struct Binder<'a> {
    bindings: &'a Bindings,
    unknown: Option<String>,
}

impl VisitorMut for Binder<'_> {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        let Expr::Value(value) = expr else { return ControlFlow::Continue(()) };
        let Value::Placeholder(name) = &value.value else { return ControlFlow::Continue(()) };
        let Some(bound) = name.strip_prefix('$').and_then(|name| self.bindings.get(name)) else {
            self.unknown = Some(name.clone());
            return ControlFlow::Break(());
        };
        *expr = bound.clone();
        ControlFlow::Continue(())
    }
}

const TIMESTAMP: &str = "Timestamp(Microsecond, Some(\"UTC\"))";

fn literal(sql_type: SqlType, value: &ParamValue) -> Result<Expr, QueryError> {
    // Only numbers and constants of this file are printed; text goes in as a value.
    let printed = match value {
        ParamValue::Text(text) => {
            return Ok(Expr::Value(Value::SingleQuotedString(text.clone()).with_empty_span()));
        }
        ParamValue::Timestamp(at) => format!("arrow_cast({}, '{TIMESTAMP}')", at.0),
        ParamValue::Date(days) => format!("arrow_cast(arrow_cast({days}, 'Int32'), 'Date32')"),
        ParamValue::BigInt(number) => format!("({number})"),
        ParamValue::Double(number) => format!("cast('{number:?}' as double)"),
        ParamValue::Boolean(flag) => flag.to_string(),
        ParamValue::Null => match sql_type {
            SqlType::Timestamp => format!("arrow_cast(null, '{TIMESTAMP}')"),
            SqlType::Date => "cast(null as date)".to_owned(),
            SqlType::BigInt => "cast(null as bigint)".to_owned(),
            SqlType::Double => "cast(null as double)".to_owned(),
            SqlType::Boolean => "cast(null as boolean)".to_owned(),
            _ => "cast(null as text)".to_owned(),
        },
    };
    parse_literal(&printed)
}
