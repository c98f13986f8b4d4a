//! What does a YAML or JSON document hold, and on which line?
//!
//! Scalars keep the text that people wrote: `1.10` stays `1.10` and `11:05` is no number.

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, Span};

use crate::limits;

/// A piece of a document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) content: Content,
    /// 1-based; 0 where unknown.
    pub(crate) line: usize,
    /// Where it stands in the text.
    pub(crate) bytes: std::ops::Range<usize>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Content {
    Null,
    Scalar(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Node {
    /// The documents of a YAML stream; also reads JSON.
    pub(crate) fn parse_all(text: &str) -> Result<Vec<Self>, String> {
        match parse_yaml(text) {
            Ok(nodes) => Ok(nodes),
            // JSON escapes astral characters as surrogate pairs, which YAML does not know.
            Err(yaml_reason) => match serde_json::from_str(text) {
                Ok(value) => Ok(vec![from_json(value)]),
                Err(_) => Err(yaml_reason),
            },
        }
    }

    /// In words, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self.content {
            Content::Null => "nothing",
            Content::Scalar(_) => "a text",
            Content::List(_) => "a list",
            Content::Map(_) => "a mapping",
        }
    }

    /// The scalar's text.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.content {
            Content::Scalar(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        match &self.content {
            Content::Map(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, node)| node),
            _ => None,
        }
    }
}

/// An open list or mapping.
enum Open {
    List(Vec<Node>),
    Map { entries: Vec<(String, Node)>, key: Option<String> },
}

struct Builder {
    open: Vec<(Open, Span)>,
    documents: Vec<Node>,
}

fn parse_yaml(text: &str) -> Result<Vec<Node>, String> {
    let mut builder = Builder { open: Vec::new(), documents: Vec::new() };
    for event in Parser::new_from_str(text) {
        let (event, span) =
            event.map_err(|error| format!("line {}: {}", error.marker().line(), error.info()))?;
        builder.take(event, span)?;
    }
    Ok(builder.documents)
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), String> {
        let line = span.start.line();
        match event {
            Event::Scalar(text, style, ..) => {
                let is_null = style == ScalarStyle::Plain
                    && matches!(text.as_ref(), "" | "~" | "null" | "Null" | "NULL");
                let content = if is_null { Content::Null } else { Content::Scalar(text.into_owned()) };
                self.put(Node { content, line, bytes: span.byte_range().unwrap_or_default() })
            }
            Event::SequenceStart(..) => self.push(Open::List(Vec::new()), span),
            Event::MappingStart(..) => self.push(Open::Map { entries: Vec::new(), key: None }, span),
            Event::SequenceEnd | Event::MappingEnd => {
                let Some((open, start)) = self.open.pop() else { return Ok(()) };
                let content = match open {
                    Open::List(nodes) => Content::List(nodes),
                    Open::Map { entries, .. } => Content::Map(entries),
                };
                let from = start.byte_range().unwrap_or_default().start;
                let to = span.byte_range().unwrap_or_default().end;
                self.put(Node { content, line: start.start.line(), bytes: from..to.max(from) })
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                Err(format!("line {line}: aliases (*name) are not read; write the value out"))
            }
            _ => Ok(()),
        }
    }

    fn push(&mut self, open: Open, span: Span) -> Result<(), String> {
        if self.open.len() >= limits::JSON_DEPTH_MAX {
            return Err(format!(
                "line {}: nested deeper than {} levels",
                span.start.line(),
                limits::JSON_DEPTH_MAX
            ));
        }
        self.open.push((open, span));
        Ok(())
    }

    fn put(&mut self, node: Node) -> Result<(), String> {
        match self.open.last_mut() {
            None => self.documents.push(node),
            Some((Open::List(nodes), _)) => nodes.push(node),
            Some((Open::Map { entries, key }, _)) => match key.take() {
                None => {
                    let Content::Scalar(name) = node.content else {
                        return Err(format!("line {}: a key must be a text", node.line));
                    };
                    if entries.iter().any(|(known, _)| *known == name) {
                        return Err(format!("line {}: the key `{name}` is there twice", node.line));
                    }
                    *key = Some(name);
                }
                Some(name) => entries.push((name, node)),
            },
        }
        Ok(())
    }
}

fn from_json(value: serde_json::Value) -> Node {
    use serde_json::Value;
    let content = match value {
        Value::Null => Content::Null,
        Value::String(text) => Content::Scalar(text),
        Value::Bool(_) | Value::Number(_) => Content::Scalar(value.to_string()),
        Value::Array(items) => Content::List(items.into_iter().map(from_json).collect()),
        Value::Object(entries) => {
            Content::Map(entries.into_iter().map(|(key, value)| (key, from_json(value))).collect())
        }
    };
    Node { content, line: 0, bytes: 0..0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_keep_their_text_and_line() {
        let nodes = Node::parse_all("version: 1.10\nat: 11:05\nnone: ~\nlist: [a, 'null']\n").unwrap();
        let root = &nodes[0];
        assert_eq!(root.get("version").and_then(Node::as_text), Some("1.10"));
        assert_eq!(root.get("at").and_then(Node::as_text), Some("11:05"));
        assert_eq!(root.get("at").map(|node| node.line), Some(2));
        assert_eq!(root.get("none").map(|node| &node.content), Some(&Content::Null));
        let Some(Content::List(items)) = root.get("list").map(|node| &node.content) else { panic!() };
        assert_eq!(items[1].as_text(), Some("null"));
    }

    #[test]
    fn json_is_read_too_with_its_escapes() {
        let nodes = Node::parse_all(r#"{"title": "fire \ud83d\udd25", "n": 5}"#).unwrap();
        assert_eq!(nodes[0].get("title").and_then(Node::as_text), Some("fire 🔥"));
        assert_eq!(nodes[0].get("n").and_then(Node::as_text), Some("5"));
    }

    #[test]
    fn what_cannot_be_read_names_the_line() {
        assert!(Node::parse_all("a: 1\na: 2").unwrap_err().contains("line 2: the key `a` is there twice"));
        assert!(Node::parse_all("a: &x 1\nb: *x").unwrap_err().contains("line 2: aliases"));
        assert!(Node::parse_all("a: [1\nb: 2").unwrap_err().contains("line"));
        assert!(Node::parse_all(&"[".repeat(10_000)).is_err());
    }
}
