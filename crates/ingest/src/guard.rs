//! What of a record may be written down? Every row passes here before it becomes one.
//!
//! Texts go through the rules of `fupan-redact`; columns of ids keep what is opaque in them, and what is
//! not becomes a pseudonym. With `--keep-raw` the rules are off.

mod columns;
mod rejected;

use std::borrow::Cow;

use arrow::error::ArrowError;
use fupan_model::records::{Attributes, Text};
use fupan_model::{Change, IncidentEvent, MetricPoint, SpanRecord};
use fupan_redact::{Counts, KeySource, identifies, names_secret, redact, redact_field};

/// Short values that repeat (services, regions, keys) are looked at once.
const REMEMBERED: usize = 1 << REMEMBERED_BITS;
const REMEMBERED_BITS: u32 = 10;
const REMEMBERED_BYTES_MAX: usize = 48;

/// Attributes that are keys of the record in its source.
const KEYS: [&str; 2] = ["entry_id", "alert_id"];

/// How personal data of a source is dealt with.
#[derive(Debug, Clone)]
pub(crate) struct Privacy {
    /// `--keep-raw`.
    pub(crate) keep_raw: bool,
    /// Its mapping names personal fields.
    pub(crate) has_personal_fields: bool,
    pub(crate) pseudonyms: KeySource,
}

/// Takes personal data out of the records of one chunk.
pub(crate) struct Guard {
    privacy: Privacy,
    pub(crate) counts: Counts,
    /// Why a pseudonym could not be made.
    pub(crate) failure: Option<ArrowError>,
    /// Of the table whose rows may be rejected.
    columns: Option<rejected::Columns>,
    clean_values: Remembered,
    clean_keys: Remembered,
    /// Names that are not those of secrets.
    other_names: Remembered,
}

impl Guard {
    pub(crate) fn new(privacy: Privacy) -> Self {
        Self {
            privacy,
            counts: Counts::default(),
            failure: None,
            columns: None,
            clean_values: Remembered::default(),
            clean_keys: Remembered::default(),
            other_names: Remembered::default(),
        }
    }

    pub(crate) fn metric(&mut self, point: &mut MetricPoint<'_>) {
        if self.privacy.keep_raw {
            return;
        }
        self.repeated(&mut point.metric_name);
        for value in [
            &mut point.metric_type,
            &mut point.unit,
            &mut point.service_name,
            &mut point.host_name,
            &mut point.cloud_region,
        ]
        .into_iter()
        .flatten()
        {
            self.repeated(value);
        }
        self.attributes(&mut point.attributes);
    }

    pub(crate) fn span(&mut self, span: &mut SpanRecord<'_>) {
        if self.privacy.keep_raw {
            return;
        }
        self.id(&mut span.trace_id);
        self.id(&mut span.span_id);
        if let Some(parent) = &mut span.parent_span_id {
            self.id(parent);
        }
        for value in [&mut span.service_name, &mut span.span_name, &mut span.span_kind, &mut span.status_code]
            .into_iter()
            .flatten()
        {
            self.repeated(value);
        }
        self.attributes(&mut span.attributes);
    }

    /// Ids of events, incidents and documents stay: they are keys.
    pub(crate) fn event(&mut self, event: &mut IncidentEvent) {
        if self.privacy.keep_raw {
            return;
        }
        self.owned(&mut event.event_type);
        for text in [&mut event.actor, &mut event.summary, &mut event.service_name].into_iter().flatten() {
            self.owned(text);
        }
        self.owned_attributes(&mut event.attributes);
    }

    pub(crate) fn change(&mut self, change: &mut Change) {
        if self.privacy.keep_raw {
            return;
        }
        self.owned(&mut change.change_type);
        for text in [&mut change.actor, &mut change.summary, &mut change.service_name].into_iter().flatten() {
            self.owned(text);
        }
        self.owned_attributes(&mut change.attributes);
    }

    fn text(&mut self, text: &mut Text<'_>) {
        if let Cow::Owned(redacted) = redact(text, &mut self.counts) {
            *text = Cow::Owned(redacted);
        }
    }

    fn owned(&mut self, text: &mut String) {
        if let Cow::Owned(redacted) = redact(text, &mut self.counts) {
            *text = redacted;
        }
    }

    /// A column in which values repeat.
    fn repeated(&mut self, value: &mut Text<'_>) {
        if !self.clean_values.holds(value) {
            let before = self.counts;
            self.text(value);
            if self.counts == before {
                self.clean_values.add(value);
            }
        }
    }

    /// An opaque id stays as it is.
    fn id(&mut self, id: &mut Text<'_>) {
        if let Some(pseudonym) = self.pseudonym(id) {
            *id = Cow::Owned(pseudonym);
        }
    }

    /// What takes the place of an id that is not opaque.
    fn pseudonym(&mut self, id: &str) -> Option<String> {
        if !identifies(id) {
            return None;
        }
        match self.privacy.pseudonyms.key() {
            Ok(key) => {
                self.counts.add_pseudonym();
                Some(key.of(id))
            }
            Err(reason) => {
                self.failure.get_or_insert_with(|| ArrowError::ExternalError(reason.into()));
                None
            }
        }
    }

