//! What does the caller know about a source that its bytes do not say?

use crate::{InputFormat, Mapping};

/// What the caller knows about a source.
#[derive(Debug, Clone)]
pub struct DecodeOptions {
    /// Zone for times without one.
    pub zone: chrono_tz::Tz,
    /// Name to show, such as the file's name; also part of the `source` of events.
    pub source: String,
    /// Mappings in order of precedence: flag, workspace, built in.
    pub mappings: Vec<Mapping>,
    /// Given by `--input-format`; none means: look at the content.
    pub format: Option<InputFormat>,
}

impl DecodeOptions {
    /// Nothing known but the zone and a name.
    pub fn new(zone: chrono_tz::Tz, source: impl Into<String>) -> Self {
        Self { zone, source: source.into(), mappings: Vec::new(), format: None }
    }
}
