//! Which functions does fupan add to SQL?
//!
//! Statistics and text shapes of `fupan-analysis`, and times in a zone. One registry ([`all`])
//! holds name, arguments and documentation of each, so that `fupan explain`, the sandbox and the
//! reference page cannot disagree. Null in, null out.

mod arguments;
mod scalar;
mod statistics;
mod time;

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Field};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::ScalarUDF;

/// The type of an argument or result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArgType {
    /// TEXT
    Text,
    /// BIGINT
    BigInt,
    /// DOUBLE
    Double,
    /// DATE
    Date,
    /// TIMESTAMP, microseconds in UTC
    Timestamp,
    /// DOUBLE\[\]
    Doubles,
    /// BIGINT\[\]
    BigInts,
}

impl ArgType {
    /// As headers and documentation spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "TEXT",
            Self::BigInt => "BIGINT",
            Self::Double => "DOUBLE",
            Self::Date => "DATE",
            Self::Timestamp => "TIMESTAMP",
            Self::Doubles => "DOUBLE[]",
            Self::BigInts => "BIGINT[]",
        }
    }

    pub(crate) fn data_type(self) -> DataType {
        let list = |item| DataType::List(Arc::new(Field::new("item", item, true)));
        match self {
            Self::Text => DataType::Utf8,
            Self::BigInt => DataType::Int64,
            Self::Double => DataType::Float64,
            Self::Date => DataType::Date32,
            Self::Timestamp => fupan_model::tables::timestamp_type(),
            Self::Doubles => list(DataType::Float64),
            Self::BigInts => list(DataType::Int64),
        }
    }
}

/// Computes a column from the argument columns, all of one length.
type Kernel = fn(&[ArrayRef]) -> Result<ArrayRef, DataFusionError>;

/// A function with its documentation.
#[derive(Debug, Clone, Copy)]
pub struct SqlFunction {
    /// Name in SQL.
    pub name: &'static str,
    /// Arguments with their names.
    pub args: &'static [(&'static str, ArgType)],
    /// What it gives.
    pub returns: ArgType,
    /// What it means, with unit and source of the formula.
    pub doc: &'static str,
    pub(crate) kernel: Kernel,
}

impl SqlFunction {
    /// Such as `wilson_low(hits BIGINT, trials BIGINT) → DOUBLE`.
    pub fn signature(&self) -> String {
        let args: Vec<String> =
            self.args.iter().map(|(name, arg_type)| format!("{name} {}", arg_type.name())).collect();
        format!("{}({}) → {}", self.name, args.join(", "), self.returns.name())
    }
}

/// All functions of ours, in the order of the reference page.
pub fn all() -> impl Iterator<Item = &'static SqlFunction> {
    statistics::FUNCTIONS.iter().chain(time::FUNCTIONS)
}

/// The functions as the engine takes them.
pub(crate) fn udfs() -> impl Iterator<Item = ScalarUDF> {
    all().map(|function| ScalarUDF::new_from_impl(scalar::Scalar::new(function)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_is_documented_once() {
        let mut names: Vec<&str> = all().map(|function| function.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(all().all(|function| function.doc.ends_with('.') && !function.args.is_empty()));
        assert!(all().any(|f| f.signature() == "wilson_low(hits BIGINT, trials BIGINT) → DOUBLE"));
    }
}
