//! The timeline: a lane per process, or per group of siblings, with the moments of each life on one
//! scale.

mod lanes;
mod legend;
mod states;
mod strip;
mod window;

use std::ops::Range;

use crate::{
    event::{TaskState, units},
    model::{Key, State},
    tui::{
        input::action::Action,
        state::{
            column_cache::{ColumnCache, Source, can_wait},
            data::Data,
            search::{SearchFrom, SearchQuery},
        },
        style::{
            glyphs::Glyphs,
            phrase::{Phrase, Tone},
        },
        text::words,
        view::{
            empty::Empty,
            interface::{View, ViewSize},
            timeline::{
                lanes::{Lane, LaneChoice, Life},
                legend::legend,
                states::cell_states,
                strip::Cell,
                window::{Scale, Window},
            },
        },
        widget::{canvas::Canvas, forest::Forest, list::List, rails::rails},
    },
};

/// The lines besides the lanes: the axis above, the overview and the time cursor below.
const AROUND: usize = 3;

/// From this height on there is a legend.
const ROOMY: usize = 14;

/// Lanes, the window and the time cursor.
#[derive(Default)]
pub struct Timeline {
    list: List<Lane>,
    forest: Forest,
    lives: ColumnCache<Life>,
    window: Option<Window>,
    choice: LaneChoice,
    /// The time cursor, ns since boot; `None` for the end of the window.
    at: Option<u64>,
    /// The cells of a lane.
    cells: usize,
    /// Births and exits over the whole trace, by cell.
    overview: Vec<u32>,
    made_from: Option<Source<LaneSource>>,
}

/// The settings that decide which lanes there are: filter, window, number of split groups, idle lanes.
type LaneSource = (u64, Option<Range<u64>>, usize, bool);

impl Timeline {
    fn update(&mut self, data: &Data<'_>) {
        let all = all(data);
        let window = self
            .window
            .get_or_insert_with(|| Window::new(&all, data.live));
        window.update(&all, data.live);
        let range = window.range();
        let moved = (!window.follows()).then(|| range.clone());
        let (apart, idle) = (self.choice.apart.len(), self.choice.idle);
        let lanes = (data.filter.generation(), moved, apart, idle);
        let source = (data.slow_version(), lanes);
        if self.made_from.as_ref() == Some(&source) {
            return;
        }
        let known = self.lives.update(data, |_, process| Life::of(process));
        if !known && can_wait(&self.made_from, &source) {
            return;
        }
        self.made_from = known.then_some(source);
        self.forest.update(data.model, &lanes::EVERYTHING);
        self.list.replace(lanes::lanes(
            data,
            &self.forest,
            &self.lives,
            &range,
            &self.choice,
        ));
        let scale = Scale {
            range: all,
            cells: self.cells,
        };
        self.overview = vec![0; self.cells];
        for (_, life) in self.lives.iter() {
            for at in [Some(life.since), life.until].into_iter().flatten() {
                if let Some(cell) = scale.cell(at) {
                    self.overview[cell] += 1;
                }
            }
        }
    }

    /// Returns the number of lines besides the lanes.
    fn around(&self, height: usize) -> usize {
        AROUND + usize::from(height >= ROOMY)
    }

    /// Returns the message for a window without lanes.
    fn empty(&self, data: &Data<'_>, window: &Range<u64>) -> Empty {
        let idle = self.choice.idle;
        let nothing = match idle {
            true => "No process was present in this window",
            false => "Nothing happens in this window",
        };
        let present = || {
            let lives = self.lives.iter();
            lives.filter(|(_, life)| life.is_in(window, data.now))
        };
        let busy = present().filter(|(_, life)| idle || life.is_busy_in(window));
        let mut shown = present().filter(|(key, _)| data.filter.shows(*key));
        let nouns = ("process in this window", "processes in this window");
        Empty::of(data, nothing, nouns, busy.map(|(key, _)| key))
            .of_the_past(data)
            .hint(
                !idle && shown.next().is_some(),
                "a shows processes to which nothing happens.",
            )
    }

    fn changed(&mut self, data: &Data<'_>) {
        self.made_from = None;
        self.update(data);
        self.list.fit(self.list.cursor().height());
    }

    fn scale(&self) -> Scale {
        let range = self.window.as_ref().map_or(0..0, Window::range);
        Scale {
            range,
            cells: self.cells,
        }
    }

    fn at(&self) -> u64 {
        let range = self.scale().range;
        self.at.unwrap_or(range.end).clamp(range.start, range.end)
    }

