//! What is shown to strangers has no name in it.

use super::*;
use crate::{
    event::{Exec, Hook},
    recording::{Reader, Writer, tests::samples},
};

/// What a debugger would show in quotes, which is every text there is, and
/// what stands between slashes in it.
fn words(event: &Event) -> Vec<String> {
    let shown = format!("{event:?}").replace("\\\"", "");
    let shown = shown.replace("u{0}", " ");
    let quoted = shown.split('"').skip(1).step_by(2);
    let words = quoted.flat_map(|text| text.split([' ', '/', '\\']));
    let words = words.filter(|word| word.len() > 1).map(str::to_owned);
    words.collect()
}

/// What is kept on purpose.
fn kept(event: &Event) -> Vec<String> {
    let What::Session(session) = &event.what else {
        return Vec::new();
    };
    let hooks = session.hooks.iter().flat_map(|hook| {
        let Hook { hook, loses, .. } = hook;
        hook.iter().chain([loses]).flat_map(|text| text.split(' '))
    });
    let others = [&session.tracer_version[..], &session.kernel_release[..]];
    hooks.chain(others).map(str::to_owned).collect()
}

#[test]
fn no_word_of_a_recording_is_left_in_its_bytes() {
    let mask = Mask::default();
    let story = samples::every_kind();
    let mut covered = story.clone();
    covered.iter_mut().for_each(|event| mask.cover(event));

    // What comes out of a file, payloads decompressed, and what is shown.
    let mut writer = Writer::new(Vec::new()).unwrap();
    for event in &covered {
        writer.write(event).unwrap();
    }
    let bytes = writer.finish().unwrap().1;
    let reader = Reader::new(&bytes[..]).unwrap();
    let told: Vec<_> = reader.map(Result::unwrap).collect();
    assert_eq!(told, covered);
    let mut told = format!("{told:?}");
    // These are words of the language, not of the recording.
    for word in ["command", "hostname", "kernel_release", "tracer_version"] {
        told = told.replace(word, "");
    }
    let shown: Vec<_> = told.split('"').skip(1).step_by(2).collect();

    let kept: Vec<_> = story.iter().flat_map(kept).collect();
    let mut looked_for = 0;
    for word in story.iter().flat_map(words) {
        // A token holds a word of three letters by chance now and then.
        let is_short = word.len() < 4;
        if is_short || kept.iter().any(|kept| kept.contains(&word)) || SUFFIXES.contains(&&word[..])
        {
            continue;
        }
        looked_for += 1;
        let found = shown.iter().find(|text| text.contains(&word));
        assert_eq!(found, None, "{word:?} is still there");
    }
    assert!(looked_for > 12, "only {looked_for} words were looked for");
}

#[test]
fn one_word_is_one_token_in_one_recording_only_and_lengths_are_not_told() {
    let (mask, other) = (Mask::default(), Mask::default());
    let covered = |mask: &Mask, argv: &[u8], argv_total| {
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
        mask.cover(&mut event);
        match event.what {
            What::Exec(exec) => exec,
            _ => unreachable!(),
        }
    };
    let one = covered(&mask, b"make\0secret\0", 12);
    assert_eq!(one.comm.as_bytes().len(), 15);
    let filename = one.filename.to_string();
    let argv = one.argv.clone().unwrap();
    let comm = one.comm.to_string();
    assert!(filename.ends_with(&format!("/{comm}")), "{filename} {comm}");
    assert!(argv.as_bytes().starts_with(comm.as_bytes()));
    assert_eq!(one.argv_total as usize, argv.as_bytes().len());

    let longer = covered(&mask, b"make\0a much longer secret\0", 99);
    let longer_argv = longer.argv.unwrap();
    assert_eq!(longer_argv.as_bytes().len(), argv.as_bytes().len());
    // It was cut, and still is.
    assert!(longer.argv_total as usize > longer_argv.as_bytes().len());
    assert_ne!(covered(&other, b"make\0secret\0", 12).comm, one.comm);
}

#[test]
fn a_unit_is_still_a_unit() {
    let path = Mask::default().path(&Text::new(b"/system.slice/nginx.service"));
    let path = path.to_string();
    assert!(
        path.ends_with(".service") && path.contains(".slice/"),
        "{path}"
    );
    assert!(!path.contains("nginx"));
    assert_eq!(Mask::default().path(&Text::new(b"/")), Text::new(b"/"));
}
