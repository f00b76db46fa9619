//! Building blocks of views: the canvas, tables, lists, pages, gauges and the fork tree as rows.
//! Must not know particular views or the bars around them.

pub mod canvas;
pub mod columns;
pub mod cursor;
pub mod forest;
pub mod gauge;
pub mod list;
pub mod page;
pub mod rails;
pub mod sort_order;
pub mod table;