    /// Moves the time cursor by a number of cells.
    fn step(&mut self, data: &Data<'_>, cells: usize, later: bool) {
        let all = all(data);
        let scale = self.scale();
        let length = (scale.range.end - scale.range.start).max(1);
        let step = (u128::from(length) * cells as u128 / scale.cells.max(1) as u128).max(1) as u64;
        let at = match later {
            true => self.at().saturating_add(step).min(all.end),
            false => self.at().saturating_sub(step).max(all.start),
        };
        self.at = Some(at);
        if let Some(window) = &mut self.window {
            if at < all.end {
                window.follow(false);
            }
            window.reveal(at, &all);
        }
    }

    fn zoom(&mut self, data: &Data<'_>, closer: bool) {
        let at = self.at();
        if let Some(window) = &mut self.window {
            window.zoom(at, closer, &all(data));
        }
    }

    /// Gives each sibling its own lane, or all of them one.
    fn split_group(&mut self, data: &Data<'_>) {
        let Some(lane) = self.list.selected() else {
            return;
        };
        let key = lane.row.key;
        let id = (data.model.tree_parent(key), data.model.process(key).comm);
        match lane.group.is_empty() {
            false => self.choice.apart.insert(id),
            true => self.choice.apart.remove(&id),
        };
        self.changed(data);
    }

    fn cells_of(
        &self,
        data: &Data<'_>,
        lane: &Lane,
        states: &[Option<TaskState>],
        scale: &Scale,
    ) -> Vec<Cell> {
        let lives = lane.group.iter().filter_map(|&key| self.lives.get(key));
        let mut cells = match (lane.group.is_empty(), self.lives.get(lane.row.key)) {
            (true, Some(life)) => strip::life(life, states, scale, data.now, data.glyphs),
            (true, None) => strip::group(std::iter::empty(), scale, data.now, data.glyphs),
            (false, _) => strip::group(lives, scale, data.now, data.glyphs),
        };
        strip::mark_losses(&mut cells, data.model.gaps(), scale, data.glyphs);
        cells
    }

    /// Returns the scheduler states of a lane with a single process.
    fn states_of(&self, data: &Data<'_>, lane: &Lane, scale: &Scale) -> Vec<Option<TaskState>> {
        if !lane.group.is_empty() {
            return Vec::new();
        }
        let life = self.lives.get(lane.row.key);
        let until = life.and_then(|life| life.until).unwrap_or(data.now);
        cell_states(&data.model.process(lane.row.key), scale, until)
    }

    fn label(&self, data: &Data<'_>, index: usize, width: usize) -> Phrase {
        let lane = &self.list.rows()[index];
        let rows = |index: usize| self.list.rows().get(index).map(|lane| lane.row);
        let phrase = rails(rows, index, data.glyphs, width);
        let process = data.model.process(lane.row.key);
        let (state, name) = (process.state(), words::name(&process));
        match lane.group.len() {
            0 => phrase
                .and(words::state_tone(state), data.glyphs.state(state))
                .and(Tone::Plain, format!(" {name}"))
                .and(Tone::Dim, format!(" {}", process.id.tgid)),
            many => phrase
                .and(Tone::Accent, data.glyphs.folded)
                .and(Tone::Plain, format!(" {name}"))
                .and(Tone::Accent, format!(" {}{many}", data.glyphs.times)),
        }
    }

    /// Draws the lines from parents down to the births of their children, where cells are empty.
    fn join(&self, strips: &mut [Vec<Cell>], first: usize, scale: &Scale, glyphs: &Glyphs) {
        for place in 0..strips.len() {
            let lane = &self.list.rows()[first + place];
            let Some(parent) = lane.row.parent() else {
                continue;
            };
            let born = self
                .lives
                .get(lane.row.key)
                .and_then(|life| scale.cell(life.since));
            let Some(cell) = born else { continue };
            let parent = (parent as usize).checked_sub(first);
            for above in (parent.map_or(0, |parent| parent + 1)..place).rev() {
                let cell = &mut strips[above][cell];
                if !cell.occupied {
                    (cell.tone, cell.glyph) = (Tone::Faint, glyphs.lane.joined);
                }
            }
            if let Some(cell) = parent.and_then(|parent| strips[parent].get_mut(cell))
                && cell.occupied
                && !cell.moment
            {
                cell.glyph = glyphs.lane.forks;
            }
        }
    }

