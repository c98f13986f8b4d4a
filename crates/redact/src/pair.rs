//! A name and its value as two members of an object: `{"name":"Authorization","value":"…"}`, as exports of requests write
//! headers.

/// What the member with the value is called, or those with the old and the new one; the longer ones first.
const VALUES: [&[u8]; 9] = [
    b"oldValue",
    b"newValue",
    b"old_value",
    b"new_value",
    b"propertyValue",
    b"property_value",
    b"value",
    b"Value",
    b"val",
];

/// Members between the name and its value: the old one before the new one.
const BETWEEN_MAX: usize = 2;

/// The name in the member before, if a text ends with the key of a value: `"name":"Authorization","value`.
pub(crate) fn name_beside(before: &[u8]) -> Option<&[u8]> {
    let mut before = before;
    for _ in 0..BETWEEN_MAX {
        let key = VALUES.iter().find_map(|key| before.strip_suffix(*key))?;
        let between = without_quotes(key)?.trim_ascii_end().strip_suffix(b",")?;
        let value = without_quotes(between.trim_ascii_end())?;
        let start = value.iter().rposition(|byte| matches!(byte, b'"' | b'\''))? + 1;
        // The member before may hold another value of the same name.
        let member = value.get(..start - 1)?;
        let escapes = member.iter().rev().take_while(|byte| **byte == b'\\').count();
        let member = member.get(..member.len() - escapes)?.trim_ascii_end();
        let other = member.strip_suffix(b":").and_then(|key| without_quotes(key.trim_ascii_end()));
        match other.filter(|key| VALUES.iter().any(|known| key.ends_with(known))) {
            Some(key) => before = key,
            None => return value.get(start..),
        }
    }
    None
}

/// Without the quotes at its end, escaped ones too; none if there are none.
fn without_quotes(text: &[u8]) -> Option<&[u8]> {
    let text = text.strip_suffix(b"\"").or_else(|| text.strip_suffix(b"'"))?;
    let escapes = text.iter().rev().take_while(|byte| **byte == b'\\').count();
    text.get(..text.len() - escapes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::tests::{kept, taken};

    #[test]
    fn names_stand_in_the_member_before() {
        assert_eq!(name_beside(br#"{"name": "Cookie", "value"#), Some(&b"Cookie"[..]));
        assert_eq!(name_beside(br#"{\"key\":\"pwd\",\"value"#), Some(&b"pwd"[..]));
        assert_eq!(name_beside(br#""a":1,"value"#), None);
        assert_eq!(name_beside(b"value"), None);
    }

    #[test]
    fn values_of_secrets_go() {
        taken(
            r#"[{"name":"Authorization","value":"Basic dXNlcjpwYXNz"},{"name":"Host","value":"h"}]"#,
            r#"[{"name":"Authorization","value":"<token>"},{"name":"Host","value":"h"}]"#,
        );
        taken(
            r#"{\"key\": \"password\", \"value\": \"hunter2\"}"#,
            r#"{\"key\": \"password\", \"value\": \"<token>\"}"#,
        );
        taken(
            r#"{"key":"spring.redis.password","oldValue":"Abc@123","newValue":"Xyz@987"}"#,
            r#"{"key":"spring.redis.password","oldValue":"<token>","newValue":"<token>"}"#,
        );
        kept(r#"{"key":"pool.size","oldValue":"8","newValue":"16"}"#);
        kept(r#"{"name":"Accept","value":"text/html"} {"token":17,"value":"x1"}"#);
    }
}
