//! The health of the trace: findings, the hook of each purpose and what it loses, lost records, and
//! the cost of tracer itself.

use std::{collections::HashMap, ops::Range};

use crate::{
    event::{GapCause, Hook, Kind, Purpose, escaped, units},
    model::{Evidence, Finding, FindingKind, Key, StreamEnd},
    tui::{
        input::action::Action,
        state::{
            column_cache::ColumnCache,
            data::Data,
            search::{SearchFrom, SearchQuery},
        },
        style::phrase::{Phrase, Tone},
        text::words,
        view::interface::{View, ViewSize},
        widget::{
            canvas::Canvas,
            list::{Identity, List},
            page::{Page, Sheet},
        },
    },
};

/// From this width on, losses are shown beside the hooks.
const WIDE: usize = 116;

impl Identity for Finding {
    type Id = (FindingKind, Option<Key>, Option<u64>);

    fn id(&self) -> Self::Id {
        (self.kind, self.process, self.since)
    }
}

/// Findings, of which one is selected, hooks, losses and costs.
#[derive(Default)]
pub struct Health {
    page: Page,
    evidence: ColumnCache<Option<Evidence>>,
    findings: List<Finding>,
    /// The lines of each finding on the page.
    places: Vec<Range<usize>>,
    /// The version of the model and the second that the findings were made from; `None` if not all
    /// processes were included.
    found_from: Option<((u64, u64), u64)>,
    found: bool,
}

impl Health {
    fn update_findings(&mut self, data: &Data<'_>) {
        let source = (data.slow_version(), data.now / 1_000_000_000);
        if self.found_from == Some(source) {
            return;
        }
        let evidence = &mut self.evidence;
        let known = evidence.update(data, |_, process| Evidence::of(process, data.now));
        if known || !self.found {
            self.found_from = known.then_some(source);
            self.found = true;
            let evidence = self.evidence.iter();
            let evidence = evidence.filter_map(|(key, evidence)| Some((key, evidence.as_ref()?)));
            let evidence: Vec<_> = evidence.collect();
            (self.findings).replace(data.model.findings_of(data.now, &evidence));
            let count = self.findings.rows().len();
            self.findings.fit(count);
        }
    }

    /// Returns the selected finding, unless it is scrolled out of sight.
    fn selected_finding(&self) -> Option<&Finding> {
        let place = self.places.get(self.findings.cursor().selected())?;
        let visible = self.page.cursor().visible();
        let is_visible = place.start < visible.end && visible.start < place.end;
        self.findings.selected().filter(|_| is_visible)
    }

    /// Scrolls to the selected finding.
    fn reveal(&mut self) {
        if let Some(place) = self.places.get(self.findings.cursor().selected()) {
            self.page.reveal(place.clone());
        }
    }

    /// Selects the finding on a line of the page. Returns true if it was selected already, and
    /// none if the line is not of a finding.
    fn select_line(&mut self, line: usize) -> Option<bool> {
        let index = self.places.iter().position(|place| place.contains(&line))?;
        let before = self.findings.cursor().selected();
        self.findings.select_index(index);
        Some(before == index)
    }

    /// Returns the section of findings, and notes the lines of each.
    fn findings(&mut self, data: &Data<'_>, width: usize) -> Sheet {
        let mut sheet = Sheet::new(width);
        sheet.section("FINDINGS");
        if data.filter.filter().is_some() {
            let all = "about all processes: the filter does not apply to this view";
            sheet.text(Phrase::of(Tone::Warn, all));
        }
        if self.findings.rows().is_empty() {
            sheet.line(Phrase::of(Tone::Good, "none"));
        }
        self.places.clear();
        for finding in self.findings.rows() {
            let tone = match finding.kind {
                FindingKind::Unreaped
                | FindingKind::LeftZombies
                | FindingKind::Exiting
                | FindingKind::Lost => Tone::Warn,
                FindingKind::ForkFailed | FindingKind::OutOfMemory | FindingKind::Crashing => {
                    Tone::Bad
                }
            };
            let kind = finding.kind.name().replace('_', " ");
            let clock = |at| words::clock(data, at);
            let when = match (finding.since.map(clock), finding.until.map(clock)) {
                (Some(since), Some(until)) if since != until => format!(" ({since} to {until})"),
                (Some(at), _) | (None, Some(at)) => format!(" ({at})"),
                (None, None) => String::new(),
            };
            let says = Phrase::of(tone, finding.says.as_str()).and(Tone::Dim, when);
            let start = sheet.lines();
            sheet.fact(&kind, says);
            self.places.push(start..sheet.lines());
        }
        sheet
    }
}