    /// Returns times of day at round moments, as precise as the scale.
    fn axis(&self, data: &Data<'_>, scale: &Scale) -> Phrase {
        const STEPS: [u64; 3] = [1, 2, 5];
        let length = (scale.range.end - scale.range.start).max(1);
        let most = (scale.cells / 16).max(1) as u64;
        let powers =
            (0..20).flat_map(|power| STEPS.map(|step| step * 10u64.pow(power).min(1 << 62)));
        let step = powers
            .filter(|step| *step >= 1_000)
            .find(|step| length / step <= most);
        let step = step.unwrap_or(u64::MAX).max(1);
        let digits = match step {
            1_000_000_000.. => 0,
            1_000_000.. => 4,
            _ => 7,
        };
        let round = |at: u64| {
            let clock = data
                .model
                .session()
                .map_or(at as i64, |session| session.realtime(at));
            (step as i64 - clock.rem_euclid(step as i64)) as u64 % step
        };
        let mut line = String::new();
        let mut at = scale.range.start.saturating_add(round(scale.range.start));
        while let Some(cell) = scale.cell(at) {
            let clock = words::clock(data, at);
            let seconds = clock.find('.').unwrap_or(clock.len());
            let text = format!(
                "{}{}",
                data.glyphs.track,
                &clock[..(seconds + digits).min(clock.len())]
            );
            if cell >= line.chars().count() && cell + text.chars().count() <= scale.cells {
                line.extend(std::iter::repeat_n(' ', cell - line.chars().count()));
                line.push_str(&text);
            }
            let Some(next) = at.checked_add(step) else {
                break;
            };
            at = next;
        }
        Phrase::of(Tone::Dim, line)
    }

    /// Returns the whole trace: how much happened when, and the visible part.
    fn overview(&self, data: &Data<'_>, scale: &Scale) -> Phrase {
        let whole = Scale {
            range: all(data),
            cells: self.overview.len(),
        };
        let shown = whole.nearest(scale.range.start)..=whole.nearest(scale.range.end);
        let most = u64::from(self.overview.iter().copied().max().unwrap_or(0).max(1));
        let cell = |(cell, &count): (usize, &u32)| {
            let tone = match shown.contains(&cell) {
                true => Tone::Accent,
                false => Tone::Faint,
            };
            let height = (u64::from(count) * 7).div_ceil(most).min(7);
            Cell::of(tone, data.glyphs.spark[height as usize])
        };
        let mut cells: Vec<_> = self.overview.iter().enumerate().map(cell).collect();
        strip::mark_losses(&mut cells, data.model.gaps(), &whole, data.glyphs);
        strip::phrase(&cells)
    }

    /// Returns the time cursor and the state of the selected lane there.
    fn at_cursor(&self, data: &Data<'_>) -> Phrase {
        let at = self.at();
        let began = units::duration(at.saturating_sub(data.model.began()));
        let phrase =
            Phrase::of(Tone::Strong, words::clock(data, at)).and(Tone::Dim, format!(" +{began}  "));
        let Some(lane) = self.list.selected() else {
            return phrase;
        };
        let lives = |keys: &[Key]| {
            let lives = keys.iter().filter_map(|&key| self.lives.get(key));
            lives
                .filter(|life| life.since <= at && at <= life.end(data.now))
                .count()
        };
        if !lane.group.is_empty() {
            let name = words::name(&data.model.process(lane.row.key));
            let (present, all) = (lives(&lane.group), lane.group.len());
            return phrase.and(Tone::Plain, format!("{present} of {all} {name} present"));
        }
        let process = data.model.process(lane.row.key);
        let phrase = phrase.and(Tone::Plain, words::label(data.model, lane.row.key));
        let Some(life) = self.lives.get(lane.row.key) else {
            return phrase;
        };
        let since = |then: u64| units::duration(at.saturating_sub(then));
        let (tone, text) = match (life.zombie, life.until) {
            _ if at < life.since => (Tone::Dim, "not yet started".to_owned()),
            (_, Some(until))
                if life.removed.is_some_and(|removed| removed <= at)
                    || (until <= at && life.zombie.is_none()) =>
            {
                (Tone::Dim, "exited".to_owned())
            }
            (Some(zombie), _) if zombie <= at => {
                (Tone::Bad, format!("zombie for {}", since(zombie)))
            }
            _ => {
                let moment = Scale {
                    range: at.saturating_sub(1)..at,
                    cells: 1,
                };
                let state = self.states_of(data, lane, &moment);
                let state = state.first().copied().flatten();
                let state = state.map_or(String::new(), |state| format!(", {}", state.name()));
                let old = since(life.since);
                (Tone::Good, format!("alive, {old} old{state}"))
            }
        };
        let phrase = phrase.and(tone, format!(" {text}"));
        match process.state() {
            State::Alive => phrase,
            _ => phrase
                .and(Tone::Dim, "  exit: ")
                .joined(words::ending(&process, 16)),
        }
    }
}

/// Returns the range from the first event to the present.
fn all(data: &Data<'_>) -> Range<u64> {
    data.model.began()..data.now.max(data.model.began() + 1)
}

/// Returns the columns for labels.
fn label_width(width: usize) -> usize {
    (width / 4).clamp(12, 40)
}

