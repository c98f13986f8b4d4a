//! A name and its value as two members of an object: `{"name":"Authorization","value":"…"}`, as exports of requests write
//! headers.

/// What the member with the value is called.
const VALUES: [&[u8]; 3] = [b"value", b"Value", b"val"];

/// The name in the member before, if a text ends with the key of a value: `"name":"Authorization","value`.
pub(crate) fn name_beside(before: &[u8]) -> Option<&[u8]> {
    let key = VALUES.iter().find_map(|key| before.strip_suffix(*key))?;
    let between = without_quotes(key)?.trim_ascii_end().strip_suffix(b",")?;
    let name = without_quotes(between.trim_ascii_end())?;
    let start = name.iter().rposition(|byte| matches!(byte, b'"' | b'\''))? + 1;
    name.get(start..)
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
        kept(r#"{"name":"Accept","value":"text/html"} {"token":17,"value":"x1"}"#);
    }
}
