//! What a reader can do, and by which keys. One table: dispatch, the bottom bar
//! and the help text are all derived from it.

use crate::tui::input::control::Control;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Quit,
    /// By its place in the table of views.
    View(usize),
    NextView,
    PreviousView,
    Up,
    Down,
    PageUp,
    PageDown,
    Home,
    End,
    Left,
    Right,
    UnfoldAll,
    Earlier,
    Later,
    MuchEarlier,
    MuchLater,
    ZoomIn,
    ZoomOut,
    ZoomAll,
    Quiet,
    Regroup,
    Details,
    Parent,
    Back,
    Pause,
    Search,
    Filter,
    Only,
    NextMatch,
    PreviousMatch,
    Sort,
    Reverse,
    Columns,
    FoldBelow,
    UnfoldBelow,
    FoldAll,
    Dead,
    Threads,
    Follow,
    /// In a recording.
    Play(Control),
    GoTo,
    CopyCommand,
    CopyJson,
    Export,
    Theme,
    Suspend,
    Help,
}

/// One row of the key table.
pub struct Binding {
    pub action: Action,
    keys: &'static [(KeyCode, KeyModifiers)],
    /// As the help text and the bottom bar name the keys.
    pub shown: &'static str,
    /// As the bottom bar names the action; empty: it is not worth a place.
    pub label: &'static str,
    pub help: &'static str,
    /// In every view; otherwise only where the view's own row says so.
    pub everywhere: bool,
}

const PLAIN: KeyModifiers = KeyModifiers::NONE;

const fn key(character: char) -> (KeyCode, KeyModifiers) {
    (KeyCode::Char(character), PLAIN)
}

const fn control(character: char) -> (KeyCode, KeyModifiers) {
    (KeyCode::Char(character), KeyModifiers::CONTROL)
}

macro_rules! bindings {
    ($($action:ident $(($control:ident))? $scope:ident [$($key:expr),*] $shown:literal $label:literal $help:literal;)*) => {
        &[$(Binding {
            action: Action::$action $((Control::$control))?,
            keys: &[$($key),*],
            shown: $shown,
            label: $label,
            help: $help,
            everywhere: bindings!(@$scope),
        },)*]
    };
    (@all) => { true };
    (@some) => { false };
}

