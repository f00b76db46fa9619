//! The heights of the parts of the screen. Numbers only.

/// The number of lines of each part of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heights {
    /// Badge, rates and population.
    pub header: u16,
    /// Names of the views.
    pub tabs: u16,
    /// The active filter, or what is no longer listed.
    pub filter: u16,
    /// The active view.
    pub body: u16,
    /// The place in a recording, if one is played.
    pub seek_bar: u16,
    /// Keys and messages.
    pub footer: u16,
}

impl Heights {
    /// Returns the heights for a screen. On a small screen the body has priority.
    pub fn of(width: u16, height: u16, has_filter_bar: bool, plays: bool) -> Heights {
        let header = match (width, height) {
            (_, 0..=5) => 0,
            (60.., 16..) => 3,
            _ => 1,
        };
        let tabs = u16::from(height > 3);
        let footer = u16::from(height > 4);
        let filter = u16::from(has_filter_bar && height > 6);
        let seek_bar = u16::from(plays && height > 7);
        let body = height.saturating_sub(header + tabs + filter + seek_bar + footer);
        Heights {
            header,
            tabs,
            filter,
            body,
            seek_bar,
            footer,
        }
    }
}
