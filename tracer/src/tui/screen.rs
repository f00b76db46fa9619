//! The real terminal. It is taken over when the screen opens and restored when the screen is
//! dropped or the program panics.

use std::{
    io::{self, BufWriter, IsTerminal, Stdout, Write},
    mem::ManuallyDrop,
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
use ratatui::{
    Terminal,
    backend::{Backend, CrosstermBackend},
};

use crate::tui::{app::App, input::background};

/// True while the terminal is not as the shell left it.
static TAKEN: AtomicBool = AtomicBool::new(false);
static PANIC_HOOK: Once = Once::new();

/// The terminal and its input.
pub struct Screen {
    /// Never dropped: ratatui (0.30.2) would print an error by `eprintln`, which panics if it
    /// cannot be written. [`restore_terminal`] does all that is needed.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<BufWriter<Stdout>>>>,
    input: event::EventStream,
}

/// Returns the width of the terminal in columns, if it has one.
pub fn terminal_width() -> Option<usize> {
    let (columns, _) = crossterm::terminal::size().ok()?;
    Some(usize::from(columns)).filter(|&columns| columns > 0)
}

impl Screen {
    /// Takes over the terminal.
    ///
    /// # Errors
    ///
    /// Fails if standard output is not a terminal, or with the error of the terminal.
    pub fn open() -> io::Result<Screen> {
        // Keys are read from /dev/tty if standard input is something else.
        if !io::stdout().is_terminal() {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "the dashboard needs a terminal, but standard output is not one",
            ));
        }
        // Without this, a panic message would be printed into the alternate screen and disappear
        // with it.
        PANIC_HOOK.call_once(|| {
            let print = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                restore_terminal();
                print(info);
            }));
        });
        let opened = take_over();
        if opened.is_err() {
            restore_terminal();
        }
        opened
    }

    /// Draws a frame.
    ///
    /// # Errors
    ///
    /// Returns the error of writing to the terminal.
    pub fn draw(&mut self, app: &mut App) -> io::Result<()> {
        // Terminals that support this show only complete pictures; others ignore it.
        execute!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        let drawn = self.terminal.draw(|frame| app.render(frame)).map(|_| ());
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        drawn
    }

    /// Requests the terminal's background colour. The answer arrives among the keys.
    ///
    /// # Errors
    ///
    /// Returns the error of writing to the terminal.
    pub fn ask_background(&mut self) -> io::Result<()> {
        execute!(io::stdout(), Print(background::QUESTION))
    }

    /// Copies a text to the terminal's clipboard, if it allows that (OSC 52).
    ///
    /// # Errors
    ///
    /// Returns the error of writing to the terminal.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        execute!(io::stdout(), CopyToClipboard::to_clipboard_from(text))
    }

    /// Restores the terminal while `stopped` runs.
    ///
    /// # Errors
    ///
    /// Returns the error of writing to the terminal.
    pub fn suspend(&mut self, stopped: impl FnOnce()) -> io::Result<()> {
        restore_terminal();
        stopped();
        enter()?;
        clear(&mut self.terminal)
    }

    /// Returns the next key or resize; `None` at the end of the stream. Dropping the future
    /// loses nothing: unread input stays in the stream.
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

fn take_over() -> io::Result<Screen> {
    enter()?;
    let output = BufWriter::with_capacity(64 * 1024, io::stdout());
    let mut terminal = Terminal::new(CrosstermBackend::new(output))?;
    clear(&mut terminal)?;
    Ok(Screen {
        terminal: ManuallyDrop::new(terminal),
        input: event::EventStream::new(),
    })
}

/// Clears the screen, so that the next frame is drawn in full. [`Terminal::clear`] would ask for
/// the position of the cursor, which not every terminal answers.
fn clear<B: Backend>(terminal: &mut Terminal<B>) -> Result<(), B::Error> {
    let size = terminal.size()?;
    terminal.resize(size.into())
}

/// Restores the terminal. Does nothing the second time. Errors are ignored: the terminal is the
/// only place to report them.
fn restore_terminal() {
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
        restore_terminal();
    }
}
