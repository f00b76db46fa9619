//! Compares the uses between the rooms (submodules) of a module with their order.

use super::{
    graph::Uses,
    names,
    rules::{House, Room},
    source::Source,
};

/// Returns every use in `house` that its rooms may not have.
pub fn judge(house: &House, sources: &[Source], uses: &Uses) -> Vec<String> {
    let mut violations = Vec::new();
    let tests = names::test_modules(sources);
    for source in sources {
        if let Place::Room(name) = place(house, source)
            && row(house, name).is_none()
            && !names::is_test(source, &tests)
        {
            violations.push(format!(
                "{}: the room {name} of {} has no row in xtask/check/src/rules.rs",
                source.path.display(),
                house.module
            ));
        }
    }
    for (&(from, to), names) in uses {
        let (from, to) = (&sources[from], &sources[to]);
        let Place::Room(room) = place(house, from) else {
            continue;
        };
        let target = match place(house, to) {
            Place::Outside => continue,
            Place::Top => house.module,
            Place::Room(target) => target,
        };
        let Some(row) = row(house, room) else {
            continue;
        };
        if target == room || row.may_import.contains(&target) {
            continue;
        }
        let allowed = match row.may_import {
            [] => "no other room".to_owned(),
            rooms => rooms.join(", "),
        };
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        violations.push(format!(
            "{} -> {}: {}: {room} may import {allowed}, and {target} is not among them",
            from.path.display(),
            to.path.display(),
            names.join(", ")
        ));
    }
    violations
}

/// Place of a file relative to a house.
enum Place<'a> {
    Outside,
    /// The file of the house's own module, above all rooms.
    Top,
    Room(&'a str),
}

fn place<'a>(house: &House, source: &'a Source) -> Place<'a> {
    match source.module.as_slice() {
        [module, room, ..] if module == house.module => Place::Room(room),
        [module] if module == house.module => Place::Top,
        _ => Place::Outside,
    }
}

fn row<'a>(house: &'a House, name: &str) -> Option<&'a Room> {
    house.rooms.iter().find(|room| room.name == name)
}
