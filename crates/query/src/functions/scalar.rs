//! How is a function of ours called by the engine?

use std::hash::{Hash, Hasher};

use arrow::datatypes::DataType;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use super::SqlFunction;

/// Known by its name alone.
#[derive(Debug)]
pub(super) struct Scalar {
    function: &'static SqlFunction,
    signature: Signature,
}

impl Scalar {
    pub(super) fn new(function: &'static SqlFunction) -> Self {
        Self { function, signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl PartialEq for Scalar {
    fn eq(&self, other: &Self) -> bool {
        self.function.name == other.function.name
    }
}

impl Eq for Scalar {}

impl Hash for Scalar {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.function.name.hash(state);
    }
}

impl ScalarUDFImpl for Scalar {
    fn name(&self) -> &str {
        self.function.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(self.function.returns.data_type())
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        if arg_types.len() != self.function.args.len() {
            return Err(DataFusionError::Plan(format!(
                "{} takes {} arguments, not {}: {}",
                self.function.name,
                self.function.args.len(),
                arg_types.len(),
                self.function.signature()
            )));
        }
        Ok(self.function.args.iter().map(|(_, arg_type)| arg_type.data_type()).collect())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let is_constant = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let columns = ColumnarValue::values_to_arrays(&args.args)?;
        let column = (self.function.kernel)(&columns)?;
        if is_constant && column.len() == 1 {
            let value = datafusion::common::ScalarValue::try_from_array(&column, 0)?;
            return Ok(ColumnarValue::Scalar(value));
        }
        Ok(ColumnarValue::Array(column))
    }
}
