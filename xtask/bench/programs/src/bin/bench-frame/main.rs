//! Measures the dashboard with a hundred thousand processes in the model, of which twenty
//! thousand have not exited: a frame, a key, and a stream of events with frames. Times are
//! CPU times (/proc/self/schedstat), which a busy machine affects less. Prints one figure
//! per line, tab-separated: title, unit, limit (empty: no goal), figure. `cargo xtask bench
//! frame` runs it.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a benchmark fails, and it says where"
)]

mod crowd;

use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyModifiers};
use ratatui::{Terminal, backend::TestBackend};
use tracer::{
    filter::{Filter, SavedFilters},
    model::Retention,
    tui::{App, Look, Mode, UNICODE},
};

use crowd::Crowd;

const PROCESSES: u32 = 100_000;
const ALIVE: u32 = 20_000;
const SIZES: [(u16, u16); 3] = [(80, 24), (160, 50), (300, 100)];
/// Frames per second of a live dashboard.
const FRAMES: u64 = 20;
const EVENTS: u64 = 50_000;
const SECONDS: u64 = 10;

fn main() {
    let mut crowd = Crowd::default();
    let mut app = App::new(Mode::Live, Look::from_env(|_| None)).with_retention(Retention::ALL);
    assert!(!UNICODE.ascii);
    let mut events = 0u64;
    let built = on_cpu(|| {
        crowd.fill(PROCESSES, ALIVE, &mut |event| {
            events += 1;
            app.apply(&event);
        });
    });
    assert!(app.model().alive() >= ALIVE as usize);
    let per_event = built * 1e3 / events as f64;
    print_figure(
        "taking in an event, the model filling",
        "µs",
        None,
        per_event,
    );
    app.set_now(crowd.now());

    for (view, keys) in [
        ("Tree", ""),
        ("Tree by faults", "sssssss"),
        ("Timeline", ""),
        ("Zombies", ""),
        ("Faults", ""),
        ("Forks", ""),
        ("Deaths", ""),
        ("Events", ""),
        ("Process", ""),
        ("Health", ""),
    ] {
        open(&mut app, view);
        keys.chars()
            .for_each(|key| press(&mut app, KeyCode::Char(key)));
        for size in SIZES {
            frames(&mut app, &mut crowd, view, size);
        }
    }
    // Sorted by COW?, and no more.
    open(&mut app, "Tree");
    "ss".chars()
        .for_each(|key| press(&mut app, KeyCode::Char(key)));

    keys(&mut app);
    for name in ["Tree", "Timeline"] {
        stream(&mut app, &mut crowd, name);
    }
}

/// Opens the view of the first word.
fn open(app: &mut App, name: &str) {
    let name = name.split(' ').next().unwrap();
    let number = tracer::tui::views()
        .position(|known| known == name)
        .unwrap();
    press(app, KeyCode::Char((b'1' + number as u8) as char));
}

fn frames(app: &mut App, crowd: &mut Crowd, name: &str, size: (u16, u16)) {
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
    let mut draw = |app: &mut App| on_cpu(|| _ = terminal.draw(|frame| app.render(frame)));
    draw(app);
    let mut worst = [0f64; 3];
    for _ in 0..20 {
        worst[0] = worst[0].max(draw(app));
        crowd.live(1, &mut |event| app.apply(&event));
        app.set_now(crowd.now());
        worst[1] = worst[1].max(draw(app));
        crowd.pass(1_000_000_000);
        crowd.live(1, &mut |event| app.apply(&event));
        app.set_now(crowd.now());
        worst[2] = worst[2].max(draw(app));
    }
    let size = format!("{name}, {}x{}", size.0, size.1);
    let [same, event, second] = worst;
    print_figure(
        &format!("{size}: a frame, nothing new"),
        "ms",
        Some(5.0),
        same,
    );
    print_figure(&format!("{size}: after an event"), "ms", Some(5.0), event);
    print_figure(&format!("{size}: a second later"), "ms", Some(5.0), second);
}

