//! Takes maps out of the loaded eBPF object.

use aya::{
    Ebpf,
    maps::{Map, MapError},
};

use super::error::{Error, Result};

/// Returns the map of that name, as the type by which it is read.
pub fn take<T>(ebpf: &mut Ebpf, name: &str) -> Result<T>
where
    T: TryFrom<Map, Error = MapError>,
{
    let map = ebpf.take_map(name);
    let map = map.ok_or_else(|| Error::Object(format!("map {name}")))?;
    map.try_into().map_err(Error::step("opening a map"))
}
