//! Keyboard input. Text goes to the prompt while one is open; otherwise the table of actions
//! decides what a key does.

use super::{App, Flow};
use crate::{
    event::{Event, command_line},
    filter::{self, Filter},
    tui::{
        chrome::{column_chooser::ColumnChooser, help::Help},
        input::{
            action::{self, Action},
            background::Recognised,
            control::Control,
            prompt::{Prompt, PromptKind, Typed},
        },
        state::{
            effect::Effect,
            search::{SearchFrom, SearchQuery},
        },
        text::words,
        view::registry::{DETAILS, VIEWS},
    },
};
use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

impl App {
    /// Handles input from the terminal.
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

    /// Handles a key, or a part of the terminal's answer.
    fn on_keys(&mut self, key: KeyEvent) -> Flow {
        match self.listener.recognise(key) {
            Recognised::Keys(keys) => {
                for key in keys {
                    if self.on_key(key) == Flow::Quit {
                        return Flow::Quit;
                    }
                }
            }
            Recognised::Nothing => {}
            Recognised::Background(lightness) => self.on_background(lightness),
        }
        Flow::Continue
    }

    fn on_key(&mut self, key: KeyEvent) -> Flow {
        self.messages.notice = None;
        let action = action::action(key, VIEWS[self.active].actions);
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        if control && action == Some(Action::Quit) {
            return Flow::Quit;
        }
        if let Some(prompt) = &mut self.prompt {
            let typed = prompt.handle(key);
            self.typed(typed);
            return Flow::Continue;
        }
        if let Some(help) = &mut self.help {
            // Any action that does not scroll the help closes it.
            if !action.is_some_and(|action| help.handle(action)) {
                self.help = None;
            }
            return Flow::Continue;
        }
        if let Some(mut chooser) = self.chooser.take() {
            let (view, data) = self.active_view();
            if action.is_some_and(|action| chooser.handle(action, view, &data)) {
                self.chooser = Some(chooser);
            }
            return Flow::Continue;
        }
        if key.code == KeyCode::Esc && self.cancel(action) {
            return Flow::Continue;
        }
        match action {
            Some(Action::Quit) => return Flow::Quit,
            Some(action) => self.act(action),
            None => {}
        }
        Flow::Continue
    }

    /// Handles Esc: clears the search, then leaves the past, then removes the filter, unless Esc
    /// leads back to another view. Returns false if there was nothing to cancel.
    fn cancel(&mut self, action: Option<Action>) -> bool {
        if !self.search.is_empty() {
            self.search = SearchQuery::default();
            self.messages.not_found = false;
            return true;
        }
        if self.is_in_the_past() {
            self.resume();
            return true;
        }
        let filtered = action.is_none() && self.filter.filter().is_some();
        if filtered {
            self.set_filter(None);
        }
        filtered
    }

    /// Requests a move, if something can be played.
    pub(super) fn play(&mut self, control: Control) {
        if self.is_in_the_past()
            && control == Control::PlayOrPause
            && self
                .stream
                .playhead()
                .is_some_and(|playhead| playhead.is_at_end())
        {
            // The present follows the end of the past.
            return self.resume();
        }
        if self.stream.can_play() {
            if self.stream.is_live() {
                self.freeze();
            }
            self.effects.push(Effect::Play(control));
        }
    }

    pub(super) fn act(&mut self, action: Action) {
        self.messages.not_found = false;
        self.opens_at_command = false;
        match action {
            Action::View(number) if number < VIEWS.len() => self.active = number,
            Action::View(_) | Action::Quit => {}
            Action::NextView => self.active = (self.active + 1) % VIEWS.len(),
            Action::PreviousView => {
                self.active = (self.active + VIEWS.len() - 1) % VIEWS.len();
            }
            Action::Help => self.help = Some(Help::default()),
            Action::Pause if self.stream.playhead().is_some() => self.play(Control::PlayOrPause),
            Action::Pause => self.pause(),
            Action::Play(control) => self.play(control),
            Action::Details => self.open_details(),
            Action::Back => self.active = self.came_from,
            Action::GoTo if self.stream.can_play() => {
                self.prompt = Some(Prompt::new(PromptKind::Time, ""))
            }
            Action::GoTo => {}
            Action::Search => self.prompt = Some(Prompt::new(PromptKind::Search, "")),
            Action::Filter => {
                let text = self.filter.filter().map_or("", Filter::text);
                self.prompt = Some(Prompt::new(PromptKind::Filter, text));
            }
            Action::OnlyThis => self.only_this(),
            Action::CopyCommand => self.copy_command(),
            Action::CopyJson => {
                let (view, data) = self.active_view();
                if let Some(key) = view.selected(&data) {
                    self.effects.push(Effect::CopyJson(key));
                }
            }
            Action::Columns => self.chooser = Some(ColumnChooser::default()),
            Action::Export => self.effects.push(Effect::Export),
            Action::Theme => self.next_theme(),
            Action::Suspend => self.effects.push(Effect::Suspend),
            Action::NextMatch => self.find(SearchFrom::Next),
            Action::PreviousMatch => self.find(SearchFrom::Previous),
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
            | Action::ShowIdle
            | Action::SplitGroup
            | Action::Parent
            | Action::Sort
            | Action::Exited
            | Action::Threads
            | Action::Follow => {
                let (view, data) = self.active_view();
                view.handle(action, &data);
            }
        }
    }