fn keys(app: &mut App) {
    let mut terminal = Terminal::new(TestBackend::new(160, 50)).unwrap();
    let scripts: [(&str, &str, &[KeyCode]); 11] = [
        ("Tree", "down", &[KeyCode::Down]),
        ("Tree", "to the end", &[KeyCode::End]),
        (
            "Tree",
            "cycle the exited processes shown",
            &[KeyCode::Char('d')],
        ),
        ("Tree", "sort by the next column", &[KeyCode::Char('s')]),
        (
            "Tree",
            "fold everything, unfold everything",
            &[KeyCode::Char('-'), KeyCode::Char('*')],
        ),
        (
            "Tree",
            "search a missing name",
            &[
                KeyCode::Char('/'),
                KeyCode::Char('q'),
                KeyCode::Char('j'),
                KeyCode::Enter,
            ],
        ),
        ("Timeline", "zoom", &[KeyCode::Char('-')]),
        ("Faults", "sort", &[KeyCode::Char('s')]),
        ("Forks", "sort", &[KeyCode::Char('s')]),
        ("Deaths", "one by one", &[KeyCode::Char('s')]),
        ("Tree", "pause and resume", &[KeyCode::Char(' ')]),
    ];
    let mut time = |name: &str, app: &mut App, act: &mut dyn FnMut(&mut App)| {
        let mut worst = 0f64;
        for _ in 0..10 {
            worst = worst.max(on_cpu(|| {
                act(app);
                _ = terminal.draw(|frame| app.render(frame));
            }));
        }
        print_figure(&format!("key: {name}"), "ms", Some(50.0), worst);
    };
    for (view, name, script) in scripts {
        open(app, view);
        time(&format!("{view}, {name}"), app, &mut |app| {
            script.iter().for_each(|&code| press(app, code))
        });
    }
    let filter = Filter::parse("comm =~ /^cc/ && exit.code != 0", &SavedFilters::new()).unwrap();
    open(app, "Tree");
    time("Tree, a filter", app, &mut |app| {
        app.set_filter(Some(filter.clone()));
    });
    app.set_filter(None);
}

/// Applies events and draws frames, as a live dashboard does.
fn stream(app: &mut App, crowd: &mut Crowd, name: &str) {
    let mut terminal = Terminal::new(TestBackend::new(160, 50)).unwrap();
    open(app, name);
    let (mut taking, mut drawing) = (0f64, 0f64);
    for _ in 0..SECONDS * FRAMES {
        crowd.pass(1_000_000_000 / FRAMES);
        let batch = crowd.batch((EVENTS / FRAMES) as usize);
        taking += on_cpu(|| batch.iter().for_each(|event| app.apply(event)));
        app.set_now(crowd.now());
        drawing += on_cpu(|| _ = terminal.draw(|frame| app.render(frame)));
    }
    let share = |ms: f64| ms / (SECONDS as f64 * 10.0);
    let what = format!("{EVENTS} events/s, {FRAMES} frames/s of {name}");
    print_figure(
        &format!("{what}: taking in"),
        "% of a core",
        Some(20.0),
        share(taking),
    );
    print_figure(
        &format!("{what}: drawing"),
        "% of a core",
        None,
        share(drawing),
    );
}

fn print_figure(what: &str, unit: &str, limit: Option<f64>, figure: f64) {
    let limit = limit.map_or(String::new(), |limit| limit.to_string());
    println!("{what}\t{unit}\t{limit}\t{figure:.3}");
}

fn press(app: &mut App, code: KeyCode) {
    app.on_input(Input::Key(KeyEvent::new(code, KeyModifiers::NONE)));
}

/// Milliseconds on CPU.
fn on_cpu(work: impl FnOnce()) -> f64 {
    let before = nanoseconds();
    work();
    (nanoseconds() - before) as f64 / 1e6
}

fn nanoseconds() -> u64 {
    // Its figure is as of the last tick or switch: yielding makes it new.
    std::thread::yield_now();
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}
