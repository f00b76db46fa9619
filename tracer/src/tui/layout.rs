//! The picture as a whole: who draws where. Drawing changes nothing but what
//! scrolling needs.

use ratatui::Frame;

use super::{
    app::App,
    bar,
    canvas::Canvas,
    filtering, footer, header, tabs,
    view::{Room, VIEWS},
};

/// How many lines each part of the screen has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heights {
    pub header: u16,
    pub tabs: u16,
    /// What is left out, if anything is.
    pub filter: u16,
    pub body: u16,
    /// Where in a recording this is.
    pub bar: u16,
    pub footer: u16,
}

impl Heights {
    /// The body comes first where there is little.
    pub fn of(width: u16, height: u16, filtered: bool, plays: bool) -> Heights {
        let header = match (width, height) {
            (_, 0..=5) => 0,
            (60.., 16..) => 3,
            _ => 1,
        };
        let tabs = u16::from(height > 3);
        let footer = u16::from(height > 4);
        let filter = u16::from(filtered && height > 6);
        let bar = u16::from(plays && height > 7);
        let body = height.saturating_sub(header + tabs + filter + bar + footer);
        Heights {
            header,
            tabs,
            filter,
            body,
            bar,
            footer,
        }
    }
}

impl App {
    pub fn draw(&mut self, frame: &mut Frame<'_>) {
        self.dirty = false;
        let area = frame.area();
        let (look, heights) = (
            self.look,
            Heights::of(
                area.width,
                area.height,
                self.sieve.filter().is_some(),
                self.playhead.is_some(),
            ),
        );
        self.drawn = (heights, area.width);
        let room = Room {
            width: usize::from(area.width),
            height: usize::from(heights.body),
        };
        let (view, data) = self.looking();
        view.refresh(&data, room);
        if let Some(mut help) = self.help.take() {
            let own = VIEWS[self.active].actions;
            let size = (area.width, area.height);
            help.fit(size, own, |action| self.can(action), look.glyphs);
            self.help = Some(help);
        }
        if let Some(mut chooser) = self.chooser.take() {
            let (view, _) = self.looking();
            chooser.fit(&view.choices(), area.height);
            self.chooser = Some(chooser);
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
        filtering::draw(app, &mut canvas.part(0, top, width, heights.filter));
        let top = top + heights.filter;
        let mut body = canvas.part(0, top, width, heights.body);
        app.view().draw(&data, &mut body);
        body.mark(&app.needle);
        let complaint = app
            .prompt
            .as_ref()
            .and_then(|prompt| prompt.complaint(look.glyphs.mark));
        if let Some(complaint) = complaint {
            let mut line = body.part(0, heights.body.saturating_sub(1), width, 1);
            line.clear();
            line.put(0, 0, width, &complaint);
        }
        let top = top + heights.body;
        bar::draw(app, &look, &mut canvas.part(0, top, width, heights.bar));
        let top = top + heights.bar;
        footer::draw(app, &mut canvas.part(0, top, width, heights.footer));
        if let Some(chooser) = &app.chooser {
            chooser.draw(&mut canvas);
        }
        if let Some(help) = &app.help {
            help.draw(&mut canvas);
        }
    }
}
