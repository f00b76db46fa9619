//! Actions and their keys. Dispatch, the bottom line and the help text are derived from this one
//! table.

use crate::tui::input::control::Control;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Something that a reader can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Quit,
    /// Switches to a view, by its index in the table of views.
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
    ShowIdle,
    SplitGroup,
    Details,
    Parent,
    Back,
    Pause,
    Search,
    Filter,
    OnlyThis,
    NextMatch,
    PreviousMatch,
    Sort,
    Reverse,
    Columns,
    FoldBelow,
    UnfoldBelow,
    FoldAll,
    Exited,
    Threads,
    Follow,
    /// Moves in a recording.
    Play(Control),
    GoTo,
    CopyCommand,
    CopyJson,
    Export,
    Theme,
    Suspend,
    Help,
}

/// A row of the key table.
pub struct Binding {
    /// The action that the keys trigger.
    pub action: Action,
    keys: &'static [(KeyCode, KeyModifiers)],
    /// The keys, as the help text and the bottom line name them.
    pub shown: &'static str,
    /// The action, as the bottom line names it; empty if it is not shown there.
    pub label: &'static str,
    /// The line in the help text.
    pub help: &'static str,
    /// True if the action works in every view; otherwise the view's own row must list it.
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

/// All bindings, in the order of the bottom line.
pub const BINDINGS: &[Binding] = bindings! {
    Details some [(KeyCode::Enter, PLAIN)] "Enter" "Details" "show the details, of a finding at its time";
    Parent some [key('p')] "p" "Parent" "go to the parent";
    Sort some [key('s')] "s" "Sort" "sort by the next column";
    Reverse some [key('S'), (KeyCode::Char('S'), KeyModifiers::SHIFT)] "S" "" "reverse the order";
    Columns some [key('c')] "c" "Columns" "choose columns and the one that sorts";
    Exited some [key('d')] "d" "Exited" "show more or fewer exited processes";
    Threads some [key('t')] "t" "Threads" "show or hide threads";
    Follow some [key('F'), (KeyCode::Char('F'), KeyModifiers::SHIFT)] "F" "Follow" "follow the newest";
    Back some [(KeyCode::Esc, PLAIN), (KeyCode::Backspace, PLAIN)] "Esc" "Back" "go back to the previous view";
    Search all [key('/')] "/" "Search" "search by PID, name or command line";
    Filter all [key('f')] "f" "Filter" "show only matching processes; see tracer filters";
    OnlyThis some [key('o')] "o" "Only this" "show only this process and its descendants";
    NextMatch all [key('n')] "n" "" "next match";
    PreviousMatch all [key('N'), (KeyCode::Char('N'), KeyModifiers::SHIFT)] "N" "" "previous match";
    Pause all [key(' ')] "Space" "Pause" "pause or resume; play or pause a recording";
    Left some [(KeyCode::Left, PLAIN), key('h')] "← h" "Fold" "fold the branch, then go to the parent";
    Right some [(KeyCode::Right, PLAIN), key('l')] "→ l" "Unfold" "unfold the branch, then go to the first child";
    FoldBelow some [key('H'), (KeyCode::Char('H'), KeyModifiers::SHIFT)] "H" "" "fold this branch and every branch below it";
    UnfoldBelow some [key('L'), (KeyCode::Char('L'), KeyModifiers::SHIFT)] "L" "" "unfold this branch and every branch below it";
    FoldAll some [key('-')] "-" "" "fold all branches";
    UnfoldAll some [key('*'), key('+')] "* +" "" "unfold all branches";
    ZoomIn some [key('+'), key('=')] "+" "Zoom in" "show half as much time";
    ZoomOut some [key('-')] "-" "Zoom out" "show twice as much time";
    ZoomAll some [key('0')] "0" "All" "show the whole trace";
    Earlier some [(KeyCode::Left, PLAIN), key('h')] "← h" "" "move the time cursor earlier";
    Later some [(KeyCode::Right, PLAIN), key('l')] "→ l" "" "move the time cursor later";
    MuchEarlier some [key('['), (KeyCode::Left, KeyModifiers::SHIFT)] "[" "" "half a screen earlier; also Shift-←";
    MuchLater some [key(']'), (KeyCode::Right, KeyModifiers::SHIFT)] "]" "" "half a screen later; also Shift-→";
    ShowIdle some [key('a')] "a" "All lanes" "show or hide lanes without events";
    SplitGroup some [key('x')] "x" "Expand" "one lane per sibling, or one for all of them";
    Play(StepForward) all [key('.')] "." "" "in a recording or in the past: one event forward";
    Play(StepBack) all [key(',')] "," "" "one event back";
    Play(Forward) all [key('}')] "}" "" "a twentieth of the recording forward";
    Play(Backward) all [key('{')] "{" "" "a twentieth of the recording back";
    Play(Faster) all [key('>')] ">" "" "play twice as fast";
    Play(Slower) all [key('<')] "<" "" "play half as fast";
    Play(NextExit) all [key('e')] "e" "" "next exit";
    Play(PreviousExit) all [key('E'), (KeyCode::Char('E'), KeyModifiers::SHIFT)] "E" "" "previous exit";
    Play(NextZombie) all [key('z')] "z" "" "next zombie";
    Play(PreviousZombie) all [key('Z'), (KeyCode::Char('Z'), KeyModifiers::SHIFT)] "Z" "" "previous zombie";
    Play(NextGap) all [key('m')] "m" "" "next gap, where records are missing";
    Play(PreviousGap) all [key('M'), (KeyCode::Char('M'), KeyModifiers::SHIFT)] "M" "" "previous gap";
    Play(NextHit) all [key(')')] ")" "" "next event that matches the search";
    Play(PreviousHit) all [key('(')] "(" "" "previous event that matches the search";
    GoTo all [key(':')] ":" "Go to" "go to a time: 03:10:05, -10s before the end, +90s after the start";
    NextView all [(KeyCode::Tab, PLAIN)] "Tab" "Next view" "next view";
    PreviousView all [(KeyCode::BackTab, PLAIN), (KeyCode::BackTab, KeyModifiers::SHIFT)] "Shift-Tab" "" "previous view";
    Up all [(KeyCode::Up, PLAIN), key('k')] "↑ k" "" "up";
    Down all [(KeyCode::Down, PLAIN), key('j')] "↓ j" "" "down";
    PageUp all [(KeyCode::PageUp, PLAIN), control('b')] "PgUp" "" "page up";
    PageDown all [(KeyCode::PageDown, PLAIN), control('f')] "PgDn" "" "page down";
    Home all [(KeyCode::Home, PLAIN), key('g')] "Home g" "" "go to the first line";
    End all [(KeyCode::End, PLAIN), key('G'), (KeyCode::Char('G'), KeyModifiers::SHIFT)] "End G" "" "go to the last line";
    CopyCommand all [key('y')] "y" "" "copy the command line (OSC 52)";
    CopyJson all [key('Y'), (KeyCode::Char('Y'), KeyModifiers::SHIFT)] "Y" "" "copy the process as JSON";
    Export all [key('w')] "w" "" "write the shown processes to a file as JSON";
    Theme all [key('T'), (KeyCode::Char('T'), KeyModifiers::SHIFT)] "T" "" "next theme: either background, dark, light, plain";
    Suspend all [control('z')] "Ctrl-Z" "" "suspend tracer; fg in the shell resumes it";
    Help all [key('?'), (KeyCode::Char('?'), KeyModifiers::SHIFT), (KeyCode::F(1), PLAIN)] "?" "Help" "show this help";
    Quit all [key('q'), control('c')] "q" "Quit" "quit; also Ctrl-C";
};

/// Returns the action of a key in a view with these actions of its own.
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
    /// Returns true if the action works in a view with these actions of its own.
    pub fn works(&self, own: &[Action]) -> bool {
        self.everywhere || own.contains(&self.action)
    }
}
