//! The picture as a whole: who draws where. Drawing changes nothing but what
//! scrolling needs.

use ratatui::Frame;

use super::{
    app::App,
    canvas::Canvas,
    footer, header, tabs,
    view::{Room, VIEWS},
};

/// How many lines each part of the screen has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heights {
    pub header: u16,
    pub tabs: u16,
    pub body: u16,
    pub footer: u16,
}

impl Heights {
    /// The body comes first where there is little.
    pub fn of(width: u16, height: u16) -> Heights {
        let header = match (width, height) {
            (_, 0..=5) => 0,
            (60.., 16..) => 3,
            _ => 1,
        };
        let tabs = u16::from(height > 3);
        let footer = u16::from(height > 4);
        let body = height.saturating_sub(header + tabs + footer);
        Heights {
            header,
            tabs,
            body,
            footer,
        }
    }
}

impl App {
    pub fn draw(&mut self, frame: &mut Frame<'_>) {
        self.dirty = false;
        let area = frame.area();
        let (look, heights) = (self.look, Heights::of(area.width, area.height));
        let room = Room {
            width: usize::from(area.width),
            height: usize::from(heights.body),
        };
        let (view, data) = self.looking();
        view.refresh(&data, room);
        if let Some(help) = &mut self.help {
            help.fit(
                area.width,
                area.height,
                VIEWS[self.active].actions,
                look.glyphs,
            );
        }
        let mut canvas = Canvas::new(frame.buffer_mut(), area, &look);
        let app = &*self;
        let data = app.data();
        let width = area.width;
        header::draw(app, &data, &mut canvas.part(0, 0, width, heights.header));
        tabs::draw(
            app,
            &data,
            &mut canvas.part(0, heights.header, width, heights.tabs),
        );
        let top = heights.header + heights.tabs;
        let mut body = canvas.part(0, top, width, heights.body);
        app.view().draw(&data, &mut body);
        body.mark(&app.needle);
        footer::draw(
            app,
            &mut canvas.part(0, top + heights.body, width, heights.footer),
        );
        if let Some(help) = &app.help {
            help.draw(&mut canvas);
        }
    }
}