impl View for Health {
    fn refresh(&mut self, data: &Data<'_>, size: ViewSize) {
        let width = size.width.saturating_sub(1);
        self.update_findings(data);
        let findings = self.findings(data, width);
        let lines = if width >= WIDE {
            let half = (width - 3) / 2;
            let right = losses(data, half)
                .above(cost(data, half))
                .above(stream(data, half));
            let mut lines = findings.into_lines();
            lines.push(Phrase::new());
            lines.extend(hooks(data, half).beside(right, 3));
            lines
        } else {
            findings
                .above(hooks(data, width))
                .above(losses(data, width))
                .above(cost(data, width))
                .above(stream(data, width))
                .into_lines()
        };
        self.page.fill(lines, size.height);
    }

    /// Moves from finding to finding, and scrolls beyond the first and the last.
    fn handle(&mut self, action: Action, _: &Data<'_>) {
        let before = self.findings.cursor().selected();
        let steps = matches!(action, Action::Up | Action::Down);
        if steps && self.selected_finding().is_some() {
            self.findings.handle(action);
            if self.findings.cursor().selected() != before {
                return self.reveal();
            }
        }
        self.page.handle(action);
    }

    fn find(&mut self, _: &Data<'_>, query: &SearchQuery, from: SearchFrom) -> bool {
        let found = self.page.find(query, from);
        if let Some(line) = found {
            self.select_line(line);
        }
        found.is_some()
    }

    fn click(&mut self, line: usize) -> bool {
        // The page has no titles above it.
        let line = self.page.cursor().visible().start + line + 1;
        self.select_line(line) == Some(true)
    }

    fn selected(&self, _: &Data<'_>) -> Option<Key> {
        self.selected_finding()?.process
    }

    fn selected_time(&self) -> Option<u64> {
        self.selected_finding()?.place()
    }

    fn show(&mut self, data: &Data<'_>, key: Key) {
        self.update_findings(data);
        let of_it = |finding: &Finding| finding.process == Some(key);
        if let Some(index) = self.findings.rows().iter().position(of_it) {
            self.findings.select_index(index);
        }
    }

    fn status(&self, _: &Data<'_>) -> String {
        let selected = self.selected_finding().map(|_| self.findings.position());
        let scrolled = Some(self.page.position()).filter(|position| !position.is_empty());
        let parts: Vec<_> = selected.into_iter().chain(scrolled).collect();
        parts.join(" · ")
    }

    fn reset(&mut self) {
        *self = Health::default();
    }

    fn draw(&self, _: &Data<'_>, canvas: &mut Canvas<'_>) {
        canvas.page(self.page.lines(), self.page.cursor());
        let visible = self.page.cursor().visible();
        let selected = self.places.get(self.findings.cursor().selected());
        let lines = selected.cloned().unwrap_or_default();
        for line in lines.filter(|line| visible.contains(line)) {
            let width = canvas.width().saturating_sub(1);
            canvas.select((line - visible.start) as u16, width);
        }
    }
}

fn hooks(data: &Data<'_>, width: usize) -> Sheet {
    let mut sheet = Sheet::new(width);
    sheet.section("HOOKS");
    let Some(session) = data.model.session() else {
        sheet.line(Phrase::of(
            Tone::Dim,
            "unknown: the stream has no session record",
        ));
        return sheet;
    };
    for purpose in Purpose::ALL {
        let (glyph, text, loses) = match session.hook(purpose) {
            Some(Hook {
                hook: Some(hook),
                loses,
                ..
            }) if loses.is_empty() => (
                Phrase::of(Tone::Good, data.glyphs.alive),
                Phrase::plain(hook.to_string()),
                None,
            ),
            Some(Hook {
                hook: Some(hook),
                loses,
                ..
            }) => (
                Phrase::of(Tone::Warn, data.glyphs.exiting),
                Phrase::plain(hook.to_string()),
                Some(loses),
            ),
            Some(Hook {
                hook: None, loses, ..
            }) => (
                Phrase::of(Tone::Bad, data.glyphs.reaped),
                Phrase::of(Tone::Bad, "none"),
                Some(loses),
            ),
            None if purpose.is_extra() => (
                Phrase::of(Tone::Dim, "-"),
                Phrase::of(Tone::Dim, "not requested: --states=count"),
                None,
            ),
            None => (
                Phrase::of(Tone::Dim, "?"),
                Phrase::of(Tone::Dim, "not recorded"),
                None,
            ),
        };
        sheet.wide_fact(glyph.and(Tone::Plain, format!(" {}", purpose.name())), text);
        if let Some(loses) = loses.filter(|loses| !loses.is_empty()) {
            sheet.wide_fact(Phrase::new(), Phrase::of(Tone::Warn, loses.to_string()));
        }
    }
    sheet
}

