//! `tracer filters`, and the filters of the command line.

use crate::{
    filter::{self, Filter},
    session::files::saved_filters,
};

/// Parses a filter expression, which may refer to saved filters as `@name`.
pub fn filter(text: &str) -> Result<Filter, filter::Error> {
    Filter::parse(text, &saved_filters::load())
}

/// Returns the guide to the filter language, with the saved filters.
pub fn guide() -> String {
    filter::guide(&saved_filters::load())
}
