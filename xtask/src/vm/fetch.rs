//! Fetches kernels from Debian's archive and keeps them next to the build tools.
//!
//! apt-get runs with a state of its own: the machine's package lists and installed
//! packages are neither read nor changed, and root is not needed. A kept kernel is not
//! fetched again, so a second run needs no network.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};

use super::kernels::Kernel;
use xtask::{packages, process, setup};

/// A kernel that can be booted.
pub struct Image {
    /// Version as in `uname -r`.
    pub version: String,
    pub path: PathBuf,
}

/// Returns the newest image of `kernel`: of the kept ones, or with `update` of
/// Debian's.
pub fn image(kernel: &Kernel, update: bool) -> Result<Image> {
    let directory = setup::directory()?.join("kernels").join(kernel.series);
    if let Some(image) = newest_kept(&directory).filter(|_| !update) {
        return Ok(image);
    }
    download(kernel, &directory).with_context(|| {
        format!(
            "kernel {} is not in {} and could not be fetched from Debian",
            kernel.series,
            directory.display()
        )
    })
}

const IMAGE: &str = "vmlinuz-";

fn newest_kept(directory: &Path) -> Option<Image> {
    fs::read_dir(directory)
        .ok()?
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.strip_prefix(IMAGE)?.to_owned();
            let path = entry.path();
            Some(Image { version, path })
        })
        .max_by_key(|image| numbers(&image.version))
}

fn download(kernel: &Kernel, directory: &Path) -> Result<Image> {
    if !packages::have_apt() {
        bail!("apt-get was not found, and it is needed to fetch a Debian kernel");
    }
    let apt = Apt::new(directory.join("apt"), kernel.suites)?;
    process::capture(apt.command("apt-get")?.args(["-qq", "update"]))?;
    let list = process::capture(apt.command("apt-cache")?.args([
        "search",
        "--names-only",
        "^linux-(image|binary)-",
    ]))?;
    let package = newest(&list, kernel.series).with_context(|| {
        format!(
            "{} has no package linux-image-{}.*-cloud-amd64 any more: find a suite that has, \
             and edit xtask/src/vm/kernels.rs",
            kernel.suites.join(" and "),
            kernel.series
        )
    })?;
    let kept = directory.join(format!("{IMAGE}{}", package.version));
    if !kept.exists() {
        println!("fetching {} …", package.name);
        let vmlinuz = apt.vmlinuz(&package)?;
        // Renamed in one step, so that no half-written image is kept.
        fs::rename(&vmlinuz, &kept)
            .with_context(|| format!("could not keep {}", kept.display()))?;
    }
    apt.remove()?;
    Ok(Image {
        version: package.version,
        path: kept,
    })
}

/// A package that may hold the kernel's image.
#[derive(Debug, PartialEq)]
struct Package {
    name: String,
    version: String,
}

/// Returns the newest package of `series` in the output of `apt-cache search`.
fn newest(list: &str, series: &str) -> Option<Package> {
    list.lines()
        .filter_map(|line| parse(line.split_whitespace().next()?, series))
        .max_by_key(|(package, preference)| (numbers(&package.version), *preference))
        .map(|(package, _)| package)
}

/// Returns the package `name` if it is of that series, and its preference over others
/// of the same version. Since 7.2 `linux-image` only
/// depends on `linux-binary`, which holds the image.
fn parse(name: &str, series: &str) -> Option<(Package, u8)> {
    const KINDS: [(&str, u8); 3] = [
        ("linux-binary-unsigned-", 2),
        ("linux-binary-", 3),
        ("linux-image-", 1),
    ];
    let (version, preference) = KINDS
        .iter()
        .find_map(|(prefix, preference)| Some((name.strip_prefix(prefix)?, *preference)))?;
    let (version, preference) = match version.strip_suffix("-unsigned") {
        Some(version) => (version, 0),
        None => (version, preference),
    };
    let of_series = version.starts_with(&format!("{series}.")) && version.ends_with("-cloud-amd64");
    of_series.then(|| {
        let package = Package {
            name: name.to_owned(),
            version: version.to_owned(),
        };
        (package, preference)
    })
}

/// Returns the numbers in a version, for comparison.
fn numbers(version: &str) -> Vec<u64> {
    version
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect()
}

/// apt with a state and a directory of its own.
struct Apt {
    directory: PathBuf,
}

impl Apt {
    fn new(directory: PathBuf, suites: &[&str]) -> Result<Apt> {
        // An interrupted run leaves one.
        let _ = fs::remove_dir_all(&directory);
        for inner in ["lists/partial", "cache/archives/partial"] {
            let inner = directory.join(inner);
            fs::create_dir_all(&inner)
                .with_context(|| format!("could not create {}", inner.display()))?;
        }
        let configured = configured_sources();
        let sources: String = suites
            .iter()
            .map(|suite| source(suite, &configured))
            .collect();
        fs::write(directory.join("sources.list"), sources)?;
        Ok(Apt { directory })
    }

