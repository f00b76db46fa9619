//! The real terminal: taken over when opened, given back when dropped or when
//! the program panics, whichever comes first.

use std::{
    io::{self, BufWriter, IsTerminal, Stdout, Write},
    panic,
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
    },
};

use crossterm::{
    clipboard::CopyToClipboard,
    cursor, event, execute,
    style::Print,
    terminal::{self, BeginSynchronizedUpdate, EndSynchronizedUpdate},
};
use futures_util::StreamExt;
use ratatui::{Terminal, backend::CrosstermBackend};

use crate::tui::{app::App, input::background};

/// The terminal is not as the shell left it.
static TAKEN: AtomicBool = AtomicBool::new(false);
static PANIC_HOOK: Once = Once::new();

pub struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
    input: event::EventStream,
}

impl Screen {
    pub fn open() -> io::Result<Screen> {
        // Keys are read from /dev/tty where standard input is something else.
        if !io::stdout().is_terminal() {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "the dashboard needs a terminal, and standard output is none",
            ));
        }
        // A panic message would otherwise be printed into the alternate screen
        // and vanish with it.
        PANIC_HOOK.call_once(|| {
            let print = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                give_back();
                print(info);
            }));
        });
        let opened = take();
        if opened.is_err() {
            give_back();
        }
        opened
    }

    pub fn draw(&mut self, app: &mut App) -> io::Result<()> {
        // Terminals that know this show a picture only when it is complete;
        // others ignore it.
        execute!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        let drawn = self.terminal.draw(|frame| app.render(frame)).map(|_| ());
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        drawn
    }

    /// The answer comes among the keys.
    pub fn ask_background(&mut self) -> io::Result<()> {
        execute!(io::stdout(), Print(background::QUESTION))
    }

    /// To the clipboard of the terminal, if it allows that (OSC 52).
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        execute!(io::stdout(), CopyToClipboard::to_clipboard_from(text))
    }

    /// Gives the terminal back while `stopped` runs.
    pub fn suspend(&mut self, stopped: impl FnOnce()) -> io::Result<()> {
        give_back();
        stopped();
        enter()?;
        self.terminal.clear()
    }

    /// The next key or change of size; none when the terminal is gone. Nothing
    /// is lost when the future is dropped: what is read lies in the stream.
    pub async fn next_input(&mut self) -> Option<io::Result<event::Event>> {
        self.input.next().await
    }
}

fn enter() -> io::Result<()> {
    TAKEN.store(true, Ordering::SeqCst);
    terminal::enable_raw_mode()?;
    execute!(
        io::stdout(),
        terminal::EnterAlternateScreen,
        event::EnableMouseCapture,
        event::EnableBracketedPaste,
        cursor::Hide
    )
}

fn take() -> io::Result<Screen> {
    enter()?;
    let output = BufWriter::with_capacity(64 * 1024, io::stdout());
    let mut terminal = Terminal::new(CrosstermBackend::new(output))?;
    terminal.clear()?;
    Ok(Screen {
        terminal,
        input: event::EventStream::new(),
    })
}

/// Does nothing the second time. Failures are of no interest: there is nobody
/// left to tell.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _ = execute!(
            io::stdout(),
            EndSynchronizedUpdate,
            event::DisableBracketedPaste,
            event::DisableMouseCapture,
            terminal::LeaveAlternateScreen,
            cursor::Show
        );
        let _ = terminal::disable_raw_mode();
        let _ = io::stdout().flush();
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}
