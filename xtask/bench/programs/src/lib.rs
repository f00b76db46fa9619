//! Shared by the programs that the benches run: made-up events, the records they
//! stand for, and recordings of them.

pub mod records;
#[path = "../../../../tracer/tests/support/storm.rs"]
pub mod storm;
pub mod work;
