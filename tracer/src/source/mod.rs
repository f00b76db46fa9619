//! Sources of events: the running kernel (`live`, with the feature of that name) and
//! recordings ([`replay`]).
//!
//! Both yield the same [`Event`](crate::event::Event)s. Consumers must not depend on
//! which source it is.

#[cfg(feature = "live")]
pub mod live;
pub mod replay;