impl View for Timeline {
    fn refresh(&mut self, data: &Data<'_>, size: ViewSize) {
        let cells = size.width.saturating_sub(label_width(size.width) + 2);
        if cells != self.cells {
            self.cells = cells;
            self.made_from = None;
        }
        self.update(data);
        let around = self.around(size.height);
        self.list.fit(size.height.saturating_sub(around));
    }

    fn handle(&mut self, action: Action, data: &Data<'_>) {
        match action {
            Action::Earlier => self.step(data, 1, false),
            Action::Later => self.step(data, 1, true),
            Action::MuchEarlier => self.step(data, self.cells / 2, false),
            Action::MuchLater => self.step(data, self.cells / 2, true),
            Action::ZoomIn => self.zoom(data, true),
            Action::ZoomOut => self.zoom(data, false),
            Action::ZoomAll => {
                if let Some(window) = &mut self.window {
                    window.whole(&all(data));
                }
            }
            Action::ShowIdle => {
                self.choice.idle ^= true;
                self.changed(data);
            }
            Action::Follow => {
                if let Some(window) = &mut self.window {
                    let follow = !window.follows();
                    window.follow(follow);
                    self.at = self.at.filter(|_| !follow);
                }
            }
            Action::SplitGroup | Action::Details => self.split_group(data),
            movement => {
                self.list.handle(movement);
            }
        }
    }

    fn find(&mut self, data: &Data<'_>, query: &SearchQuery, from: SearchFrom) -> bool {
        self.update(data);
        self.list.find(from, |lane| {
            let mut keys = lane.group.iter().chain([&lane.row.key]);
            keys.any(|&key| query.matches(&data.model.process(key)))
        })
    }

    fn click(&mut self, line: usize) -> bool {
        self.list.click(line)
    }

    fn selected(&self, _: &Data<'_>) -> Option<Key> {
        let lane = self.list.selected()?;
        lane.group.is_empty().then_some(lane.row.key)
    }

    fn show(&mut self, data: &Data<'_>, key: Key) {
        self.update(data);
        self.list.select(key);
    }

    fn status(&self, data: &Data<'_>) -> String {
        let range = self.scale().range;
        let span = units::duration(range.end - range.start);
        let following = match self.window.as_ref().is_some_and(Window::follows) && data.live {
            true => "following · ",
            false => "",
        };
        let idle = if self.choice.idle {
            "all lanes · "
        } else {
            ""
        };
        format!("{following}{idle}{span} · {}", self.list.position())
    }

    fn reset(&mut self) {
        *self = Timeline {
            window: self.window.take(),
            choice: LaneChoice {
                apart: Default::default(),
                ..self.choice.clone()
            },
            at: self.at,
            ..Timeline::default()
        };
    }

    fn draw(&self, data: &Data<'_>, canvas: &mut Canvas<'_>) {
        let label = label_width(usize::from(canvas.width()));
        let left = label as u16 + 1;
        let (width, height) = (canvas.width(), canvas.height());
        let scale = self.scale();
        let room = width.saturating_sub(left);
        canvas.put(left, 0, room, &self.axis(data, &scale));
        let visible = self.list.cursor().visible();
        if self.list.rows().is_empty() {
            let lanes = height.saturating_sub(self.around(usize::from(height)) as u16);
            let mut lanes = canvas.part(0, 1, width, lanes);
            lanes.note(&self.empty(data, &scale.range).phrases(data));
        }
        let lanes = &self.list.rows()[visible.clone()];
        let states = lanes.iter().map(|lane| self.states_of(data, lane, &scale));
        let states: Vec<_> = states.collect();
        let strips = lanes.iter().zip(&states);
        let strips = strips.map(|(lane, states)| self.cells_of(data, lane, states, &scale));
        let mut strips: Vec<_> = strips.collect();
        self.join(&mut strips, visible.start, &scale, data.glyphs);
        let at = scale.nearest(self.at()) as u16;
        for (y, (index, cells)) in (1..).zip(visible.zip(&strips)) {
            canvas.put(0, y, label as u16, &self.label(data, index, label));
            canvas.put(left, y, room, &strip::phrase(cells));
            if index == self.list.cursor().selected() {
                canvas.select(y, left - 1);
                canvas.point(left + at, y);
            }
        }
        canvas.point(left + at, 0);
        if usize::from(height) >= ROOMY {
            let any = states.iter().flatten().any(Option::is_some);
            let legend = legend(usize::from(width), any, data.glyphs);
            canvas.put(0, height - 3, width, &legend);
        }
        if height > 2 {
            let all = all(data);
            let whole = units::duration(all.end - all.start);
            canvas.put(
                0,
                height - 2,
                label as u16,
                &Phrase::of(Tone::Dim, format!("all {whole}")),
            );
            canvas.put(left, height - 2, room, &self.overview(data, &scale));
        }
        if height > 3 {
            canvas.put(0, height - 1, width, &self.at_cursor(data));
        }
    }
}