    fn attributes(&mut self, attributes: &mut Attributes<'_>) {
        let mut is_renamed = false;
        for (key, value) in attributes.iter_mut() {
            let is_plain_key = self.clean_keys.holds(key);
            if is_plain_key && self.clean_values.holds(value) {
                continue;
            }
            let before = self.counts;
            if let Cow::Owned(redacted) = redact_attribute(key, value, &mut self.counts) {
                *value = Cow::Owned(redacted);
            }
            let values = self.counts;
            self.text(key);
            is_renamed |= self.counts != values;
            if self.counts == before {
                // A value is remembered as clean under any name that is no secret's.
                if !is_plain_key && !fupan_redact::names_secret(key) {
                    self.clean_keys.add(key);
                }
                if is_clean_anywhere(value) {
                    self.clean_values.add(value);
                }
            }
        }
        if is_renamed {
            keep_apart(attributes);
        }
    }

    fn owned_attributes(&mut self, attributes: &mut [(String, String)]) {
        let mut is_renamed = false;
        let beside = attributes.iter().find(|(key, value)| names_secret_beside(key, value));
        let beside = beside.map(|(_, name)| name.clone());
        for (key, value) in attributes.iter_mut() {
            if KEYS.contains(&key.as_str()) {
                continue;
            }
            let name = beside.as_ref().filter(|_| holds_value(key)).unwrap_or(key);
            if let Cow::Owned(redacted) = redact_attribute(name, value, &mut self.counts) {
                *value = redacted;
            }
            let values = self.counts;
            self.owned(key);
            is_renamed |= self.counts != values;
        }
        if is_renamed {
            keep_apart(attributes);
        }
    }
}

/// Whether an attribute says that others hold a secret: `key=redis.password`, as changes of configuration have it.
fn names_secret_beside(key: &str, value: &str) -> bool {
    const NAMING: [&str; 7] =
        ["key", "name", "field", "propertyName", "property_name", "configKey", "config_key"];
    NAMING.contains(&key) && names_secret(value)
}

/// Whether an attribute holds what another one names.
fn holds_value(key: &str) -> bool {
    const HOLDING: [&str; 11] = [
        "value",
        "oldValue",
        "newValue",
        "old_value",
        "new_value",
        "propertyValue",
        "property_value",
        "before",
        "after",
        "old",
        "new",
    ];
    HOLDING.contains(&key)
}

fn redact_attribute<'a>(key: &str, value: &'a str, counts: &mut Counts) -> Cow<'a, str> {
    match redact_field(key, value, counts) {
        // A placeholder that is not part of the value is no part of its buffer either.
        Cow::Borrowed(redacted) if redacted != value => Cow::Owned(redacted.to_owned()),
        other => other,
    }
}

/// Names that were several before the rules keep their values where they have become one: `<email>`, `<email>~2`.
fn keep_apart<K: AsRef<str> + From<String>, V>(attributes: &mut [(K, V)]) {
    for at in 1..attributes.len() {
        let (before, rest) = attributes.split_at_mut(at);
        let Some((key, _)) = rest.first_mut() else { return };
        let is_taken = |name: &str| before.iter().any(|(known, _)| known.as_ref() == name);
        if !is_taken(key.as_ref()) {
            continue;
        }
        let mut numbered = (2..=u32::MAX).map(|number| format!("{}~{number}", key.as_ref()));
        if let Some(name) = numbered.find(|name| !is_taken(name)) {
            *key = K::from(name);
        }
    }
}

/// Whether a value holds no row of digits that another name would make a number of somebody.
fn is_clean_anywhere(value: &str) -> bool {
    value.bytes().filter(u8::is_ascii_digit).count() < fupan_redact::limits::DIGITS_MIN
}

/// Where a value is remembered: from its length and its first and last bytes.
fn slot(value: &str) -> usize {
    let bytes = value.as_bytes();
    let short = || bytes.iter().take(8).fold(0, |word, byte| word << 8 | u64::from(*byte));
    let word = |part: Option<&[u8; 8]>| part.map_or_else(short, |part| u64::from_le_bytes(*part));
    let mixed = word(bytes.first_chunk()) ^ word(bytes.last_chunk()).rotate_left(29) ^ bytes.len() as u64;
    // Fibonacci hashing: the upper bits of the product depend on all bits.
    (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - REMEMBERED_BITS)) as usize
}

/// Values that were looked at already, each in a place that its bytes tell.
#[derive(Default)]
struct Remembered(Vec<String>);

impl Remembered {
    fn holds(&self, value: &str) -> bool {
        self.0.get(slot(value)).is_some_and(|known| known == value)
    }

    fn add(&mut self, value: &str) {
        if value.len() > REMEMBERED_BYTES_MAX {
            return;
        }
        if self.0.is_empty() {
            self.0.resize(REMEMBERED, String::new());
        }
        if let Some(known) = self.0.get_mut(slot(value)) {
            known.clear();
            known.push_str(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use fupan_redact::PseudonymKey;

    use super::*;

    pub(super) fn guard(keep_raw: bool) -> Guard {
        let pseudonyms = KeySource::of(PseudonymKey::new([7; 32]));
        Guard::new(Privacy { keep_raw, has_personal_fields: false, pseudonyms })
    }

    #[test]
    fn a_value_that_is_clean_under_one_name_is_looked_at_under_another() {
        let mut guard = guard(false);
        let mut labels = vec![("n".into(), "hunter2".into()), ("password".into(), "hunter2".into())];
        guard.attributes(&mut labels);
        assert_eq!(labels, [("n".into(), "hunter2".into()), ("password".into(), Text::from("<token>"))]);
        let mut labels = vec![("order.id".into(), "13812345678".into()), ("to".into(), "13812345678".into())];
        guard.attributes(&mut labels);
        assert_eq!(labels[1].1, "<phone>");
    }
}
