//! What does the caller know about a source that its bytes do not say?

use fupan_redact::KeySource;

use crate::{InputFormat, Mapping};

/// What the caller knows about a source.
#[derive(Debug, Clone)]
pub struct DecodeOptions {
    /// Zone for times without one.
    pub zone: chrono_tz::Tz,
    /// Name to show, such as the file's name; also part of the `source` of events.
    pub source: String,
    /// Name of the folder that it lies in, on a disk, in a bucket or in an archive: exports keep there what
    /// their files do not say, such as the channel of messages.
    pub folder: Option<String>,
    /// Mappings in order of precedence: flag, workspace, built in.
    pub mappings: Vec<Mapping>,
    /// Given by `--input-format`; none means: look at the content.
    pub format: Option<InputFormat>,
    /// Makes pseudonyms of fields that a mapping calls personal; without it such a mapping is refused.
    pub pseudonyms: Option<KeySource>,
}

impl DecodeOptions {
    /// Nothing known but the zone and a name.
    pub fn new(zone: chrono_tz::Tz, source: impl Into<String>) -> Self {
        Self {
            zone,
            source: source.into(),
            folder: None,
            mappings: Vec::new(),
            format: None,
            pseudonyms: None,
        }
    }

    /// Mappings that are for a source of this name, whatever it holds.
    pub(crate) fn mappings_for_source(&self) -> impl Iterator<Item = &Mapping> {
        let name = self.source.rsplit(['/', '!']).next().unwrap_or_default();
        self.mappings.iter().filter(move |mapping| mapping.fits_source(name))
    }
}

/// What is known of the bytes from where they lay, beside the bytes themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Origin {
    /// When the source was last written, such as a file's modification time. Times without a year (syslog
    /// after RFC 3164, klog) are read as the latest ones before it; without it they are rejected.
    pub modified_at: Option<fupan_model::Micros>,
    /// When a scrape was made. Samples without a timestamp are read as of then; without it they are rejected.
    pub scraped_at: Option<fupan_model::Micros>,
    /// What the source was transcoded from, if it was; records that were damaged by it are rejected.
    pub transcoded_from: Option<crate::Encoding>,
}
