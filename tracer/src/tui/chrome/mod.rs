//! The bars around a view, and the overlays for help and columns. Must not know the app that holds
//! their state.

pub mod column_chooser;
pub mod filter_bar;
pub mod footer;
pub mod header;
pub mod help;
pub mod layout;
pub mod seek_bar;
pub mod tabs;
