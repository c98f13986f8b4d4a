//! Which key were the pseudonyms of this store made with?

use object_store::path::Path;
use object_store::{ObjectStoreExt, PutMode, PutOptions};

use crate::{Store, StoreError};

/// Beside the tables: a fingerprint, never a key.
const FILE: &str = "pseudonym-key.fingerprint";

impl Store {
    /// The fingerprint of the key of the pseudonyms in the store; none where there are none.
    pub async fn key_fingerprint(&self) -> Result<Option<String>, StoreError> {
        match self.object_store().get(&Path::from(FILE)).await {
            Ok(found) => Ok(Some(String::from_utf8_lossy(&found.bytes().await?).trim().to_owned())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Keeps the store to the key with this fingerprint: pseudonyms of two keys would not meet.
    pub async fn keep_to_key(&self, fingerprint: &str) -> Result<(), StoreError> {
        let known = match self.key_fingerprint().await? {
            Some(known) => known,
            None => self.note_key(fingerprint).await?,
        };
        if known == fingerprint { Ok(()) } else { Err(StoreError::OtherKey) }
    }

    /// Notes it unless another writer was first; answers what is noted.
    async fn note_key(&self, fingerprint: &str) -> Result<String, StoreError> {
        let once = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        let text = format!("{fingerprint}\n");
        match self.object_store().put_opts(&Path::from(FILE), text.into(), once).await {
            Ok(_) => Ok(fingerprint.to_owned()),
            Err(object_store::Error::AlreadyExists { .. }) => {
                Ok(self.key_fingerprint().await?.unwrap_or_default())
            }
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_store_keeps_to_its_first_key() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(&folder.path().to_string_lossy()).await.unwrap();
        assert_eq!(store.key_fingerprint().await.unwrap(), None);
        store.keep_to_key("ab").await.unwrap();
        store.keep_to_key("ab").await.unwrap();
        assert!(matches!(store.keep_to_key("cd").await, Err(StoreError::OtherKey)));
        assert_eq!(store.key_fingerprint().await.unwrap().as_deref(), Some("ab"));
        assert!(store.verify().await.unwrap().findings.is_empty());
    }
}
