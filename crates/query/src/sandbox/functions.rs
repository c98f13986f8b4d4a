//! Which functions may an analyst's SQL call?
//!
//! Those whose cost is bounded by their input and whose value depends on nothing but it: no series
//! or repeated strings of any length, no clock, no chance, nothing about the machine.

/// Functions of the engine, sorted. Ours ([`crate::functions::all`]) are allowed as well.
const ALLOWED: &[&str] = &[
    "abs", "acos", "approx_distinct", "array_agg", "array_append", "array_concat", "array_contains",
    "array_distinct", "array_element", "array_except", "array_has", "array_has_all", "array_has_any",
    "array_intersect", "array_length", "array_max", "array_min", "array_position", "array_remove",
    "array_remove_all", "array_slice", "array_sort", "array_to_string", "array_union", "ascii", "asin",
    "atan", "atan2", "avg", "bit_and", "bit_length", "bit_or", "bit_xor", "bool_and", "bool_or", "btrim",
    "cardinality", "cbrt", "ceil", "char_length", "character_length", "chr", "coalesce", "concat",
    "concat_ws", "contains", "corr", "cos", "count", "covar_pop", "covar_samp", "cume_dist", "date_bin",
    "date_part", "date_trunc", "datepart", "datetrunc", "degrees", "dense_rank", "empty", "ends_with", "exp",
    "extract", "first_value", "flatten", "floor", "from_unixtime", "get_field", "greatest", "grouping",
    "initcap", "isnan", "iszero", "lag", "last_value", "lead", "least", "left", "length", "levenshtein",
    "list_sort", "ln", "log", "log10", "log2", "lower", "ltrim", "make_array", "make_date", "map_extract",
    "map_keys", "map_values", "max", "md5", "mean", "median", "min", "nanvl", "nth_value", "ntile", "nullif",
    "nvl", "nvl2", "octet_length", "percent_rank", "percentile_cont", "pi", "position", "pow", "power",
    "radians", "rank", "regexp_count", "regexp_like", "regexp_match", "regexp_replace", "regr_count",
    "regr_intercept", "regr_r2", "regr_slope", "replace", "reverse", "right", "round", "row_number", "rtrim",
    "sha224", "sha256", "sha384", "sha512", "sign", "signum", "sin", "split_part", "sqrt", "starts_with",
    "stddev", "stddev_pop", "stddev_samp", "string_agg", "string_to_array", "strpos", "substr",
    "substr_index", "substring", "substring_index", "sum", "tan", "to_char", "to_date", "to_hex",
    "to_timestamp", "to_timestamp_micros", "to_timestamp_millis", "to_timestamp_seconds", "to_unixtime",
    "translate", "trim", "trunc", "unnest", "upper", "var", "var_pop", "var_samp", "var_sample",
];

/// Whether an analyst may call the function of that (lower-case) name.
pub(super) fn is_allowed(name: &str) -> bool {
    ALLOWED.binary_search(&name).is_ok() || crate::functions::all().any(|function| function.name == name)
}

/// Whether only a query file of this build may call it: it makes series, or casts to any type.
pub(super) fn is_allowed_to_catalogue(name: &str) -> bool {
    matches!(name, "arrow_cast" | "generate_series" | "range")
}

/// The allowed name that looks most like `name`.
pub(super) fn suggestion(name: &str) -> Option<String> {
    let ours = crate::functions::all().map(|function| function.name);
    crate::error::nearest(name, ALLOWED.iter().copied().chain(ours))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_so_that_searching_it_works() {
        assert!(ALLOWED.is_sorted());
        assert!(is_allowed("percentile_cont") && is_allowed("wilson_low"));
        assert!(!is_allowed("generate_series") && !is_allowed("repeat") && !is_allowed("now"));
    }
}
