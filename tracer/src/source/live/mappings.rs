//! Looks up the mapping of single faults in `/proc/PID/maps` (proc_pid_maps(5)): the
//! file, and the region if the hook did not see it.
//!
//! Only faults that are sent one by one are looked up. A mapping that was removed
//! before the lookup stays unknown.

use std::{collections::HashMap, fs};

use crate::event::{Event, ProcessId, Region, Text, What};

/// Shortest time between two reads of one process's mappings, ns.
const FRESH: u64 = 20_000_000;
/// Number of processes whose mappings are cached.
const PROCESSES: usize = 256;

/// Cache of the mappings of processes.
#[derive(Default)]
pub struct Mappings(HashMap<ProcessId, ReadMappings>);

/// Mappings of a process, in the order of their addresses.
struct ReadMappings {
    /// Time of the fault for which they were read, ns since boot.
    at: u64,
    mappings: Vec<Mapping>,
}

#[derive(Clone, Debug, PartialEq)]
struct Mapping {
    start: u64,
    end: u64,
    region: Region,
    file: Option<Text>,
}

impl Mappings {
    /// Adds region and file to a fault. Drops the cached mappings of a process that
    /// execs or exits. Costs one lookup, or one read of a file in `/proc`.
    pub fn complete(&mut self, event: &mut Event) {
        let process = event.who.process;
        match &mut event.what {
            What::Fault(fault) => {
                if let Some(mapping) = self.find(process, event.at, fault.address) {
                    fault.region.get_or_insert(mapping.region);
                    fault.file = mapping.file.clone();
                }
            }
            What::Exec(_) | What::Exit(_) => {
                self.0.remove(&process);
            }
            _ => {}
        }
    }

    fn find(&mut self, process: ProcessId, at: u64, address: u64) -> Option<&Mapping> {
        let covers = |seen: &ReadMappings| place(&seen.mappings, address).is_some();
        let seen = self.0.get(&process);
        if !seen.is_some_and(|seen| covers(seen) || at < seen.at + FRESH) {
            if self.0.len() >= PROCESSES {
                self.0.clear();
            }
            let maps = fs::read(format!("/proc/{}/maps", process.tgid)).unwrap_or_default();
            let mappings = maps.split(|&byte| byte == b'\n').filter_map(parse);
            let mappings = mappings.collect();
            self.0.insert(process, ReadMappings { at, mappings });
        }
        let mappings = &self.0.get(&process)?.mappings;
        mappings.get(place(mappings, address)?)
    }
}

/// Returns the index of the mapping that contains an address.
fn place(mappings: &[Mapping], address: u64) -> Option<usize> {
    let after = mappings.partition_point(|mapping| mapping.start <= address);
    let place = after.checked_sub(1)?;
    (address < mappings[place].end).then_some(place)
}

/// Parses `start-end perms offset dev inode   path`.
fn parse(line: &[u8]) -> Option<Mapping> {
    let mut fields = line.splitn(6, |&byte| byte == b' ');
    let range = std::str::from_utf8(fields.next()?).ok()?;
    let (start, end) = range.split_once('-')?;
    let shared = fields.next()?.ends_with(b"s");
    let path = fields.nth(3)?.trim_ascii_start();
    let (region, file) = match path {
        b"[heap]" => (Region::Heap, None),
        b"[stack]" => (Region::Stack, None),
        _ if path.starts_with(b"/") && shared => (Region::Shared, Some(Text::new(path))),
        _ if path.starts_with(b"/") => (Region::File, Some(Text::new(path))),
        _ if shared => (Region::Shared, None),
        _ => (Region::Anonymous, None),
    };
    Some(Mapping {
        start: u64::from_str_radix(start, 16).ok()?,
        end: u64::from_str_radix(end, 16).ok()?,
        region,
        file,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_maps_are_parsed() {
        let of = |line: &str| parse(line.as_bytes());
        let heap = of("55e0-55f0 rw-p 00000000 00:00 0                          [heap]").unwrap();
        assert_eq!((heap.start, heap.end), (0x55e0, 0x55f0));
        assert_eq!((heap.region, heap.file), (Region::Heap, None));
        let file = of("7f00-7f10 r-xp 00001000 fd:00 12 /usr/lib/a b.so").unwrap();
        assert_eq!(file.region, Region::File);
        assert_eq!(file.file, Some(Text::new(b"/usr/lib/a b.so")));
        let shared = of("7f10-7f20 rw-s 00000000 00:01 9 /dev/shm/x").unwrap();
        assert_eq!(shared.region, Region::Shared);
        assert_eq!(
            of("7f20-7f30 rw-p 00000000 00:00 0 ").unwrap().region,
            Region::Anonymous
        );
        assert_eq!(of("no line of maps"), None);
        assert_eq!(of(""), None);
    }

    #[test]
    fn an_address_is_in_one_mapping_or_none() {
        let mapping = |start, end| Mapping {
            start,
            end,
            region: Region::Anonymous,
            file: None,
        };
        let mappings = [mapping(10, 20), mapping(20, 30), mapping(40, 50)];
        for (address, expected) in [
            (9, None),
            (10, Some(0)),
            (20, Some(1)),
            (30, None),
            (49, Some(2)),
            (50, None),
        ] {
            assert_eq!(place(&mappings, address), expected, "{address}");
        }
    }
}