fn losses(data: &Data<'_>, width: usize) -> Sheet {
    let mut sheet = Sheet::new(width);
    sheet.section("LOST RECORDS");
    let gaps = data.model.gaps();
    if gaps.is_empty() {
        sheet.line(Phrase::of(Tone::Good, "none: no record was lost"));
        return sheet;
    }
    let mut by_kind: HashMap<Kind, u64> = HashMap::new();
    for (kind, count) in gaps.iter().flat_map(|gap| &gap.lost) {
        *by_kind.entry(*kind).or_default() += count;
    }
    let mut by_kind: Vec<_> = by_kind.into_iter().collect();
    by_kind.sort_by_key(|&(kind, count)| (std::cmp::Reverse(count), kind as u8));
    for (kind, count) in by_kind {
        sheet.fact(kind.name(), Phrase::of(Tone::Bad, units::count(count)));
    }
    sheet.section("GAPS");
    for gap in gaps.iter().rev() {
        let span = units::duration(gap.until.saturating_sub(gap.since));
        let when = words::clock(data, gap.since);
        let (count, how) = match gap.cause {
            GapCause::NoRoom => (units::count(gap.total()), "lost"),
            GapCause::Skipped => (units::count(gap.total()), "skipped"),
            GapCause::OverBudget => (units::count(gap.total()), "beyond a user's budget"),
            GapCause::Unreadable {
                events: Some(events),
            } => (units::count(events), "unreadable"),
            GapCause::Unreadable { events: None } => ("?".to_owned(), "unreadable"),
            GapCause::Untraced => ("?".to_owned(), "untraced"),
        };
        sheet.fact(
            &when,
            Phrase::of(Tone::Bad, count).and(Tone::Plain, format!(" {how} in {span}")),
        );
    }
    sheet
}

fn cost(data: &Data<'_>, width: usize) -> Sheet {
    let mut sheet = Sheet::new(width);
    sheet.section("TRACER");
    match data.own {
        Some(own) => {
            sheet.fact(
                "CPU",
                own.cpu.map_or_else(|| "?".to_owned(), words::percent),
            );
            sheet.fact(
                "ring buffer",
                match own.ring_fill {
                    Some(fill) => format!("{} full", words::percent(fill)),
                    None => "?".to_owned(),
                },
            );
        }
        None => sheet.line(Phrase::of(Tone::Dim, "measured live only")),
    }
    // The three measures of `confinement`: rights, syscalls and writes.
    for check in data.confinement {
        let tone = match check.good {
            Some(true) => Tone::Plain,
            Some(false) | None => Tone::Warn,
        };
        sheet.fact(check.what, Phrase::of(tone, escaped(check.says.as_bytes())));
    }
    if let Some(session) = data.model.session() {
        sheet.fact("version", session.tracer_version.to_string());
        sheet.fact("pid", session.tracer_pid.to_string());
    }
    sheet
}

fn stream(data: &Data<'_>, width: usize) -> Sheet {
    let (model, totals) = (data.model, data.model.totals());
    let mut sheet = Sheet::new(width);
    sheet.section("STREAM");
    let counts = [
        ("events", totals.events),
        ("forks", totals.forks),
        ("threads", totals.threads),
        ("execs", totals.execs),
        ("exits", totals.exits),
    ];
    for (label, count) in counts {
        sheet.fact(label, units::count(count));
    }
    sheet.fact("faults", words::faults(model, totals.faults.total()));
    sheet.fact("began", words::moment(data, model.began()));
    let end = match (model.end(), data.live) {
        (StreamEnd::OfTrace, _) => Phrase::of(Tone::Good, "normally"),
        (StreamEnd::OfPart, _) => Phrase::plain("not in this part: the trace goes on"),
        (StreamEnd::None, true) => Phrase::of(Tone::Dim, "not yet"),
        (StreamEnd::None, false) => Phrase::of(Tone::Warn, "missing: the recording is cut short"),
    };
    sheet.fact("ended", end);
    if let Some(session) = model.session() {
        sheet.fact("kernel", session.kernel_release.to_string());
        sheet.fact(
            "host",
            format!("{}, {} CPUs", session.hostname, session.cpus),
        );
        sheet.fact("boot", session.boot_id.to_string());
    }
    sheet
}
