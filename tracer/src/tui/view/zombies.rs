//! Zombies by owner: how many, since when, at what cost, and when the owner last waited for a
//! child.

use std::{cmp::Reverse, collections::HashMap};

use crate::{
    event::units,
    model::{
        Key, LastWait, LeftZombies, Process, ReapKind, State, Successor, TenureEnd, ZombieTime,
    },
    tui::{
        input::action::Action,
        state::{
            column_cache::ColumnCache,
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
        },
        widget::{
            canvas::Canvas,
            columns::{Column, figure, rest, word},
            list::{Identity, List},
            page::Sheet,
        },
    },
};

const COLUMNS: [Column; 9] = [
    figure("PID", 7, 0),
    rest("OWNER / ZOMBIE", 20),
    figure("COUNT", 5, 3),
    figure("AGE", 8, 0),
    figure("EXIT", 12, 1),
    figure("MEMORY", 8, 4),
    figure("LAST WAIT", 11, 2),
    word("SINCE", 16, 5),
    word("OWNER", 20, 6),
];

/// From this height on there is a line for the histogram.
const ROOMY: usize = 8;

/// At most this fraction of the height describes the selected owner.
const FINDING_SHARE: usize = 5;

#[derive(Clone, Copy)]
struct Row {
    /// `None` if the owner is the kernel's idle task or unknown.
    owner: Option<Key>,
    /// `None` for the owner's own line.
    zombie: Option<Key>,
    last: bool,
    /// True if the line is about reaped zombies.
    past: bool,
}

impl Identity for Row {
    type Id = (Option<Key>, Option<Key>, bool);

    fn id(&self) -> Self::Id {
        (self.owner, self.zombie, self.past)
    }
}

/// Zombies under their owners, and owners of reaped zombies.
#[derive(Default)]
pub struct Zombies {
    list: List<Row>,
    /// The zombies of each owner, the oldest first.
    owned: HashMap<Option<Key>, Vec<Key>>,
    made_from: Option<(u64, u64)>,
    reapings: ColumnCache<Option<Reaping>>,
    /// The longest zombie time of a reaped process, ns; shown when there are no zombies.
    longest: Option<(ZombieTime, Key)>,
    /// Zombies that waited long and are reaped or have another owner, by owner.
    left: HashMap<Option<Key>, Left>,
    /// The number of evicted owners of such zombies.
    evicted: u64,
    history_from: Option<(u64, u64)>,
    /// The finding about the selected owner.
    finding: Vec<Phrase>,
}

impl Zombies {
    fn update(&mut self, data: &Data<'_>) {
        if self.made_from == Some(data.version()) {
            return;
        }
        self.made_from = Some(data.version());
        self.owned = owned(data);
        if self.history_from != Some(data.slow_version()) {
            let reapings = &mut self.reapings;
            if reapings.update(data, |_, process| Reaping::of(process, data.now)) {
                self.history_from = Some(data.slow_version());
                self.longest = self.longest();
                self.update_left(data);
            } else {
                self.made_from = None;
            }
        }
        let mut owners: Vec<_> = self.owned.iter().collect();
        owners.sort_by_key(|(owner, zombies)| (Reverse(zombies.len()), **owner));
        let mut rows = Vec::new();
        for (&owner, zombies) in owners {
            let row = |zombie, last| Row {
                owner,
                zombie,
                last,
                past: false,
            };
            rows.push(row(None, false));
            let last = zombies.last();
            rows.extend(
                zombies
                    .iter()
                    .map(|zombie| row(Some(*zombie), Some(zombie) == last)),
            );
        }
        let shown = |owner: &&Option<Key>| owner.is_none_or(|owner| data.filter.shows(owner));
        let mut left: Vec<_> = self.left.keys().filter(shown).collect();
        left.sort_by_key(|&owner| (Reverse(self.left[owner].zombies.times.count), *owner));
        rows.extend(left.into_iter().map(|&owner| Row {
            owner,
            zombie: None,
            last: false,
            past: true,
        }));
        self.list.replace(rows);
    }

    /// Updates the finding about the selected owner, in at most this many lines.
    fn update_finding(&mut self, data: &Data<'_>, width: usize, lines: usize) {
        self.finding.clear();
        if let Some(row) = self.list.selected().filter(|row| !row.past) {
            let owned = data.model.unreaped_by(row.owner, data.now);
            if let Some(finding) = data.model.unreaped_finding(row.owner, &owned, data.now) {
                let mut sheet = Sheet::new(width);
                sheet.text(Phrase::of(Tone::Warn, finding.says));
                self.finding = sheet.into_lines();
                self.finding.truncate(lines);
            }
        }
    }

