//! One frame: `update` computes everything that depends on the size of the screen, `draw` only
//! draws it.

use ratatui::Frame;

use super::App;
use crate::tui::{
    chrome::{
        filter_bar,
        footer::{self, Footer},
        header,
        layout::Heights,
        seek_bar, tabs,
    },
    view::{interface::ViewSize, registry::VIEWS},
    widget::canvas::Canvas,
};

impl App {
    /// Draws a frame.
    pub fn render(&mut self, frame: &mut Frame<'_>) {
        let area = frame.area();
        self.update((area.width, area.height));
        self.draw(frame);
    }

    /// Updates rows, cursors and overlays for a screen of this size.
    fn update(&mut self, (width, height): (u16, u16)) {
        self.dirty = false;
        let heights = Heights::of(
            width,
            height,
            filter_bar::is_needed(&self.data()),
            self.stream.playhead().is_some(),
        );
        self.drawn = (heights, width);
        let size = ViewSize {
            width: usize::from(width),
            height: usize::from(heights.body),
        };
        let (view, data) = self.active_view();
        view.refresh(&data, size);
        if let Some(help) = &mut self.help {
            let own = VIEWS[self.active].actions;
            let can = |action| self.stream.allows(action);
            help.fit((width, height), own, can, self.look.glyphs);
        }
        if let Some(chooser) = &mut self.chooser {
            chooser.fit(&self.views[self.active].column_choices(), height);
        }
    }

    /// Draws the dashboard as of the last update.
    fn draw(&self, frame: &mut Frame<'_>) {
        let (heights, width) = self.drawn;
        let area = frame.area();
        let mut canvas = Canvas::new(frame.buffer_mut(), area, &self.look);
        let data = self.data();
        header::draw(
            &self.stream,
            &data,
            &mut canvas.part(0, 0, width, heights.header),
        );
        tabs::draw(
            self.active,
            self.view().status(&data),
            &data,
            &mut canvas.part(0, heights.header, width, heights.tabs),
        );
        let top = heights.header + heights.tabs;
        filter_bar::draw(&data, &mut canvas.part(0, top, width, heights.filter));
        let top = top + heights.filter;
        let mut body = canvas.part(0, top, width, heights.body);
        self.view().draw(&data, &mut body);
        body.mark(&self.search);
        let mark = self.look.glyphs.mark;
        let complaint = self
            .prompt
            .as_ref()
            .and_then(|prompt| prompt.complaint(mark));
        if let Some(complaint) = complaint {
            let mut line = body.part(0, heights.body.saturating_sub(1), width, 1);
            line.clear();
            line.put(0, 0, width, &complaint);
        }
        let top = top + heights.body;
        seek_bar::draw(
            &self.stream,
            &mut canvas.part(0, top, width, heights.seek_bar),
        );
        let top = top + heights.seek_bar;
        let footer = Footer {
            stream: &self.stream,
            own: VIEWS[self.active].actions,
            prompt: self.prompt.as_ref(),
            messages: &self.messages,
            search: &self.search,
            shows_playhead: heights.seek_bar == 0,
        };
        footer::draw(&footer, &mut canvas.part(0, top, width, heights.footer));
        if let Some(chooser) = &self.chooser {
            chooser.draw(&mut canvas);
        }
        if let Some(help) = &self.help {
            help.draw(&mut canvas);
        }
    }
}