    fn command(&self, program: &str) -> Result<Command> {
        let directory = self
            .directory
            .to_str()
            .with_context(|| format!("apt takes no path like {}", self.directory.display()))?;
        let mut command = Command::new(program);
        command
            .env("LC_ALL", "C")
            .current_dir(&self.directory)
            .arg(format!("-oDir::Etc::sourcelist={directory}/sources.list"))
            .arg("-oDir::Etc::sourceparts=-")
            .arg(format!("-oDir::State::lists={directory}/lists"))
            .arg(format!("-oDir::Cache={directory}/cache"))
            // Its sandbox user may not write to our directory.
            .arg("-oAPT::Sandbox::User=root")
            // Only names are needed.
            .arg("-oAcquire::Languages=none")
            .arg("-oAcquire::IndexTargets::deb::DEP-11::DefaultEnabled=false");
        Ok(command)
    }

    /// Downloads `package` and returns the path of the image in it.
    fn vmlinuz(&self, package: &Package) -> Result<PathBuf> {
        process::capture(
            self.command("apt-get")?
                .args(["-qq", "download", &package.name]),
        )?;
        let archive = fs::read_dir(&self.directory)?
            .flatten()
            .map(|entry| entry.path())
            .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
            .with_context(|| format!("apt-get downloaded no {}", package.name))?;
        let tree = self.directory.join("tree");
        process::capture(Command::new("dpkg-deb").arg("-x").args([&archive, &tree]))?;
        [
            format!("boot/{IMAGE}{}", package.version),
            format!("usr/lib/modules/{}/vmlinuz", package.version),
            format!("usr/lib/modules/{}/vmlinuz.unsigned", package.version),
        ]
        .iter()
        .map(|place| tree.join(place))
        .find(|path| path.is_file())
        .with_context(|| format!("{} holds no kernel where Debian puts it", package.name))
    }

    fn remove(self) -> Result<()> {
        fs::remove_dir_all(&self.directory)
            .with_context(|| format!("could not remove {}", self.directory.display()))
    }
}

/// Returns the line of sources.list for a suite, on the mirror of this machine.
fn source(suite: &str, configured: &str) -> String {
    let archive = if suite.ends_with("-security") {
        "debian-security"
    } else {
        "debian"
    };
    format!(
        "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {} {suite} main\n",
        mirror(archive, configured)
    )
}

/// Returns the mirror of this machine for that archive, else its public address.
fn mirror(archive: &str, configured: &str) -> String {
    configured
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .flat_map(str::split_whitespace)
        .map(|word| word.trim_end_matches('/'))
        .find(|word| word.contains("://") && word.rsplit('/').next() == Some(archive))
        .map_or_else(|| format!("http://deb.debian.org/{archive}"), str::to_owned)
}

/// Returns the text of all package sources of this machine.
fn configured_sources() -> String {
    let etc = Path::new("/etc/apt");
    let parts = fs::read_dir(etc.join("sources.list.d"));
    [etc.join("sources.list")]
        .into_iter()
        .chain(
            parts
                .into_iter()
                .flatten()
                .flatten()
                .map(|part| part.path()),
        )
        .filter_map(|path| fs::read_to_string(path).ok())
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "\
linux-image-6.1.0-56-cloud-amd64 - Linux 6.1 for x86-64 cloud (signed)
linux-image-6.1.0-56-cloud-amd64-dbg - Debug symbols
linux-image-6.1.0-56-cloud-amd64-unsigned - Linux 6.1 for x86-64 cloud
linux-image-6.1.0-9-cloud-amd64 - Linux 6.1 for x86-64 cloud (signed)
linux-image-6.1.0-57-amd64 - Linux 6.1 for 64-bit PCs (signed)
linux-image-6.12.117+deb13-cloud-amd64 - Linux 6.12
linux-image-cloud-amd64 - Linux for x86-64 cloud (meta-package)
linux-image-7.2.13+deb14-cloud-amd64 - Linux 7.2 (meta-package)
linux-binary-7.2.13+deb14-cloud-amd64 - Linux 7.2 (signed)
linux-binary-unsigned-7.2.13+deb14-cloud-amd64 - Linux 7.2
linux-binary-7.2.12+deb13-cloud-amd64 - Linux 7.2 (signed)
linux-binary-unsigned-7.3.4+deb13-cloud-amd64 - Linux 7.3
";

    #[test]
    fn newest_package_with_an_image_is_chosen() {
        for (series, name, version) in [
            (
                "6.1",
                "linux-image-6.1.0-56-cloud-amd64",
                "6.1.0-56-cloud-amd64",
            ),
            (
                "7.2",
                "linux-binary-7.2.13+deb14-cloud-amd64",
                "7.2.13+deb14-cloud-amd64",
            ),
            (
                "7.3",
                "linux-binary-unsigned-7.3.4+deb13-cloud-amd64",
                "7.3.4+deb13-cloud-amd64",
            ),
        ] {
            let expected = Package {
                name: name.into(),
                version: version.into(),
            };
            assert_eq!(newest(LIST, series), Some(expected));
        }
        assert_eq!(newest(LIST, "5.15"), None);
    }

    #[test]
    fn mirror_of_the_machine_is_used() {
        let configured = "\
# URIs: http://other.example/debian
Types: deb
URIs: http://mirror.example/debian/
deb [arch=amd64] http://near.example/debian-security bookworm-security main";
        assert_eq!(mirror("debian", configured), "http://mirror.example/debian");
        assert_eq!(
            mirror("debian-security", configured),
            "http://near.example/debian-security"
        );
        let ubuntu = "deb http://archive.ubuntu.com/ubuntu noble main";
        assert_eq!(mirror("debian", ubuntu), "http://deb.debian.org/debian");
    }
}
