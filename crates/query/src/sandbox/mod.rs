//! May this text be run?
//!
//! One `select` (or `explain`, `describe`, `show tables`) over our views: no DDL, DML, COPY, SET, no
//! file, URL or table function, no table outside the catalogue, no function outside the list. It is
//! decided on the parsed text, before anything is planned; what is not known is refused. Length,
//! nesting and number of operators are limited before parsing, because depth costs stack.

mod functions;

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::sql::parser::{DFParserBuilder, Statement as EngineStatement};
use datafusion::sql::sqlparser::ast;
use datafusion::sql::sqlparser::ast::{
    Expr, ObjectName, Query, Select, SetExpr, Statement, TableFactor, Visit, Visitor,
};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use crate::error::{QueryError, nearest};
use crate::limits::{
    PARSER_RECURSION_MAX, SQL_BYTES_MAX, SQL_DEPTH_MAX, SQL_OPERATORS_MAX, SQL_RELATIONS_MAX, SQL_TOKENS_MAX,
};

/// Who wrote the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// An analyst, or a client over a wire.
    Analyst,
    /// A workspace's query file: as an analyst, with parameters.
    Workspace,
    /// A query file that this build carries: it may make series.
    Catalogue,
}

/// A text that may be run.
#[derive(Debug, Clone)]
pub enum Checked {
    /// One query.
    Query(Box<Query>),
    /// Its plan instead of its rows.
    Explain(Box<EngineStatement>),
    /// The columns of a table.
    Describe(String),
    /// The tables.
    ShowTables,
}

/// Decides whether `text` may be run over `tables`; none of `tables` where any name may be meant.
pub fn check(text: &str, author: Author, tables: &BTreeSet<String>) -> Result<Checked, QueryError> {
    let statement = parse_one(text)?;
    let checked = match statement {
        EngineStatement::Statement(statement) => checked_statement(*statement)?,
        EngineStatement::Explain(explain) => {
            let EngineStatement::Statement(inner) = explain.statement.as_ref() else {
                return Err(refused("EXPLAIN of something that is not a query"));
            };
            let Statement::Query(query) = inner.as_ref() else {
                return Err(refused("EXPLAIN of something that is not a query"));
            };
            walk(query, author, tables)?;
            return Ok(Checked::Explain(Box::new(EngineStatement::Explain(explain))));
        }
        EngineStatement::CopyTo(_) => return Err(refused("COPY")),
        EngineStatement::CreateExternalTable(_) => return Err(refused("CREATE EXTERNAL TABLE")),
        EngineStatement::Reset(_) => return Err(refused("RESET")),
    };
    if let Checked::Query(query) = &checked {
        walk(query, author, tables)?;
    }
    if let Checked::Describe(table) = &checked
        && !tables.contains(table)
    {
        return Err(unknown_table(table, tables));
    }
    Ok(checked)
}

fn checked_statement(statement: Statement) -> Result<Checked, QueryError> {
    match statement {
        Statement::Query(query) => Ok(Checked::Query(query)),
        Statement::ExplainTable { table_name, .. } => Ok(Checked::Describe(bare_name(&table_name)?)),
        Statement::ShowColumns { show_options, .. } => {
            let table = show_options.show_in.and_then(|show_in| show_in.parent_name);
            let table = table.ok_or_else(|| refused("SHOW COLUMNS without a table"))?;
            Ok(Checked::Describe(bare_name(&table)?))
        }
        Statement::ShowTables { .. } => Ok(Checked::ShowTables),
        other => {
            let words: Vec<String> =
                other.to_string().split_whitespace().take(2).map(str::to_owned).collect();
            Err(refused(&words.join(" ")))
        }
    }
}

/// Parses a text that holds exactly one statement, within the limits.
pub(crate) fn parse_one(text: &str) -> Result<EngineStatement, QueryError> {
    check_size(text)?;
    let dialect = GenericDialect {};
    let mut statements = DFParserBuilder::new(text)
        .with_dialect(&dialect)
        .with_recursion_limit(PARSER_RECURSION_MAX)
        .build()?
        .parse_statements()?;
    let first = statements.pop_front().ok_or_else(|| QueryError::Sql {
        message: "there is no SQL here".to_owned(),
        hint: Some("such as: select service_name, count(*) from logs group by service_name".to_owned()),
    })?;
    if statements.is_empty() { Ok(first) } else { Err(refused("more than one statement")) }
}

/// Parses an expression on its own, within the limits: a condition of the configuration.
pub(crate) fn parse_condition(text: &str) -> Result<Expr, QueryError> {
    check_size(text)?;
    let dialect = GenericDialect {};
    let mut parser = datafusion::sql::sqlparser::parser::Parser::new(&dialect)
        .with_recursion_limit(PARSER_RECURSION_MAX)
        .try_with_sql(text)
        .map_err(|error| QueryError::syntax(&error))?;
    let expr = parser.parse_expr().map_err(|error| QueryError::syntax(&error))?;
    if parser.peek_token().token != Token::EOF {
        return Err(refused("text after the condition"));
    }
    let no_tables = BTreeSet::new();
    Gate::new(Author::Analyst, &no_tables, BTreeSet::new()).finish(&expr)?;
    Ok(expr)
}

