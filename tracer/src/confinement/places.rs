//! Places in the file system that a thread may use (Landlock, landlock(7)), as far as the
//! kernel can limit them.

use std::path::PathBuf;

use landlock::{
    ABI, Access as _, AccessFs, BitFlags, CompatLevel, Compatible as _, LandlockStatus,
    PathBeneath, PathFd, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _, RulesetError,
    RulesetStatus, path_beneath_rules,
};

use super::rights::{Rights, Writes};
use crate::event::file_name;

/// Version whose rights are limited: the first with ioctls of devices. Kernels with an
/// earlier one limit what they know.
const VERSION: ABI = ABI::V5;

/// Terminal of the process, which a dashboard may have to open.
const TERMINAL: &str = "/dev/tty";

/// Limits the calling thread. Returns the limit in force, or why there is none.
pub fn keep(rights: &Rights) -> Result<String, String> {
    if rights.traces {
        return Err(
            "not limited to folders, because Landlock would hide what /proc shows of other \
             processes"
                .to_owned(),
        );
    }
    let folders = match &rights.writes {
        Writes::None => &[][..],
        Writes::Beneath(folders) => folders,
    };
    let status = restrict(rights, folders)
        .map_err(|error| format!("not limited to folders: Landlock: {error}"))?;
    match (status.ruleset, status.landlock) {
        (RulesetStatus::NotEnforced, LandlockStatus::NotEnabled) => {
            Err("not limited to folders: Landlock was not enabled at boot (lsm=)".to_owned())
        }
        (RulesetStatus::NotEnforced, _) => {
            Err("not limited to folders: the kernel has no Landlock (5.13, \
             CONFIG_SECURITY_LANDLOCK=y)"
                .to_owned())
        }
        (_, LandlockStatus::Available { effective_abi, .. }) => Ok(format!(
            "only in {} (Landlock ABI {})",
            listed(folders),
            effective_abi as i32
        )),
        _ => Ok(format!("only in {} (Landlock)", listed(folders))),
    }
}

fn restrict(
    rights: &Rights,
    folders: &[PathBuf],
) -> Result<landlock::RestrictionStatus, RulesetError> {
    let limited: BitFlags<AccessFs> = match rights.reads {
        true => AccessFs::from_write(VERSION) | AccessFs::Execute,
        false => AccessFs::from_all(VERSION),
    };
    let allowed = limited & !AccessFs::Execute;
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(limited)?
        .create()?
        .add_rules(path_beneath_rules(folders, allowed))?;
    if rights.reads {
        let terminal = AccessFs::WriteFile | AccessFs::IoctlDev;
        ruleset = ruleset.add_rules(path_beneath_rules([TERMINAL], terminal))?;
    }
    if let Some(folder) = &rights.removes_folders_in
        && let Ok(folder) = PathFd::new(folder)
    {
        ruleset = ruleset.add_rule(PathBeneath::new(folder, AccessFs::RemoveDir))?;
    }
    ruleset.restrict_self()
}

fn listed(folders: &[PathBuf]) -> String {
    match folders {
        [] => "no folder".to_owned(),
        folders => {
            let mut names: Vec<_> = folders.iter().map(file_name).collect();
            names.sort();
            names.dedup();
            names.join(", ")
        }
    }
}
