//! Patterns with names: `%{LOGLEVEL:level}`.
//!
//! The names are those of Logstash's grok patterns where they are common, so that people can bring theirs.

/// Built-in patterns. They may use each other.
const PATTERNS: &[(&str, &str)] = &[
    ("WORD", r"\w+"),
    ("NOTSPACE", r"\S+"),
    ("SPACE", r"\s*"),
    ("DATA", r"[\s\S]*?"),
    ("GREEDYDATA", r"[\s\S]*"),
    ("INT", r"[+-]?\d+"),
    ("NUMBER", r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)"),
    ("QUOTEDSTRING", r#""(?:\\.|[^"\\])*""#),
    ("UUID", r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}"),
    ("HEX", r"[0-9A-Fa-f]+"),
    (
        "LOGLEVEL",
        r"(?i:trace|debug|info|notice|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal|severe|alert|emerg(?:ency)?)",
    ),
    ("IPV4", r"(?:\d{1,3}\.){3}\d{1,3}"),
    ("IPV6", r"[0-9A-Fa-f:]*:[0-9A-Fa-f:.]+"),
    ("IP", r"(?:%{IPV4}|%{IPV6})"),
    ("HOSTNAME", r"[0-9A-Za-z][0-9A-Za-z.-]*"),
    ("IPORHOST", r"(?:%{IP}|%{HOSTNAME})"),
    ("USERNAME", r"[\w.@-]+"),
    ("USER", r"%{USERNAME}"),
    ("PATH", r"/[^\s?#]*"),
    ("URIPATH", r"/[^\s?#]*"),
    ("URIPARAM", r"\?\S*"),
    ("URI", r"[A-Za-z][A-Za-z0-9+.-]*://\S+"),
    ("YEAR", r"\d{4}"),
    ("MONTHNUM", r"(?:0?[1-9]|1[0-2])"),
    ("MONTHDAY", r"(?:0?[1-9]|[12]\d|3[01])"),
    ("MONTH", r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"),
    ("HOUR", r"(?:[01]?\d|2[0-3])"),
    ("MINUTE", r"[0-5]\d"),
    ("SECOND", r"(?:[0-5]?\d|60)(?:[.,:]\d+)?"),
    ("TIME", r"%{HOUR}:%{MINUTE}(?::%{SECOND})?"),
    ("DATE", r"%{YEAR}[/-]%{MONTHNUM}[/-]%{MONTHDAY}"),
    ("TIMEZONE", r"(?:Z|[+-]\d{2}:?\d{2})"),
    ("TIMESTAMP_ISO8601", r"%{DATE}[T ]%{TIME}%{TIMEZONE}?"),
    ("HTTPDATE", r"%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT}"),
    ("JAVACLASS", r"(?:[\w$]+\.)*[\w$]+"),
];

/// Patterns inside of patterns; more is a circle, which the built-in ones do not have.
const DEPTH_MAX: usize = 8;

/// The regular expression that a pattern with names means.
pub(super) fn expand(pattern: &str) -> Result<String, String> {
    expand_at(pattern, 0)
}

fn expand_at(pattern: &str, depth: usize) -> Result<String, String> {
    if depth > DEPTH_MAX {
        return Err("its patterns are nested too deep".to_owned());
    }
    let mut expanded = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once("%{") {
        expanded.push_str(before);
        let (inner, tail) = after.split_once('}').ok_or("a %{ has no closing brace")?;
        // A third part, such as `:int`, names a type in Logstash; columns have theirs already.
        let mut parts = inner.split(':');
        let name = parts.next().unwrap_or_default();
        let body =
            PATTERNS.iter().find(|(known, _)| *known == name).map(|(_, body)| *body).ok_or_else(|| {
                let known: Vec<&str> = PATTERNS.iter().map(|(known, _)| *known).collect();
                format!("there is no pattern %{{{name}}}; known are {}", known.join(", "))
            })?;
        let body = expand_at(body, depth + 1)?;
        match parts.next().filter(|group| !group.is_empty()) {
            Some(group) => {
                // Groups of regular expressions have no dots; `a.b` becomes `a_b`.
                let group: String =
                    group.chars().map(|letter| if letter.is_alphanumeric() { letter } else { '_' }).collect();
                expanded.extend(["(?<", &group, ">", &body, ")"]);
            }
            None => expanded.extend(["(?:", &body, ")"]),
        }
        rest = tail;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_built_in_patterns_compile() {
        for (name, _) in PATTERNS {
            let expanded = expand(&format!("%{{{name}:group}}")).unwrap();
            assert!(regex::Regex::new(&expanded).is_ok(), "{name}: {expanded}");
        }
    }

    #[test]
    fn names_become_groups() {
        let regex = regex::Regex::new(
            &expand(r"^%{TIME} %{LOGLEVEL:level}\s+%{NOTSPACE:log.logger} %{GREEDYDATA:message}").unwrap(),
        )
        .unwrap();
        let found = regex.captures("16:43:25.207 INFO  t.s.Pay#457 charged\nagain").unwrap();
        assert_eq!(
            (&found["level"], &found["log_logger"], &found["message"]),
            ("INFO", "t.s.Pay#457", "charged\nagain")
        );
    }

    #[test]
    fn mistakes_say_what_there_is() {
        assert!(expand("%{NOPE:x}").unwrap_err().contains("known are WORD"));
        assert!(expand("%{WORD").unwrap_err().contains("closing brace"));
    }
}