/// Parses an expression that this crate printed itself.
pub(crate) fn parse_literal(text: &str) -> Result<Expr, QueryError> {
    datafusion::sql::sqlparser::parser::Parser::new(&GenericDialect {})
        .try_with_sql(text)
        .and_then(|mut parser| parser.parse_expr())
        .map_err(|error| QueryError::Engine(error.to_string()))
}

fn check_size(text: &str) -> Result<(), QueryError> {
    let too = |what: String| QueryError::Limit { what, hint: "shorten the query".to_owned() };
    if text.len() > SQL_BYTES_MAX {
        return Err(too(format!("the text has more than {SQL_BYTES_MAX} bytes")));
    }
    let dialect = GenericDialect {};
    let tokens = Tokenizer::new(&dialect, text).tokenize().map_err(|error| QueryError::syntax(&error))?;
    let (mut count, mut operators, mut depth) = (0usize, 0usize, 0usize);
    for token in &tokens {
        match token {
            Token::Whitespace(_) => continue,
            Token::LParen | Token::LBracket | Token::LBrace => depth += 1,
            Token::RParen | Token::RBracket | Token::RBrace => depth = depth.saturating_sub(1),
            Token::Plus | Token::Minus | Token::Mul | Token::Div | Token::Mod | Token::StringConcat => {
                operators += 1;
            }
            Token::DoubleColon | Token::Eq | Token::ExclamationMark | Token::Tilde => operators += 1,
            Token::Word(word) => match word.keyword {
                Keyword::AND
                | Keyword::OR
                | Keyword::NOT
                | Keyword::UNION
                | Keyword::EXCEPT
                | Keyword::INTERSECT => {
                    operators += 1;
                }
                Keyword::CASE => depth += 1,
                Keyword::END => depth = depth.saturating_sub(1),
                _ => {}
            },
            _ => {}
        }
        count += 1;
        if depth > SQL_DEPTH_MAX {
            return Err(too(format!("the text nests deeper than {SQL_DEPTH_MAX}")));
        }
    }
    if count > SQL_TOKENS_MAX {
        return Err(too(format!("the text has more than {SQL_TOKENS_MAX} words and signs")));
    }
    if operators > SQL_OPERATORS_MAX {
        return Err(too(format!("the text has more than {SQL_OPERATORS_MAX} operators; use `in (…)`")));
    }
    Ok(())
}

fn bare_name(name: &ObjectName) -> Result<String, QueryError> {
    match name.0.as_slice() {
        [part] => part.as_ident().map(normalised).ok_or_else(|| refused(&format!("the table name {name}"))),
        _ => Err(refused(&format!("`{name}`: tables of other schemas"))),
    }
}

fn normalised(ident: &ast::Ident) -> String {
    if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_lowercase() }
}

fn walk(query: &Query, author: Author, tables: &BTreeSet<String>) -> Result<(), QueryError> {
    let mut names = CteNames::default();
    let _ = query.visit(&mut names);
    let mut gate = Gate::new(author, tables, names.0);
    gate.finish(query)
}

/// Names that a text gives to its own sub-queries.
#[derive(Default)]
struct CteNames(BTreeSet<String>);

impl Visitor for CteNames {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            self.0.insert(normalised(&cte.alias.name));
        }
        ControlFlow::Continue(())
    }
}

struct Gate<'a> {
    author: Author,
    tables: &'a BTreeSet<String>,
    ctes: BTreeSet<String>,
    relations: usize,
    error: Option<QueryError>,
}

impl<'a> Gate<'a> {
    fn new(author: Author, tables: &'a BTreeSet<String>, ctes: BTreeSet<String>) -> Self {
        Self { author, tables, ctes, relations: 0, error: None }
    }

    fn finish(&mut self, node: &impl Visit) -> Result<(), QueryError> {
        let _ = node.visit(self);
        self.error.take().map_or(Ok(()), Err)
    }

    fn stop(&mut self, error: QueryError) -> ControlFlow<()> {
        self.error = Some(error);
        ControlFlow::Break(())
    }

    fn refuse(&mut self, what: &str) -> ControlFlow<()> {
        self.stop(refused(what))
    }
}

