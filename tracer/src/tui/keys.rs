//! What keys do. Text goes to the prompt while there is one, else a key means
//! an action, and the table of actions says which.

use super::{
    action::{self, Action},
    app::{App, Flow, Mode},
    background::Heard,
    bar,
    chooser::Chooser,
    effect::Effect,
    help,
    needle::{Needle, Whence},
    playing::Control,
    prompt::{Asks, Prompt, Typed},
    tabs,
    view::{DETAILS, VIEWS},
    words,
};
use crate::{
    event::{Event, command_line},
    filter::Filter,
};
use crossterm::event::{
    Event as Input, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent,
    MouseEventKind,
};

impl App {
    pub fn on_input(&mut self, input: Input) -> Flow {
        self.dirty = true;
        match input {
            Input::Key(key) if key.kind != KeyEventKind::Release => return self.on_keys(key),
            Input::Paste(text) => {
                if let Some(prompt) = &mut self.prompt {
                    prompt.paste(&text);
                    self.typed(Typed::Changed);
                }
            }
            Input::Mouse(mouse) => self.on_mouse(mouse),
            Input::Key(_) | Input::Resize(..) => {}
            Input::FocusGained | Input::FocusLost => {}
        }
        Flow::Continue
    }

    /// A key, or part of what the terminal answers.
    fn on_keys(&mut self, key: KeyEvent) -> Flow {
        match self.listener.hear(key) {
            Heard::Keys(keys) => {
                for key in keys {
                    if self.on_key(key) == Flow::Quit {
                        return Flow::Quit;
                    }
                }
            }
            Heard::Nothing => {}
            Heard::Background(lightness) => self.on_background(lightness),
        }
        Flow::Continue
    }

    fn on_key(&mut self, key: KeyEvent) -> Flow {
        self.notice = None;
        let meant = action::action(key, VIEWS[self.active].actions);
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        if control && meant == Some(Action::Quit) {
            return Flow::Quit;
        }
        if let Some(prompt) = &mut self.prompt {
            let typed = prompt.on(key);
            self.typed(typed);
            return Flow::Continue;
        }
        if let Some(help) = &mut self.help {
            // Whatever does not scroll the help ends it.
            if !meant.is_some_and(|action| help.on(action)) {
                self.help = None;
            }
            return Flow::Continue;
        }
        if let Some(mut chooser) = self.chooser.take() {
            let (view, data) = self.looking();
            if meant.is_some_and(|action| chooser.on(action, view, &data)) {
                self.chooser = Some(chooser);
            }
            return Flow::Continue;
        }
        if key.code == KeyCode::Esc && self.let_go(meant) {
            return Flow::Continue;
        }
        match meant {
            Some(Action::Quit) => return Flow::Quit,
            Some(action) => self.act(action),
            None => {}
        }
        Flow::Continue
    }

    /// What Esc takes back first: the marks of a search; then, where it does
    /// not lead back to another view, the filter.
    fn let_go(&mut self, meant: Option<Action>) -> bool {
        if !self.needle.is_empty() {
            self.needle = Needle::default();
            self.not_found = false;
            return true;
        }
        if self.is_in_the_past() {
            self.resume();
            return true;
        }
        let filtered = meant.is_none() && self.sieve.filter().is_some();
        if filtered {
            self.sieve.set(None);
        }
        filtered
    }

    /// Asks for it, where there is something to play.
    fn play(&mut self, control: Control) {
        if self.is_in_the_past()
            && control == Control::PlayOrPause
            && self.playhead.is_some_and(|playhead| playhead.is_at_end())
        {
            // Behind the end of the past the present goes on.
            return self.resume();
        }
        if self.can_play() {
            if self.mode == Mode::Live {
                self.freeze();
            }
            self.effects.push(Effect::Play(control));
        }
    }

    /// Whether an action can be done here and now.
    pub(super) fn can(&self, action: Action) -> bool {
        match action {
            Action::Play(_) | Action::GoTo => self.can_play(),
            Action::Pause => self.mode == Mode::Live || self.playhead.is_some(),
            _ => true,
        }
    }

    fn act(&mut self, action: Action) {
        self.not_found = false;
        match action {
            Action::View(number) if number < VIEWS.len() => self.active = number,
            Action::View(_) | Action::Quit => {}
            Action::NextView => self.active = (self.active + 1) % VIEWS.len(),
            Action::PreviousView => {
                self.active = (self.active + VIEWS.len() - 1) % VIEWS.len();
            }
            Action::Help => self.help = Some(help::Help::default()),
            Action::Pause if self.playhead.is_some() => self.play(Control::PlayOrPause),
            Action::Pause => self.pause(),
            Action::Play(control) => self.play(control),
            Action::Details => self.open_details(),
            Action::Back => self.active = self.came_from,
            Action::GoTo if self.can_play() => self.prompt = Some(Prompt::new(Asks::Time, "")),
            Action::GoTo => {}
            Action::Search => self.prompt = Some(Prompt::new(Asks::Search, "")),
            Action::Filter => {
                let text = self.sieve.filter().map_or("", Filter::text);
                self.prompt = Some(Prompt::new(Asks::Filter, text));
            }
            Action::Only => self.only_this(),
            Action::CopyCommand => self.copy_command(),
            Action::CopyJson => {
                let (view, data) = self.looking();
                if let Some(key) = view.selected(&data) {
                    self.effects.push(Effect::CopyJson(key));
                }
            }
            Action::Columns => self.chooser = Some(Chooser::default()),
            Action::Export => self.effects.push(Effect::Export),
            Action::Theme => self.next_theme(),
            Action::Suspend => self.effects.push(Effect::Suspend),
            Action::NextMatch => self.search(Whence::Next),
            Action::PreviousMatch => self.search(Whence::Previous),
            Action::Up
            | Action::Down
            | Action::PageUp
            | Action::PageDown
            | Action::Home
            | Action::End
            | Action::Left
            | Action::Right
            | Action::UnfoldAll
            | Action::FoldAll
            | Action::FoldBelow
            | Action::UnfoldBelow
            | Action::Reverse
            | Action::Earlier
            | Action::Later
            | Action::MuchEarlier
            | Action::MuchLater
            | Action::ZoomIn
            | Action::ZoomOut
            | Action::ZoomAll
            | Action::Quiet
            | Action::Regroup
            | Action::Parent
            | Action::Sort
            | Action::Dead
            | Action::Threads
            | Action::Follow => {
                let (view, data) = self.looking();
                view.on(action, &data);
            }
        }
    }

