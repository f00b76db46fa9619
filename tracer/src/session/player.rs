//! Joins a recording that one can move about in to the dashboard.

use std::{fs::File, time::Duration};

use anyhow::Result;

use super::story::Story;
use crate::{
    event::Event,
    playback::{Landmark, Pace, Place, Playback, Stage},
    tui::{App, Control, Phrase, Playhead, Tone},
};

/// A jump goes so many times into a recording.
const PARTS: u64 = 20;

pub struct Player {
    playback: Playback<File>,
    pace: Pace,
    /// Where the picture would be if events came at every ns.
    now: u64,
}

/// The dashboard as the stage of a playback.
struct Shown<'a>(&'a mut App);

impl Stage for Shown<'_> {
    fn clear(&mut self) {
        self.0.begin_again();
    }

    fn take(&mut self, event: &Event) {
        self.0.apply(event);
    }
}

impl Player {
    /// Opens a recording; none where one cannot move about in it, as in a pipe.
    pub fn open(story: &Story) -> Result<Option<Player>> {
        if !story.path.is_file() && !story.has_parts() {
            return Ok(None);
        }
        let playback = story.playback(false)?;
        Ok(Some(Player {
            now: playback.now(),
            playback,
            pace: Pace::default(),
        }))
    }

    /// Shows the recording at a place.
    pub fn go_to(&mut self, place: Place, app: &mut App) -> Result<()> {
        self.playback.go_to(place, &mut Shown(app))?;
        self.arrive(app);
        Ok(())
    }

    pub fn is_playing(&self) -> bool {
        self.pace.playing
    }

    /// That much time has passed for the reader.
    pub fn pass(&mut self, elapsed: Duration, app: &mut App) -> Result<()> {
        self.now = self.now.saturating_add(self.pace.passes(elapsed));
        let now = self.now;
        self.playback.go_to(Place::Time(now), &mut Shown(app))?;
        self.pace.playing &= !self.playback.is_at_end();
        self.arrive(app);
        // Between two events the picture's time goes on all the same.
        self.now = now.max(self.playback.now());
        Ok(())
    }

    pub fn control(&mut self, control: Control, app: &mut App) -> Result<()> {
        let stage = &mut Shown(app);
        match control {
            Control::PlayOrPause if self.playback.is_at_end() => {
                self.playback.go_to(Place::Beginning, stage)?;
                self.pace.playing = true;
            }
            Control::PlayOrPause => self.pace.playing ^= true,
            Control::Faster => self.pace.change(2.0),
            Control::Slower => self.pace.change(0.5),
            Control::StepForward => {
                self.playback.step(stage)?;
            }
            Control::StepBack => self.playback.step_back(stage)?,
            Control::Forward => self.leap(stage, u64::saturating_add)?,
            Control::Backward => self.leap(stage, u64::saturating_sub)?,
            Control::NextExit => return self.seek(Landmark::Exit, true, app),
            Control::PreviousExit => return self.seek(Landmark::Exit, false, app),
            Control::NextZombie => return self.seek(Landmark::Zombie, true, app),
            Control::PreviousZombie => return self.seek(Landmark::Zombie, false, app),
            Control::NextGap => return self.seek(Landmark::Gap, true, app),
            Control::PreviousGap => return self.seek(Landmark::Gap, false, app),
        }
        self.arrive(app);
        Ok(())
    }

    fn leap(&mut self, stage: &mut Shown, towards: fn(u64, u64) -> u64) -> Result<()> {
        let span = self.playback.span();
        let part = span.map_or(0, |span| (span.latest - span.earliest) / PARTS);
        let at = towards(self.playback.now(), part.max(1));
        Ok(self.playback.go_to(Place::Time(at), stage)?)
    }

    fn seek(&mut self, landmark: Landmark, forward: bool, app: &mut App) -> Result<()> {
        self.pace.playing = false;
        let (is, stage) = (|event: &Event| landmark.is(event), &mut Shown(app));
        let found = match forward {
            true => self.playback.next_where(is, stage)?,
            false => self.playback.previous_where(is, stage)?,
        };
        self.arrive(app);
        if !found {
            let way = if forward { "after" } else { "before" };
            let what = landmark.name();
            app.notify(Phrase::of(Tone::Warn, format!("no {what} {way} this")));
        }
        Ok(())
    }

    /// Tells the dashboard where it is.
    fn arrive(&mut self, app: &mut App) {
        self.now = self.playback.now();
        let span = self.playback.span();
        app.set_playhead(Playhead {
            playing: self.pace.playing,
            speed: self.pace.speed(),
            now: self.now,
            began: span.map_or(0, |span| span.earliest),
            ended: span.map_or(0, |span| span.latest),
            position: self.playback.position(),
            events: self.playback.events(),
        });
    }
}