impl Visitor for Gate<'_> {
    type Break = ();

    fn pre_visit_statement(&mut self, _statement: &Statement) -> ControlFlow<()> {
        self.refuse("a statement inside of a query")
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        if !query.locks.is_empty() {
            return self.refuse("FOR UPDATE or FOR SHARE");
        }
        if query.settings.is_some() || query.format_clause.is_some() || query.for_clause.is_some() {
            return self.refuse("SETTINGS, FORMAT or FOR clauses");
        }
        if !query.pipe_operators.is_empty() {
            return self.refuse("pipe operators");
        }
        if query.with.as_ref().is_some_and(|with| with.recursive) {
            return self.refuse("WITH RECURSIVE");
        }
        match query.body.as_ref() {
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                self.refuse("a change inside of a query")
            }
            SetExpr::Table(_) => self.refuse("TABLE"),
            SetExpr::Select(_) | SetExpr::Query(_) | SetExpr::SetOperation { .. } | SetExpr::Values(_) => {
                ControlFlow::Continue(())
            }
        }
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        if select.into.is_some() {
            return self.refuse("SELECT INTO");
        }
        if select.projection.is_empty() {
            return self.stop(QueryError::Sql {
                message: "`select` names no columns".to_owned(),
                hint: Some("such as: select timestamp, service_name, body from logs".to_owned()),
            });
        }
        if !select.connect_by.is_empty() || !select.lateral_views.is_empty() {
            return self.refuse("CONNECT BY or LATERAL VIEW");
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        self.relations += 1;
        if self.relations > SQL_RELATIONS_MAX {
            return self.stop(QueryError::Limit {
                what: format!("the text names more than {SQL_RELATIONS_MAX} tables and sub-queries"),
                hint: "split the query".to_owned(),
            });
        }
        match factor {
            TableFactor::Table { args: Some(_), name, .. } => {
                self.refuse(&format!("the table function `{name}`"))
            }
            TableFactor::Table { version: Some(_), .. } => {
                self.refuse("AT and FOR SYSTEM_TIME (use `--as-of` or `--at-version`)")
            }
            TableFactor::Table { .. }
            | TableFactor::Derived { .. }
            | TableFactor::NestedJoin { .. }
            | TableFactor::UNNEST { .. } => ControlFlow::Continue(()),
            other => self.refuse(&format!("`{}`", first_words(&other.to_string()))),
        }
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        match bare_name(relation) {
            Ok(name) if self.tables.contains(&name) || self.ctes.contains(&name) => ControlFlow::Continue(()),
            Ok(name) => {
                let error = unknown_table(&name, self.tables);
                self.stop(error)
            }
            Err(error) => self.stop(error),
        }
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Function(function) => {
                let name = match function.name.0.as_slice() {
                    [part] => part.as_ident().map(|ident| ident.value.to_lowercase()),
                    _ => None,
                };
                let Some(name) = name else {
                    return self.refuse(&format!("the function `{}`", function.name));
                };
                let is_ours = self.author == Author::Catalogue && functions::is_allowed_to_catalogue(&name);
                if is_ours || functions::is_allowed(&name) {
                    return ControlFlow::Continue(());
                }
                let error = unknown_function(&name);
                self.stop(error)
            }
            Expr::Value(value) => match &value.value {
                ast::Value::Placeholder(name) if self.author == Author::Analyst && name != "$as_of" => {
                    self.refuse(&format!("the parameter {name} (only $as_of is known here)"))
                }
                _ => ControlFlow::Continue(()),
            },
            _ => ControlFlow::Continue(()),
        }
    }
}

fn first_words(text: &str) -> String {
    text.chars().take(40).collect()
}

fn refused(what: &str) -> QueryError {
    QueryError::Refused {
        what: what.to_owned(),
        hint: "SQL here is one read-only `select`, `explain`, `describe TABLE` or `show tables`".to_owned(),
    }
}

fn unknown_table(name: &str, tables: &BTreeSet<String>) -> QueryError {
    let hint = nearest(name, tables.iter().map(String::as_str)).map_or_else(
        || "`show tables` lists the tables".to_owned(),
        |guess| format!("did you mean `{guess}`? `show tables` lists the tables"),
    );
    QueryError::Refused { what: format!("there is no table `{name}`"), hint }
}

fn unknown_function(name: &str) -> QueryError {
    let hint = match name {
        "now" | "current_timestamp" | "current_date" | "current_time" | "today" => {
            "use `$as_of`, the instant as of which the data is seen".to_owned()
        }
        "random" | "uuid" => "answers must come out the same every time".to_owned(),
        "range" | "generate_series" | "repeat" | "lpad" | "rpad" | "array_repeat" => {
            "it can make a value of any size; `date_bin` makes buckets of the rows that exist".to_owned()
        }
        _ => functions::suggestion(name).map_or_else(
            || "`fupan explain functions` lists the functions".to_owned(),
            |guess| format!("did you mean `{guess}`? `fupan explain functions` lists the functions"),
        ),
    };
    QueryError::Refused { what: format!("the function `{name}` is not available"), hint }
}

#[cfg(test)]
mod tests;
