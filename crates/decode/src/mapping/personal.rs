//! Which values of a record are personal, and what stands in their place?
//!
//! A field is personal as a whole, decided by its name once for a source and never by a value. What is
//! nested in it, what a pattern takes out of it and what repeats it elsewhere in the record goes with it.

use std::borrow::Cow;

use fupan_redact::PseudonymKey;

use super::Mapping;
use crate::json::Value;

/// Shorter values stand in other texts by chance.
const REPEATED_BYTES_MIN: usize = 4;

/// Replaces the personal values of one mapping's records.
#[derive(Debug, Clone)]
pub(crate) struct PersonalFields {
    names: Vec<String>,
    key: PseudonymKey,
}

/// A value and its pseudonym, for the texts that repeat it.
pub(crate) struct Replaced {
    value: String,
    pseudonym: String,
}

impl PersonalFields {
    /// None where the mapping names no such field.
    pub(crate) fn of(
        mapping: &Mapping,
        key: impl FnOnce() -> Result<PseudonymKey, String>,
    ) -> Result<Option<Self>, String> {
        let names = mapping.personal().to_vec();
        if names.is_empty() { Ok(None) } else { Ok(Some(Self { names, key: key()? })) }
    }

    /// Whether a field or column of this name is personal: it is named, or nested in one that is.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|personal| {
            name.strip_prefix(personal.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        })
    }

    /// The pseudonym of a value, and both for [`Self::repeated`].
    pub(crate) fn replace<'a>(&self, value: &Value<'_>, replaced: &mut Vec<Replaced>) -> Value<'a> {
        let text = value.as_text().trim();
        let pseudonym = self.key.of(text);
        if text.len() >= REPEATED_BYTES_MIN {
            replaced.push(Replaced { value: text.to_owned(), pseudonym: pseudonym.clone() });
        }
        Value::Text(Cow::Owned(pseudonym))
    }

    /// A text in which no personal value of the record is left; none where there was none.
    pub(crate) fn without(text: &str, replaced: &[Replaced]) -> Option<String> {
        let mut changed: Option<String> = None;
        for personal in replaced {
            let current = changed.as_deref().unwrap_or(text);
            if current.contains(&personal.value) {
                changed = Some(replace_words(current, personal));
            }
        }
        changed.filter(|changed| changed != text)
    }
}

/// Replaces a value where it is not a part of a longer word.
fn replace_words(text: &str, personal: &Replaced) -> String {
    let is_word = |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_alphanumeric());
    let begins_with_word = is_word(personal.value.chars().next());
    let ends_with_word = is_word(personal.value.chars().next_back());
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (found, _) in text.match_indices(&personal.value) {
        let end = found + personal.value.len();
        let before = text.get(..found).and_then(|before| before.chars().next_back());
        let after = text.get(end..).and_then(|after| after.chars().next());
        if (begins_with_word && is_word(before)) || (ends_with_word && is_word(after)) {
            continue;
        }
        out.push_str(text.get(at..found).unwrap_or_default());
        out.push_str(&personal.pseudonym);
        at = end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(names: &[&str]) -> PersonalFields {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        PersonalFields { names, key: PseudonymKey::new([7; 32]) }
    }

    #[test]
    fn what_is_nested_in_a_personal_field_is_personal() {
        let fields = fields(&["user", "手机号"]);
        assert!(
            fields.has("user") && fields.has("user.name") && fields.has("user[0]") && fields.has("手机号")
        );
        assert!(!fields.has("user_id") && !fields.has("username") && !fields.has("手机"));
    }

    #[test]
    fn texts_that_repeat_a_value_are_replaced_too() {
        let fields = fields(&["name"]);
        let mut replaced = Vec::new();
        let pseudonym = fields.replace(&Value::Text(Cow::Borrowed(" 张三 ")), &mut replaced);
        let pseudonym = pseudonym.as_text();
        assert_eq!(PersonalFields::without("用户张三下单", &replaced), Some(format!("用户{pseudonym}下单")));
        assert_eq!(PersonalFields::without("用户李四下单", &replaced), None);
        replaced.clear();
        fields.replace(&Value::Text(Cow::Borrowed("anna")), &mut replaced);
        assert_eq!(PersonalFields::without("savannah", &replaced), None);
        fields.replace(&Value::Text(Cow::Borrowed("x")), &mut replaced);
        assert_eq!(replaced.len(), 1, "one letter is everywhere");
    }
}