    /// Opens the details of the selected process, and seeks the time that the selection is about.
    fn open_details(&mut self) {
        let (view, data) = self.active_view();
        let (process, time) = (view.selected(&data), view.selected_time());
        if let Some(key) = process {
            self.came_from = self.active;
            self.active = DETAILS;
            let (view, data) = self.active_view();
            view.show(&data, key);
        } else {
            // The selected row may be a group, which the view handles.
            view.handle(Action::Details, &data);
        }
        if let Some(time) = time {
            self.play(Control::At(time));
        }
    }

    fn copy_command(&mut self) {
        let (view, data) = self.active_view();
        let Some(key) = view.selected(&data) else {
            return;
        };
        let process = data.model.process(key);
        let text = match process.argv() {
            Some(argv) => command_line(argv),
            None => words::name(&process),
        };
        self.effects.push(Effect::Copy(text));
    }

    /// Filters for the selected process and its descendants.
    fn only_this(&mut self) {
        let (view, data) = self.active_view();
        let Some(key) = view.selected(&data) else {
            return;
        };
        let text = format!("tree({})", data.model.process(key).id.tgid);
        self.filter_by(&text);
    }

    /// Handles the effect of a key on the prompt.
    fn typed(&mut self, typed: Typed) {
        let Some(prompt) = &self.prompt else { return };
        let text = prompt.text().to_owned();
        match (prompt.kind, typed) {
            (_, Typed::Nothing) => {}
            (PromptKind::Search, Typed::Changed) => {
                self.search = SearchQuery::new(&text);
                self.find(SearchFrom::Here);
            }
            (PromptKind::Search, Typed::Cancelled) => {
                self.prompt = None;
                self.search = SearchQuery::default();
                self.messages.not_found = false;
            }
            (PromptKind::Search, Typed::Complete) | (PromptKind::Filter, Typed::Cancelled) => {
                self.prompt = None
            }
            (PromptKind::Time, Typed::Cancelled) => self.prompt = None,
            (PromptKind::Time, Typed::Complete) => {
                self.prompt = None;
                if self.stream.is_live() {
                    self.freeze();
                }
                self.effects.push(Effect::GoTo(text.trim().to_owned()));
            }
            (PromptKind::Filter | PromptKind::Time, Typed::Changed) => {}
            (PromptKind::Filter, Typed::Complete) => self.filter_by(&text),
        }
    }

    fn parsed_filter(&self, text: &str) -> Result<Filter, filter::Error> {
        let filter = Filter::parse(text, &self.saved_filters)?;
        filter.check(self.stream.model())?;
        Ok(filter)
    }

    /// Applies a filter as it was typed; `@name = …` also saves it.
    fn filter_by(&mut self, typed: &str) {
        let named = typed.trim_start().strip_prefix('@');
        let named = named.and_then(|text| text.split_once(" = "));
        let (name, text) = match named {
            Some((name, text)) => (Some(name.trim().to_owned()), text),
            None => (None, typed),
        };
        let filter = match text.trim().is_empty() {
            true => None,
            false => match self.parsed_filter(text) {
                Ok(filter) => Some(filter),
                Err(error) => {
                    // The error's place refers to the whole input, not to the parsed part.
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
            self.saved_filters.insert(name.clone(), filter.clone());
            self.effects.push(Effect::SaveFilter { name, filter });
        }
        self.set_filter(filter);
    }

    /// Returns a test for events that match the search; `None` without a search.
    pub fn search_matcher(&self) -> Option<impl Fn(&Event) -> bool + use<>> {
        let query = self.search.clone();
        (!query.is_empty()).then_some(move |event: &Event| query.matches_event(event))
    }

    fn find(&mut self, from: SearchFrom) {
        self.messages.not_found = false;
        if self.search.is_empty() {
            return;
        }
        let query = std::mem::take(&mut self.search);
        let (view, data) = self.active_view();
        let found = view.find(&data, &query, from);
        self.search = query;
        self.messages.not_found = !found;
    }

    /// Freezes a live picture, or resumes it.
    fn pause(&mut self) {
        match (self.stream.is_live(), self.stream.is_frozen()) {
            (true, false) => self.freeze(),
            (true, true) => self.resume(),
            (false, _) => {}
        }
    }
}
