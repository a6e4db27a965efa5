//! What keeps the state of one activation: opened under a fence of its own, written one commit after the other.

use std::sync::Arc;

use crate::actor::Delivery;
use crate::persistence::{Fence, Kept, StateStore, StoreError, Write};

/// Where an activation is kept, and how far that is.
pub(super) struct Keeper {
    store: Arc<dyn StateStore>,
    id: Arc<str>,
    fence: Fence,
    /// Absent while nobody knows whether the last commit was done.
    version: Option<u64>,
}

impl Keeper {
    /// Takes over what is kept of `id`.
    pub(super) async fn open(store: Arc<dyn StateStore>, id: String) -> Result<(Self, Kept), StoreError> {
        // The fence comes first: whatever an older activation has not written by now, it never will.
        let fence = store.fence(&id).await?;
        let mut keeper = Self { store, id: id.into(), fence, version: None };
        let kept = keeper.load().await?;
        Ok((keeper, kept))
    }

    pub(super) fn id(&self) -> &Arc<str> {
        &self.id
    }

    pub(super) const fn fence(&self) -> Fence {
        self.fence
    }

    /// Writes; after one whose outcome is not known, it first finds out what that was.
    ///
    /// # Cancellation
    ///
    /// If it is dropped, it may have written.
    pub(super) async fn commit(&mut self, write: Write) -> Result<(), StoreError> {
        let expected = match self.version {
            Some(version) => version,
            None => self.load().await?.version,
        };
        self.version = None;
        let done = self.store.commit(&self.id, self.fence, expected, write).await;
        self.version = match &done {
            Ok(version) => Some(*version),
            Err(StoreError::Unavailable { persisted: Delivery::No, .. }) => Some(expected),
            Err(_) => None,
        };
        done.map(drop)
    }

    async fn load(&mut self) -> Result<Kept, StoreError> {
        let kept = self.store.load(&self.id).await?;
        if kept.fence > self.fence {
            return Err(StoreError::StaleFence { fence: self.fence, newest: kept.fence });
        }
        self.version = Some(kept.version);
        Ok(kept)
    }
}
