//! Any events that a recording can hold, in any order: the model, checkpoints, the report,
//! every export.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tracer::{
    event::Zone,
    export::FORMATS,
    model::{Model, Retention},
    playback::EventSelection,
    recording::Reader,
    report,
};

fuzz_target!(|input: &[u8]| {
    let bytes = tracer_fuzz::forge(input);
    let Ok(reader) = Reader::new(&bytes[..]) else {
        return;
    };
    let mut model = Model::new(Retention::default());
    let mut selection = EventSelection::default();
    let mut exporters = FORMATS
        .each_ref()
        .map(|format| (format.start)(&Zone::default()));
    let mut nowhere = std::io::sink();
    for event in reader.map_while(Result::ok) {
        model.apply(&event);
        for exporter in &mut exporters {
            exporter
                .event(&event, &mut nowhere)
                .expect("a sink takes all");
        }
        selection.take(event);
    }
    for exporter in &mut exporters {
        exporter
            .end(&model, &|_| true, &mut nowhere)
            .expect("a sink takes all");
    }
    report::summary(&model, 80);
    for section in &report::SECTIONS {
        report::text(&model, &[section], None, 80);
    }
    let mut again = Model::new(Retention::default());
    for event in selection.checkpoint() {
        again.apply(&event);
    }
    report::summary(&again, 80);
});
