//! Anonymized recordings contain no names.

use super::*;
use crate::{
    event::{Exec, Hook, What},
    recording::{Reader, Writer, tests::samples},
};

/// Returns every text of an event, as quoted in its debug format, and the
/// components of paths.
fn words(event: &Event) -> Vec<String> {
    let shown = format!("{event:?}").replace("\\\"", "");
    let shown = shown.replace("u{0}", " ");
    let quoted = shown.split('"').skip(1).step_by(2);
    let words = quoted.flat_map(|text| text.split([' ', '/', '\\']));
    let words = words.filter(|word| word.len() > 1).map(str::to_owned);
    words.collect()
}

/// Returns the words that are kept on purpose.
fn kept(event: &Event) -> Vec<String> {
    let What::Session(session) = &event.what else {
        return Vec::new();
    };
    let hooks = session.hooks.iter().flat_map(|hook| {
        let Hook { hook, loses, .. } = hook;
        hook.iter()
            .chain([loses])
            .flat_map(|text| text.raw().split(' '))
    });
    let others = [session.tracer_version.raw(), session.kernel_release.raw()];
    hooks.chain(others).map(str::to_owned).collect()
}

#[test]
fn no_word_of_a_recording_remains() {
    let mask = Mask::default();
    let events = samples::every_kind();
    let mut masked = events.clone();
    masked.iter_mut().for_each(|event| mask.apply(event));

    // The events as decoded from a file.
    let mut writer = Writer::new(Vec::new()).unwrap();
    for event in &masked {
        writer.write(event).unwrap();
    }
    let bytes = writer.finish().unwrap().1;
    let reader = Reader::new(&bytes[..]).unwrap();
    let decoded: Vec<_> = reader.map(Result::unwrap).collect();
    assert_eq!(decoded, masked);
    let mut text = format!("{decoded:?}");
    // These are names of fields, not words of the recording.
    for word in ["command", "hostname", "kernel_release", "tracer_version"] {
        text = text.replace(word, "");
    }
    let shown: Vec<_> = text.split('"').skip(1).step_by(2).collect();

    let kept: Vec<_> = events.iter().flat_map(kept).collect();
    let mut checked = 0;
    for word in events.iter().flat_map(words) {
        // A token may contain a word of three letters by chance.
        let is_short = word.len() < 4;
        if is_short || kept.iter().any(|kept| kept.contains(&word)) || SUFFIXES.contains(&&word[..])
        {
            continue;
        }
        checked += 1;
        let found = shown.iter().find(|text| text.contains(&word));
        assert_eq!(found, None, "{word:?} is still there");
    }
    assert!(checked > 12, "only {checked} words were checked");
}

#[test]
fn tokens_are_stable_per_recording_and_hide_lengths() {
    let (mask, other) = (Mask::default(), Mask::default());
    let masked = |mask: &Mask, argv: &[u8], argv_total| {
        let mut event = samples::event(
            1,
            0,
            samples::process(1, 1).leader(),
            What::Exec(Box::new(Exec {
                old_pid: 1,
                comm: Comm::new(b"make"),
                filename: Text::new(b"/usr/bin/make"),
                filename_cut: false,
                argv: Some(Text::new(argv)),
                argv_total,
                copies: None,
                relations: None,
            })),
        );
        mask.apply(&mut event);
        match event.what {
            What::Exec(exec) => exec,
            _ => unreachable!(),
        }
    };
    let one = masked(&mask, b"make\0secret\0", 12);
    assert_eq!(one.comm.as_bytes().len(), 15);
    let filename = one.filename.to_string();
    let argv = one.argv.clone().unwrap();
    let comm = one.comm.to_string();
    assert!(filename.ends_with(&format!("/{comm}")), "{filename} {comm}");
    assert!(argv.as_bytes().starts_with(comm.as_bytes()));
    assert_eq!(one.argv_total as usize, argv.as_bytes().len());

    let longer = masked(&mask, b"make\0a much longer secret\0", 99);
    let longer_argv = longer.argv.unwrap();
    assert_eq!(longer_argv.as_bytes().len(), argv.as_bytes().len());
    // It was truncated and still is.
    assert!(longer.argv_total as usize > longer_argv.as_bytes().len());
    assert_ne!(masked(&other, b"make\0secret\0", 12).comm, one.comm);
}

#[test]
fn keeps_cgroup_suffixes() {
    let path = Mask::default().path(&Text::new(b"/system.slice/nginx.service"));
    let path = path.to_string();
    assert!(
        path.ends_with(".service") && path.contains(".slice/"),
        "{path}"
    );
    assert!(!path.contains("nginx"));
    assert_eq!(Mask::default().path(&Text::new(b"/")), Text::new(b"/"));
}
