//! The cursor of a list longer than the screen. Numbers only: it must not know what is listed or
//! how it is drawn.

use std::ops::Range;

use crate::tui::input::action::Action;

/// The selected line and the scroll position.
#[derive(Clone, Debug, Default)]
pub struct Cursor {
    selected: usize,
    /// The first line on screen.
    top: usize,
    /// Lines on screen; 0 before the first frame.
    height: usize,
    length: usize,
}

impl Cursor {
    /// Returns the selected index.
    pub fn selected(&self) -> usize {
        self.selected
    }

    /// Returns the length of the list.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Returns the number of lines on screen.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Returns the lines on screen.
    pub fn visible(&self) -> Range<usize> {
        self.top..self.length.min(self.top + self.height)
    }

    /// Sets the length of the list and the number of lines on screen.
    pub fn fit(&mut self, length: usize, height: usize) {
        self.length = length;
        self.height = height;
        self.select(self.selected);
    }

    /// Selects an index and scrolls it into view.
    pub fn select(&mut self, index: usize) {
        self.selected = index.min(self.length.saturating_sub(1));
        self.top = (self.top)
            .min(self.selected)
            .max((self.selected + 1).saturating_sub(self.height))
            // No empty lines below while lines above are hidden.
            .min(self.length.saturating_sub(self.height));
    }

    /// Selects a line of the screen. Returns true if it was selected already.
    pub fn click(&mut self, line: usize) -> bool {
        let (index, before) = (self.top + line, self.selected);
        if self.visible().contains(&index) {
            self.selected = index;
        }
        before == index
    }

    /// Moves the selection to another index without moving its line on the screen, as far as
    /// possible.
    pub fn follow(&mut self, index: usize) {
        self.top = (self.top + index).saturating_sub(self.selected);
        self.selected = index;
    }

    /// Moves the selection. Returns false if the action is not a movement.
    pub fn handle(&mut self, action: Action) -> bool {
        // One line of the old page stays visible.
        let page = self.height.saturating_sub(1).max(1);
        let target = match action {
            Action::Up => self.selected.saturating_sub(1),
            Action::Down => self.selected + 1,
            Action::PageUp => self.selected.saturating_sub(page),
            Action::PageDown => self.selected + page,
            Action::Home => 0,
            Action::End => self.length,
            _ => return false,
        };
        self.select(target);
        true
    }

    /// Scrolls a page, which has no selected line. Returns false if the action is not a movement.
    pub fn scroll(&mut self, action: Action) -> bool {
        let page = self.height.saturating_sub(1).max(1);
        let target = match action {
            Action::Up => self.top.saturating_sub(1),
            Action::Down => self.top + 1,
            Action::PageUp => self.top.saturating_sub(page),
            Action::PageDown => self.top + page,
            Action::Home => 0,
            Action::End => self.length,
            _ => return false,
        };
        self.scroll_to(target);
        true
    }

    /// Scrolls so that an index is the first on screen.
    pub fn scroll_to(&mut self, top: usize) {
        self.top = top.min(self.length.saturating_sub(self.height));
        self.selected = self.top;
    }

    /// Sets length and height of a page, which has no selected line.
    pub fn fit_page(&mut self, length: usize, height: usize) {
        self.length = length;
        self.height = height;
        self.scroll_to(self.top);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selected_line_is_visible_and_the_screen_is_full() {
        let mut cursor = Cursor::default();
        cursor.fit(100, 10);
        cursor.handle(Action::End);
        assert_eq!((cursor.selected(), cursor.visible()), (99, 90..100));
        cursor.handle(Action::PageUp);
        assert_eq!((cursor.selected(), cursor.visible()), (90, 90..100));
        cursor.handle(Action::Up);
        assert_eq!((cursor.selected(), cursor.visible()), (89, 89..99));
        cursor.fit(20, 15);
        assert_eq!((cursor.selected(), cursor.visible()), (19, 5..20));
        cursor.fit(0, 0);
        assert_eq!((cursor.selected(), cursor.visible()), (0, 0..0));
    }

    #[test]
    fn following_keeps_the_line_in_place() {
        let mut cursor = Cursor::default();
        cursor.fit(100, 10);
        cursor.select(50);
        assert_eq!(cursor.visible(), 41..51);
        cursor.follow(60);
        cursor.fit(110, 10);
        assert_eq!((cursor.selected(), cursor.visible()), (60, 51..61));
    }
}