    /// Returns the message for an empty list: there are no zombies, and how long the longest
    /// waited.
    fn empty_message(&self, data: &Data<'_>) -> Vec<Phrase> {
        let zombies = data.model.zombies();
        let empty = Empty::of(data, "No zombies now", ("zombie", "zombies"), zombies).good();
        let mut lines = empty.phrases(data);
        if let Some((time, key)) = self.longest {
            let zombie = words::label(data.model, key);
            let longest = format!("The longest so far was {zombie} for {time}.");
            lines.push(Phrase::of(Tone::Dim, longest));
        }
        lines
    }

    fn owner_cell(
        &self,
        data: &Data<'_>,
        owner: Option<Key>,
        column: usize,
        glyphs: &Glyphs,
    ) -> Phrase {
        let process = owner.map(|owner| data.model.process(owner));
        let zombies = self.owned.get(&owner).map_or(&[][..], Vec::as_slice);
        let mut processes = zombies.iter().map(|&zombie| data.model.process(zombie));
        match column {
            0 => Phrase::plain(process.map_or("?".to_owned(), |owner| owner.id.tgid.to_string())),
            1 => process.map_or(Phrase::of(Tone::Dim, "owner unknown"), |owner| {
                owner_name(&owner, glyphs)
            }),
            2 => Phrase::of(Tone::Strong, units::count(zombies.len() as u64)),
            3 => {
                let oldest = processes.next().map(|oldest| age(data, &oldest));
                Phrase::of(Tone::Strong, oldest.unwrap_or_default())
            }
            5 => bytes(
                processes
                    .map(|zombie| words::zombie_memory(data.model, &zombie))
                    .sum(),
            ),
            6 => match owner.map_or(LastWait::Unknown, |owner| data.model.last_wait(owner)) {
                LastWait::At(at) => {
                    let ago = units::duration(data.now.saturating_sub(at));
                    Phrase::plain(format!("{ago} ago"))
                }
                LastWait::Never => Phrase::of(Tone::Warn, "never"),
                LastWait::NotSinceTracing => Phrase::of(Tone::Warn, "none seen"),
                LastWait::Unknown => Phrase::of(Tone::Dim, "?"),
            },
            _ => Phrase::new(),
        }
    }
}

fn owned(data: &Data<'_>) -> HashMap<Option<Key>, Vec<Key>> {
    let model = data.model;
    let mut owned: HashMap<_, Vec<Key>> = HashMap::new();
    for key in model.zombies().filter(|&key| data.filter.shows(key)) {
        owned
            .entry(model.process(key).owner())
            .or_default()
            .push(key);
    }
    for zombies in owned.values_mut() {
        // Zombies of the first snapshot are older than all others.
        zombies.sort_by_key(|&key| (model.process(key).zombie_at, key));
    }
    owned
}

/// Zombies that one owner left unreaped for long and no longer owns.
#[derive(Clone, Copy, Debug, Default)]
struct Left {
    zombies: LeftZombies,
    /// True if some of them are still zombies, of another owner.
    last: bool,
    /// How they all ceased to be its zombies; none if in several ways.
    end: Option<TenureEnd>,
}

/// The end of a zombie.
struct Reaping {
    /// Time the process was a zombie, if it is reaped.
    after: Option<ZombieTime>,
    /// True if a former owner left it unreaped for long.
    left: bool,
}

impl Reaping {
    fn of(process: &Process, now: u64) -> Option<Reaping> {
        let kind = process.reap_kind();
        let left = process.was_left(now);
        (kind.is_some() || left).then(|| Reaping {
            after: kind.and_then(|_| process.zombie_time(now)),
            left,
        })
    }
}

impl Zombies {
    fn longest(&self) -> Option<(ZombieTime, Key)> {
        let reapings = self.reapings.iter();
        let times = reapings.filter_map(|(key, reaping)| Some((reaping.as_ref()?.after?, key)));
        times.filter(|&(time, _)| time.min > 0).max()
    }

    fn update_left(&mut self, data: &Data<'_>) {
        let reapings = self.reapings.iter();
        let left = reapings.filter(|(_, it)| it.as_ref().is_some_and(|it| it.left));
        let left = data.model.left_zombies(left.map(|(key, _)| key));
        let evicted = left
            .by_name
            .values()
            .flat_map(|(_, owned)| owned.left.values());
        self.evicted = evicted.map(|left| left.owners).max().unwrap_or(0);
        self.left.clear();
        for (owner, owned) in left.by_owner {
            for (end, zombies) in owned.left {
                let left = self.left.entry(owner).or_default();
                left.end = Some(end).filter(|_| left.zombies.times.count == 0);
                left.zombies.extend(&zombies);
                left.last |= end.reaped().is_none();
            }
        }
    }

