//! How does a personal value stay countable without being written down?

use std::fmt;
use std::sync::{Arc, OnceLock};

/// Separates the hash of a key from the hashes that are made with it.
const FINGERPRINT_CONTEXT: &str = "fupan 2026 fingerprint of a pseudonym key";
/// Makes a key out of a secret of any length.
const SECRET_CONTEXT: &str = "fupan 2026 pseudonym key from a secret";

/// Hexadecimal digits of a pseudonym: 128 bits, so that no two values share one by chance.
const DIGITS: usize = 32;

/// Shorter secrets can be tried out.
const SECRET_BYTES_MIN: usize = 32;

/// Turns values into pseudonyms: `p_` and 32 hexadecimal digits of a keyed BLAKE3 hash.
///
/// Who has the pseudonyms without the key cannot try out values; who has the key can, so it is kept
/// apart from the store.
#[derive(Clone)]
pub struct PseudonymKey([u8; blake3::KEY_LEN]);

/// A text that cannot be a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadKey(String);

impl fmt::Display for BadKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for BadKey {}

impl fmt::Debug for PseudonymKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PseudonymKey(…)")
    }
}

impl PseudonymKey {
    /// A key of random bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key that a text means: 64 hexadecimal digits are its bytes, any other text of at least 32
    /// characters is a secret that it is derived from. White space around it does not count.
    pub fn parse(text: &str) -> Result<Self, BadKey> {
        let text = text.trim();
        if text.len() == 2 * blake3::KEY_LEN
            && let Ok(hash) = blake3::Hash::from_hex(text)
        {
            return Ok(Self(*hash.as_bytes()));
        }
        if text.len() < SECRET_BYTES_MIN {
            return Err(BadKey(format!(
                "a key has 64 hexadecimal digits, or is a secret of at least {SECRET_BYTES_MIN} characters; this has {}",
                text.chars().count()
            )));
        }
        Ok(Self(blake3::derive_key(SECRET_CONTEXT, text.as_bytes())))
    }

    /// The key as text, for its file.
    pub fn to_hex(&self) -> String {
        blake3::Hash::from_bytes(self.0).to_hex().to_string()
    }

    /// Tells two keys apart without giving them away.
    pub fn fingerprint(&self) -> String {
        let derived = blake3::derive_key(FINGERPRINT_CONTEXT, &self.0);
        blake3::Hash::from_bytes(derived).to_hex().chars().take(DIGITS).collect()
    }

    /// The pseudonym of a value; white space around it does not count, everything else does. Nothing stays
    /// nothing.
    pub fn of(&self, value: &str) -> String {
        let value = value.trim();
        if value.is_empty() {
            return String::new();
        }
        let digest = blake3::keyed_hash(&self.0, value.as_bytes()).to_hex();
        let mut pseudonym = String::with_capacity(2 + DIGITS);
        pseudonym.push_str("p_");
        pseudonym.extend(digest.chars().take(DIGITS));
        pseudonym
    }
}

type Obtain = dyn Fn() -> Result<PseudonymKey, String> + Send + Sync;

/// Where a key comes from once one is needed; it is asked at most once.
#[derive(Clone)]
pub struct KeySource {
    obtain: Arc<Obtain>,
    obtained: Arc<OnceLock<Result<PseudonymKey, String>>>,
}

impl fmt::Debug for KeySource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KeySource(…)")
    }
}

impl KeySource {
    /// Asks `obtain` when the first pseudonym is made.
    pub fn new(obtain: impl Fn() -> Result<PseudonymKey, String> + Send + Sync + 'static) -> Self {
        Self { obtain: Arc::new(obtain), obtained: Arc::default() }
    }

    /// A key that is there.
    pub fn of(key: PseudonymKey) -> Self {
        Self::new(move || Ok(key.clone()))
    }

    /// The key, or why there is none.
    pub fn key(&self) -> Result<&PseudonymKey, String> {
        self.obtained.get_or_init(|| (self.obtain)()).as_ref().map_err(Clone::clone)
    }

    /// The key, where it was needed.
    pub fn used(&self) -> Option<&PseudonymKey> {
        self.obtained.get()?.as_ref().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_value_has_the_same_pseudonym_and_only_with_the_same_key() {
        let key = PseudonymKey::new([7; 32]);
        assert_eq!(key.of("张三"), key.of(" 张三\n"));
        assert_ne!(key.of("张三"), key.of("张四"));
        assert_ne!(key.of("张三"), PseudonymKey::new([8; 32]).of("张三"));
        assert_eq!(key.of("张三").len(), 34);
        assert!(key.of("张三").starts_with("p_"));
        assert_eq!(key.of("  "), "");
    }

    #[test]
    fn a_key_survives_its_file_and_is_not_shown() {
        let key = PseudonymKey::new([7; 32]);
        let again = PseudonymKey::parse(&format!("{}\n", key.to_hex())).unwrap();
        assert_eq!(again.of("x"), key.of("x"));
        assert_eq!(again.fingerprint(), key.fingerprint());
        assert!(!key.to_hex().contains(&key.fingerprint()));
        assert_eq!(format!("{key:?}"), "PseudonymKey(…)");
    }

    #[test]
    fn a_source_is_asked_once_and_only_when_it_is_needed() {
        let asked = Arc::new(std::sync::atomic::AtomicU32::new(0));
        let counter = Arc::clone(&asked);
        let source = KeySource::new(move || {
            counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Ok(PseudonymKey::new([7; 32]))
        });
        assert!(source.used().is_none());
        assert_eq!(source.clone().key().unwrap().of("x"), source.key().unwrap().of("x"));
        assert!(source.used().is_some());
        assert_eq!(asked.load(std::sync::atomic::Ordering::Relaxed), 1);
    }

    #[test]
    fn a_secret_is_long() {
        let error = PseudonymKey::parse("hunter2").unwrap_err().to_string();
        assert!(error.contains("at least 32 characters; this has 7"), "{error}");
        let secret = "correct horse battery staple, and then some";
        assert_eq!(
            PseudonymKey::parse(secret).unwrap().of("x"),
            PseudonymKey::parse(&format!(" {secret} ")).unwrap().of("x")
        );
    }
}
