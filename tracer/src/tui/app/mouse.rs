//! Mouse input: select, open, scroll, sort, switch views, seek.

use super::App;
use crate::tui::{
    chrome::{seek_bar, tabs},
    input::action::Action,
};
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

impl App {
    pub(super) fn on_mouse(&mut self, mouse: MouseEvent) {
        let clicked = match mouse.kind {
            _ if self.prompt.is_some() => return,
            MouseEventKind::ScrollUp => return self.scroll(Action::Up),
            MouseEventKind::ScrollDown => return self.scroll(Action::Down),
            MouseEventKind::Down(MouseButton::Left) => (mouse.column, mouse.row),
            _ => return,
        };
        if self.help.take().is_some() || self.chooser.take().is_some() {
            return;
        }
        let ((x, y), (heights, width)) = (clicked, self.drawn);
        let body = heights.header + heights.tabs + heights.filter;
        if y >= heights.header && y < heights.header + heights.tabs {
            let data = self.data();
            let tab = tabs::at(self.active, self.view().status(&data), &data, x, width);
            self.active = tab.unwrap_or(self.active);
        } else if y == body {
            let (view, data) = self.active_view();
            view.click_title(x, width, &data);
        } else if heights.seek_bar > 0 && y == body + heights.body {
            if let Some(control) = seek_bar::at(&self.stream, x, width) {
                self.play(control);
            }
        } else if y > body && y < body + heights.body {
            let (view, _) = self.active_view();
            // A click on the selected line opens it.
            if view.click(usize::from(y - body) - 1) {
                self.act(Action::Details);
            }
        }
    }

    fn scroll(&mut self, action: Action) {
        const LINES: usize = 3;
        for _ in 0..LINES {
            match &mut self.help {
                Some(help) => _ = help.handle(action),
                None if self.chooser.is_some() => {}
                None => self.act(action),
            }
        }
    }
}