    /// Returns a cell of the line about an owner's former zombies.
    fn left_cell(&self, data: &Data<'_>, owner: Option<Key>, column: usize) -> Phrase {
        let left = self.left.get(&owner).copied().unwrap_or_default();
        let Left { zombies, last, .. } = left;
        let process = owner.map(|owner| data.model.process(owner));
        match column {
            0 => Phrase::plain(process.map_or("?".to_owned(), |owner| owner.id.tgid.to_string())),
            1 => {
                let name = process.map_or(Phrase::of(Tone::Dim, "owner unknown"), |owner| {
                    owner_name(&owner, data.glyphs)
                });
                name.all(Tone::Dim)
            }
            2 => Phrase::of(Tone::Dim, units::count(zombies.times.count)),
            3 => Phrase::of(Tone::Dim, zombies.longest.compact()),
            4 if last => Phrase::of(Tone::Warn, "passed on"),
            4 => Phrase::of(Tone::Dim, "all reaped"),
            7 => {
                let since = zombies.times.span.map(|(since, _)| since);
                let clock = since.map_or_else(String::new, |at| words::clock(data, at));
                Phrase::of(Tone::Dim, clock)
            }
            8 => Phrase::of(Tone::Dim, successor(data, owner, left)),
            _ => Phrase::new(),
        }
    }

    /// Counts reaped processes by how long they were zombies: powers of ten, the shortest first.
    fn reap_times(&self) -> [u64; REAP_TIMES.len()] {
        let mut counts = [0; REAP_TIMES.len()];
        let reapings = self
            .reapings
            .iter()
            .filter_map(|(_, reaping)| reaping.as_ref());
        for after in reapings.filter_map(|reaping| Some(reaping.after?.min)) {
            counts[REAP_TIMES
                .iter()
                .rposition(|&(from, _)| after >= from)
                .unwrap_or(0)] += 1;
        }
        counts
    }

    /// Returns the histogram: a bar and a count for each power of ten that occurred.
    fn histogram(&self, glyphs: &Glyphs) -> Phrase {
        let counts = self.reap_times();
        let most = counts.iter().copied().max().unwrap_or(0).max(1);
        let mut phrase = Phrase::of(Tone::Dim, "reaped after");
        for (count, (_, name)) in counts
            .into_iter()
            .zip(REAP_TIMES)
            .filter(|(count, _)| *count > 0)
        {
            let bar = glyphs.spark[((count * 7).div_ceil(most)).min(7) as usize];
            phrase.push(Tone::Dim, format!("  {name} "));
            phrase.push(Tone::Accent, bar);
            phrase.push(Tone::Plain, units::count(count));
        }
        phrase
    }
}

/// The lower bounds of the histogram, ns, and their names.
const REAP_TIMES: [(u64, &str); 8] = [
    (0, "<10µs"),
    (10_000, "<100µs"),
    (100_000, "<1ms"),
    (1_000_000, "<10ms"),
    (10_000_000, "<100ms"),
    (100_000_000, "<1s"),
    (1_000_000_000, "<10s"),
    (10_000_000_000, "longer"),
];

impl View for Zombies {
    fn refresh(&mut self, data: &Data<'_>, size: ViewSize) {
        self.update(data);
        let roomy = usize::from(size.height >= ROOMY);
        self.update_finding(data, size.width, roomy * size.height / FINDING_SHARE);
        let below = roomy + self.finding.len();
        self.list.fit(size.height.saturating_sub(1 + below));
    }

    fn handle(&mut self, action: Action, _: &Data<'_>) {
        self.list.handle(action);
    }

    fn find(&mut self, data: &Data<'_>, query: &SearchQuery, from: SearchFrom) -> bool {
        self.update(data);
        self.list.find(from, |row| {
            let subject = row.zombie.or(row.owner);
            subject.is_some_and(|key| query.matches(&data.model.process(key)))
        })
    }

    fn click(&mut self, line: usize) -> bool {
        self.list.click(line)
    }

    fn selected(&self, _: &Data<'_>) -> Option<Key> {
        let row = self.list.selected()?;
        row.zombie.or(row.owner)
    }

    fn show(&mut self, data: &Data<'_>, key: Key) {
        self.list
            .select((data.model.process(key).owner(), Some(key), false));
    }

    fn status(&self, _: &Data<'_>) -> String {
        let owners = self.owned.len();
        let s = if owners == 1 { "" } else { "s" };
        let left = match self.left.len() {
            0 => String::new(),
            left => format!("{left} in the past · "),
        };
        let evicted = match self.evicted {
            0 => String::new(),
            evicted => format!("{evicted} evicted · "),
        };
        format!(
            "{owners} owner{s} · {left}{evicted}{}",
            self.list.position()
        )
    }

