//! Which values do a query's parameters have?

use fupan_model::Micros;

use crate::answer::ParamValue;
use crate::catalogue::{QueryFile, SqlType, header};
use crate::error::{QueryError, nearest};

/// The values of all parameters of a query, defaults filled in, in the header's order.
pub(super) fn bound_values(
    file: &QueryFile,
    given: &[(String, ParamValue)],
) -> Result<Vec<(String, ParamValue)>, QueryError> {
    let error = |param: &str, message: String, hint: String| QueryError::Param {
        query: file.name.clone(),
        param: param.to_owned(),
        message,
        hint,
    };
    let known = || file.header.params.iter().map(|param| param.name.as_str());
    if let Some((name, _)) = given.iter().find(|(name, _)| !known().any(|known| known == name)) {
        let hint = nearest(name, known()).map_or_else(
            || format!("it has: {}", known().collect::<Vec<_>>().join(", ")),
            |guess| format!("did you mean `{guess}`?"),
        );
        return Err(error(name, "there is no such parameter".to_owned(), hint));
    }
    file.header
        .params
        .iter()
        .map(|param| {
            let given = given.iter().rev().find(|(name, _)| *name == param.name).map(|(_, value)| value);
            let value = match (given, &param.default) {
                (Some(value), _) => coerced(param.sql_type, value)
                    .map_err(|message| error(&param.name, message, param.description.clone()))?,
                (None, Some(default)) => default.clone(),
                (None, None) => {
                    return Err(error(
                        &param.name,
                        format!("it must be given ({})", param.sql_type.name()),
                        param.description.clone(),
                    ));
                }
            };
            Ok((param.name.clone(), value))
        })
        .collect()
}

/// The value as the declared type; text is read, a whole number may stand for a DOUBLE.
fn coerced(sql_type: SqlType, value: &ParamValue) -> Result<ParamValue, String> {
    match (sql_type, value) {
        (_, ParamValue::Null)
        | (SqlType::Text, ParamValue::Text(_))
        | (SqlType::Timestamp, ParamValue::Timestamp(_))
        | (SqlType::Date, ParamValue::Date(_))
        | (SqlType::BigInt, ParamValue::BigInt(_))
        | (SqlType::Double, ParamValue::Double(_))
        | (SqlType::Boolean, ParamValue::Boolean(_)) => Ok(value.clone()),
        (SqlType::Double, ParamValue::BigInt(number)) => Ok(ParamValue::Double(*number as f64)),
        (_, ParamValue::Text(text)) => header::value_of(sql_type, text),
        _ => Err(format!("it must be {}", sql_type.name())),
    }
}

/// Some value of that type, for planning a query without running it.
pub(super) fn sample(sql_type: SqlType) -> ParamValue {
    match sql_type {
        SqlType::Timestamp => ParamValue::Timestamp(Micros(0)),
        SqlType::Date => ParamValue::Date(0),
        SqlType::BigInt => ParamValue::BigInt(1),
        SqlType::Double => ParamValue::Double(1.0),
        SqlType::Boolean => ParamValue::Boolean(true),
        _ => ParamValue::Text(String::new()),
    }
}
