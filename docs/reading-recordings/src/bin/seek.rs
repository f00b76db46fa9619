//! Shows how many processes ran half way through a recording, and where the last process
//! before that exited.

use std::{env, error::Error, fs::File};

use tracer::{
    event::Event,
    model::{Model, Retention},
    playback::{Place, Playback, SearchTarget, Stage},
};

/// Applies the played events to a model.
struct Processes(Model);

impl Stage for Processes {
    fn clear(&mut self) {
        self.0 = Model::new(Retention::default());
    }

    fn restore(&mut self, model: Model) {
        self.0 = model;
    }

    fn take(&mut self, event: &Event) {
        self.0.apply(event);
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let file = env::args_os().nth(1).ok_or("usage: seek FILE")?;
    let mut playback = Playback::open(File::open(file)?)?;
    let mut stage = Processes(Model::new(Retention::default()));

    let span = playback.span().ok_or("the recording has no events")?;
    let middle = span.earliest + (span.latest - span.earliest) / 2;
    playback.seek(Place::Time(middle), &mut stage)?;
    println!("{} processes at {middle} ns", stage.0.alive());

    let is_exit = |event: &Event| SearchTarget::Exit.matches(event);
    if playback.previous_where(is_exit, &mut stage)? {
        println!(
            "exit at {} ns, event {} of {}",
            playback.now(),
            playback.position(),
            playback.events()
        );
    }
    Ok(())
}
