//! Exited processes that the reader asks for, which a model retains before others. Like
//! the archive, a preference lies beside the model and is not saved with it.

use std::{fmt, sync::Arc};

use super::Key;

/// The processes that a model of type `M` prefers to retain; by default none. Clones are the same
/// preference.
#[derive(Clone, Default)]
pub struct Preference<M>(Option<Arc<Wanted<M>>>);

/// Returns true if an exited process is to be retained before others.
type Wanted<M> = dyn Fn(&M, Key) -> bool + Send + Sync;

impl<M> Preference<M> {
    /// Prefers the processes for which `wanted` returns true when they become the oldest
    /// of the latest exited ones.
    pub fn new(wanted: impl Fn(&M, Key) -> bool + Send + Sync + 'static) -> Preference<M> {
        Preference(Some(Arc::new(wanted)))
    }

    pub(super) fn wants(&self, model: &M, key: Key) -> bool {
        self.0.as_ref().is_some_and(|wanted| wanted(model, key))
    }
}

/// A preference is not part of the state of the processes: all are equal.
impl<M> PartialEq for Preference<M> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<M> fmt::Debug for Preference<M> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Preference")
            .field(&self.0.is_some())
            .finish()
    }
}
