//! The time zone in which times of day are shown and read: that of the reader, as the
//! environment variable TZ or else `/etc/localtime` names it, or UTC.

use std::{
    env,
    path::Path,
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use jiff::{Timestamp, tz::TimeZone};

use super::notice::notify;
use crate::event::Zone;

static IS_LOCAL: AtomicBool = AtomicBool::new(false);
static TIME_ZONE: OnceLock<TimeZone> = OnceLock::new();

/// Shows and reads times of day in the local time zone instead of UTC. Call it
/// before any command.
pub fn use_local_time() {
    IS_LOCAL.store(true, Ordering::Relaxed);
}

/// Returns the time zone. A notice tells if it cannot be determined and is UTC
/// therefore.
pub fn time_zone() -> &'static TimeZone {
    TIME_ZONE.get_or_init(|| match IS_LOCAL.load(Ordering::Relaxed) {
        true => local(),
        false => TimeZone::UTC,
    })
}

fn local() -> TimeZone {
    const FILE: &str = "/etc/localtime";
    match (TimeZone::try_system(), env::var_os("TZ")) {
        // UTC under its full name, which containers have.
        (Ok(zone), _) if zone.iana_name() == Some("Etc/UTC") => TimeZone::UTC,
        (Ok(zone), _) => zone,
        (Err(_), Some(name)) => {
            notify(format_args!(
                "TZ={name:?} names no time zone that this machine knows, so times are in UTC"
            ));
            TimeZone::UTC
        }
        (Err(why), None) => {
            // Without the file, local time is UTC: localtime(5).
            if Path::new(FILE).exists() {
                notify(format_args!(
                    "{FILE} cannot be used, so times are in UTC: {why}"
                ));
            }
            TimeZone::UTC
        }
    }
}

/// Returns the time zone for texts.
pub fn zone() -> Zone {
    let zone = time_zone();
    if *zone == TimeZone::UTC {
        return Zone::default();
    }
    Zone::new(|wall| {
        let at = Timestamp::from_nanosecond(wall.into());
        at.map_or(0, |at| zone.to_offset(at).seconds())
    })
}