    fn reset(&mut self) {
        *self = Zombies::default();
    }

    fn draw(&self, data: &Data<'_>, canvas: &mut Canvas<'_>) {
        let glyphs = canvas.glyphs();
        let (width, height) = (canvas.width(), canvas.height());
        let mut canvas = match usize::from(height) >= ROOMY {
            true => {
                if self.reap_times().iter().any(|&count| count > 0) {
                    canvas.put(0, height - 1, width, &self.histogram(glyphs));
                }
                canvas.part(0, 0, width, height - 1)
            }
            false => canvas.part(0, 0, width, height),
        };
        let lists = canvas.height().saturating_sub(self.finding.len() as u16);
        for (y, line) in (lists..).zip(&self.finding) {
            canvas.put(0, y, width, line);
        }
        let mut canvas = canvas.part(0, 0, width, lists);
        if self.list.rows().is_empty() {
            return canvas.note(&self.empty_message(data));
        }
        canvas.table(
            &COLUMNS,
            None,
            self.list.cursor(),
            |index, column, width| {
                let row = &self.list.rows()[index];
                match row.zombie {
                    None if row.past => self.left_cell(data, row.owner, column),
                    Some(zombie) => zombie_cell(data, row, zombie, (column, width), glyphs),
                    None => self.owner_cell(data, row.owner, column, glyphs),
                }
            },
        );
    }
}

fn owner_name(owner: &Process, glyphs: &Glyphs) -> Phrase {
    let state = owner.state();
    let arguments = words::arguments_beyond_name(owner).unwrap_or_default();
    Phrase::of(words::state_tone(state), glyphs.state(state))
        .and(Tone::Strong, format!(" {}", words::name(owner)))
        .and(Tone::Dim, format!(" {arguments}"))
}

fn zombie_cell(
    data: &Data<'_>,
    row: &Row,
    zombie: Key,
    (column, width): (usize, usize),
    glyphs: &Glyphs,
) -> Phrase {
    let zombie = data.model.process(zombie);
    match column {
        0 => Phrase::plain(zombie.id.tgid.to_string()),
        1 => {
            let rail = if row.last {
                glyphs.tree_last
            } else {
                glyphs.tree_fork
            };
            Phrase::of(Tone::Faint, rail)
                .and(
                    words::state_tone(State::Zombie),
                    glyphs.state(State::Zombie),
                )
                .and(Tone::Plain, format!(" {}", words::name(&zombie)))
        }
        3 => Phrase::plain(age(data, &zombie)),
        4 => words::ending(&zombie, width),
        5 => bytes(words::zombie_memory(data.model, &zombie)),
        7 => match zombie.zombie_at {
            Some(at) => Phrase::of(Tone::Dim, words::clock(data, at)),
            None => Phrase::of(Tone::Dim, "before the trace"),
        },
        8 => match row.owner {
            Some(owner) => Phrase::of(Tone::Dim, words::label(data.model, owner)),
            None => Phrase::of(Tone::Dim, "?"),
        },
        _ => Phrase::new(),
    }
}

/// Returns the process that reaped the former zombies of an owner, or owns them now.
fn successor(data: &Data<'_>, owner: Option<Key>, left: Left) -> String {
    let own = owner.map(|owner| data.model.process(owner).id);
    let reaped = left.end.and_then(TenureEnd::reaped);
    match left.zombies.successor {
        Successor::One(id, _) if Some(id) == own => "reaped late".to_owned(),
        Successor::One(id, comm) => {
            let comm = comm.map_or_else(|| "?".to_owned(), |comm| comm.to_string());
            let verb = match reaped {
                _ if left.last => "now of",
                Some(ReapKind::OwnerExit) => "released by exit of",
                _ => "reaped by",
            };
            format!("{verb} {} {comm}", id.tgid)
        }
        Successor::Several => "several reapers".to_owned(),
        Successor::Unknown if reaped == Some(ReapKind::OwnerExit) => "released by exit".to_owned(),
        Successor::Unknown => "reap not seen".to_owned(),
    }
}

/// Returns how long a process has been a zombie.
fn age(data: &Data<'_>, zombie: &Process) -> String {
    let age = zombie.zombie_time(data.now);
    age.map_or_else(|| "?".to_owned(), ZombieTime::compact)
}

fn bytes(memory: Option<u64>) -> Phrase {
    match memory {
        Some(memory) => Phrase::plain(units::bytes(memory)),
        None => Phrase::of(Tone::Dim, "?"),
    }
}