    fn open_details(&mut self) {
        let (view, data) = self.looking();
        let Some(key) = view.selected(&data) else {
            // A group, perhaps: the view knows.
            return view.on(Action::Details, &data);
        };
        self.came_from = self.active;
        self.active = DETAILS;
        let (view, data) = self.looking();
        view.show(&data, key);
    }

    fn on_mouse(&mut self, mouse: MouseEvent) {
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
            let tab = tabs::at(self, &self.data(), x, width);
            self.active = tab.unwrap_or(self.active);
        } else if y == body {
            let (view, data) = self.looking();
            view.click_title(x, width, &data);
        } else if heights.bar > 0 && y == body + heights.body {
            if let Some(control) = bar::at(self, x, width) {
                self.play(control);
            }
        } else if y > body && y < body + heights.body {
            let (view, _) = self.looking();
            // A click on what is selected opens it.
            if view.click(usize::from(y - body) - 1) {
                self.act(Action::Details);
            }
        }
    }

    fn scroll(&mut self, action: Action) {
        const LINES: usize = 3;
        for _ in 0..LINES {
            match &mut self.help {
                Some(help) => _ = help.on(action),
                None if self.chooser.is_some() => {}
                None => self.act(action),
            }
        }
    }

    fn copy_command(&mut self) {
        let (view, data) = self.looking();
        let Some(key) = view.selected(&data) else {
            return;
        };
        let process = data.model.process(key);
        let text = match process.argv() {
            Some(argv) => command_line(argv),
            None => words::name(process),
        };
        self.effects.push(Effect::Copy(text));
    }

    /// Shows the selected process and all that came from it, nothing else.
    fn only_this(&mut self) {
        let (view, data) = self.looking();
        let Some(key) = view.selected(&data) else {
            return;
        };
        let text = format!("tree({})", data.model.process(key).id.tgid);
        self.filter_by(&text);
    }

    /// Goes on after a key in the prompt.
    fn typed(&mut self, typed: Typed) {
        let Some(prompt) = &self.prompt else { return };
        let text = prompt.text().to_owned();
        match (prompt.asks, typed) {
            (_, Typed::Nothing) => {}
            (Asks::Search, Typed::Changed) => {
                self.needle = Needle::new(&text);
                self.search(Whence::Here);
            }
            (Asks::Search, Typed::GivenUp) => {
                self.prompt = None;
                self.needle = Needle::default();
                self.not_found = false;
            }
            (Asks::Search, Typed::Complete) | (Asks::Filter, Typed::GivenUp) => self.prompt = None,
            (Asks::Time, Typed::GivenUp) => self.prompt = None,
            (Asks::Time, Typed::Complete) => {
                self.prompt = None;
                if self.mode == Mode::Live {
                    self.freeze();
                }
                self.effects.push(Effect::GoTo(text.trim().to_owned()));
            }
            (Asks::Filter | Asks::Time, Typed::Changed) => {}
            (Asks::Filter, Typed::Complete) => self.filter_by(&text),
        }
    }

    /// Takes a filter as it was typed; `@name = …` saves it, too.
    fn filter_by(&mut self, typed: &str) {
        let named = typed.trim_start().strip_prefix('@');
        let named = named.and_then(|text| text.split_once(" = "));
        let (name, text) = match named {
            Some((name, text)) => (Some(name.trim().to_owned()), text),
            None => (None, typed),
        };
        let filter = match text.trim().is_empty() {
            true => None,
            false => match Filter::parse(text, &self.saved) {
                Ok(filter) => Some(filter),
                Err(error) => {
                    // Its place is in what was typed, not in the part that was read.
                    let error = error.prefixed(&typed[..typed.len() - text.len()]);
                    if let Some(prompt) = &mut self.prompt {
                        prompt.refuse(error);
                    }
                    return;
                }
            },
        };
        self.prompt = None;
        if let (Some(name), Some(filter)) = (name, &filter) {
            let filter = filter.text().to_owned();
            self.saved.insert(name.clone(), filter.clone());
            self.effects.push(Effect::SaveFilter { name, filter });
        }
        self.sieve.set(filter);
    }

    /// Whether an event is about what is searched for; none while nothing is.
    pub fn hit(&self) -> Option<impl Fn(&Event) -> bool + use<>> {
        let needle = self.needle.clone();
        (!needle.is_empty()).then_some(move |event: &Event| needle.matches_event(event))
    }

    fn search(&mut self, whence: Whence) {
        self.not_found = false;
        if self.needle.is_empty() {
            return;
        }
        let needle = std::mem::take(&mut self.needle);
        let (view, data) = self.looking();
        let found = view.find(&data, &needle, whence);
        self.needle = needle;
        self.not_found = !found;
    }
}
