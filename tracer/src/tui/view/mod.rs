//! The views. `interface` defines what a view is, `registry` lists them all. Views do not know one
//! another, the bars around them or the app.

mod deaths;
mod empty;
mod events;
mod faults;
mod forks;
mod health;
pub mod interface;
mod process;
mod process_table;
pub mod registry;
mod timeline;
mod tree;
mod zombies;