/// In the order of the bottom bar.
pub const BINDINGS: &[Binding] = bindings! {
    Details some [(KeyCode::Enter, PLAIN)] "Enter" "Details" "everything about the selected process";
    Parent some [key('p')] "p" "Parent" "go to the parent";
    Sort some [key('s')] "s" "Sort" "sort by the next column";
    Reverse some [key('S'), (KeyCode::Char('S'), KeyModifiers::SHIFT)] "S" "" "the other way round";
    Columns some [key('c')] "c" "Columns" "choose columns, and which of them sorts";
    Dead some [key('d')] "d" "Dead" "more or fewer of the dead";
    Threads some [key('t')] "t" "Threads" "hide or show threads";
    Follow some [key('F'), (KeyCode::Char('F'), KeyModifiers::SHIFT)] "F" "Follow" "stay with the newest";
    Back some [(KeyCode::Esc, PLAIN), (KeyCode::Backspace, PLAIN)] "Esc" "Back" "back to where you came from";
    Search all [key('/')] "/" "Search" "search by PID, name or command line";
    Filter all [key('f')] "f" "Filter" "show only what you ask for; see tracer filters";
    Only some [key('o')] "o" "Only this" "show only this process and all that came from it";
    NextMatch all [key('n')] "n" "" "next match";
    PreviousMatch all [key('N'), (KeyCode::Char('N'), KeyModifiers::SHIFT)] "N" "" "previous match";
    Pause all [key(' ')] "Space" "Pause" "freeze the picture; play a recording, or pause it";
    Left some [(KeyCode::Left, PLAIN), key('h')] "← h" "Fold" "fold the branch, then go to the parent";
    Right some [(KeyCode::Right, PLAIN), key('l')] "→ l" "Unfold" "unfold the branch, then go into it";
    FoldBelow some [key('H'), (KeyCode::Char('H'), KeyModifiers::SHIFT)] "H" "" "fold every branch below this one too";
    UnfoldBelow some [key('L'), (KeyCode::Char('L'), KeyModifiers::SHIFT)] "L" "" "unfold every branch below this one";
    FoldAll some [key('-')] "-" "" "fold everything";
    UnfoldAll some [key('*'), key('+')] "* +" "" "unfold everything";
    ZoomIn some [key('+'), key('=')] "+" "Closer" "half as much time, twice as large";
    ZoomOut some [key('-')] "-" "Farther" "twice as much time";
    ZoomAll some [key('0')] "0" "All" "all of the trace";
    Earlier some [(KeyCode::Left, PLAIN), key('h')] "← h" "" "point earlier";
    Later some [(KeyCode::Right, PLAIN), key('l')] "→ l" "" "point later";
    MuchEarlier some [key('['), (KeyCode::Left, KeyModifiers::SHIFT)] "[" "" "half a screen earlier; also Shift-←";
    MuchLater some [key(']'), (KeyCode::Right, KeyModifiers::SHIFT)] "]" "" "half a screen later; also Shift-→";
    Quiet some [key('a')] "a" "All lanes" "also those to whom nothing happens";
    Regroup some [key('x')] "x" "Expand" "a lane for each sibling, or one for all of them";
    Play(StepForward) all [key('.')] "." "" "in a recording, or back in the past: one event on";
    Play(StepBack) all [key(',')] "," "" "one event back";
    Play(Forward) all [key('}')] "}" "" "a twentieth of the recording on";
    Play(Backward) all [key('{')] "{" "" "a twentieth back";
    Play(Faster) all [key('>')] ">" "" "play twice as fast";
    Play(Slower) all [key('<')] "<" "" "play half as fast";
    Play(NextExit) all [key('e')] "e" "" "to the next exit";
    Play(PreviousExit) all [key('E'), (KeyCode::Char('E'), KeyModifiers::SHIFT)] "E" "" "to the exit before";
    Play(NextZombie) all [key('z')] "z" "" "to the next zombie";
    Play(PreviousZombie) all [key('Z'), (KeyCode::Char('Z'), KeyModifiers::SHIFT)] "Z" "" "to the zombie before";
    Play(NextGap) all [key('m')] "m" "" "to the next gap, where something is missing";
    Play(PreviousGap) all [key('M'), (KeyCode::Char('M'), KeyModifiers::SHIFT)] "M" "" "to the gap before";
    Play(NextHit) all [key(')')] ")" "" "to the next event of what was searched for";
    Play(PreviousHit) all [key('(')] "(" "" "to the event of it before";
    GoTo all [key(':')] ":" "Go to" "to a time: 03:10:05, -10s before the end, +90s after the beginning";
    NextView all [(KeyCode::Tab, PLAIN)] "Tab" "Next view" "next view";
    PreviousView all [(KeyCode::BackTab, PLAIN), (KeyCode::BackTab, KeyModifiers::SHIFT)] "Shift-Tab" "" "previous view";
    Up all [(KeyCode::Up, PLAIN), key('k')] "↑ k" "" "up";
    Down all [(KeyCode::Down, PLAIN), key('j')] "↓ j" "" "down";
    PageUp all [(KeyCode::PageUp, PLAIN), control('b')] "PgUp" "" "a page up";
    PageDown all [(KeyCode::PageDown, PLAIN), control('f')] "PgDn" "" "a page down";
    Home all [(KeyCode::Home, PLAIN), key('g')] "Home g" "" "to the beginning";
    End all [(KeyCode::End, PLAIN), key('G'), (KeyCode::Char('G'), KeyModifiers::SHIFT)] "End G" "" "to the end";
    CopyCommand all [key('y')] "y" "" "copy the process's command line (OSC 52)";
    CopyJson all [key('Y'), (KeyCode::Char('Y'), KeyModifiers::SHIFT)] "Y" "" "copy all that is known of it, as JSON";
    Export all [key('w')] "w" "" "write the processes that are shown to a file, as JSON";
    Theme all [key('T'), (KeyCode::Char('T'), KeyModifiers::SHIFT)] "T" "" "other colours: for a dark background, a light one, or none";
    Suspend all [control('z')] "Ctrl-Z" "" "back to the shell; fg returns";
    Help all [key('?'), (KeyCode::Char('?'), KeyModifiers::SHIFT), (KeyCode::F(1), PLAIN)] "?" "Help" "this text";
    Quit all [key('q'), control('c')] "q" "Quit" "quit; also Ctrl-C";
};

/// What a key means in a view with these actions of its own.
pub fn action(event: KeyEvent, own: &[Action]) -> Option<Action> {
    if let KeyCode::Char(digit @ '1'..='9') = event.code
        && event.modifiers == PLAIN
    {
        return Some(Action::View(digit as usize - '1' as usize));
    }
    BINDINGS
        .iter()
        .find(|binding| binding.keys.contains(&(event.code, event.modifiers)) && binding.works(own))
        .map(|binding| binding.action)
}

impl Binding {
    pub fn works(&self, own: &[Action]) -> bool {
        self.everywhere || own.contains(&self.action)
    }
}
