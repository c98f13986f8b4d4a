//! On which file system is a folder, and what is known about it?

use std::path::Path;

/// A mount, as the kernel tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mount {
    pub(super) point: String,
    pub(super) file_system: String,
    options: Vec<String>,
}

/// What is known about a kind of file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Disk,
    Memory,
    Container,
    Network,
    Unknown,
}

/// Options with which a sync does not reach the disk.
const UNSAFE_OPTIONS: [&str; 3] = ["nobarrier", "barrier=0", "volatile"];

impl Mount {
    pub(super) fn kind(&self) -> Kind {
        match self.file_system.as_str() {
            "ext2" | "ext3" | "ext4" | "xfs" | "btrfs" | "zfs" | "f2fs" | "bcachefs" | "apfs" | "jfs" => {
                Kind::Disk
            }
            "tmpfs" | "ramfs" => Kind::Memory,
            "overlay" | "aufs" => Kind::Container,
            "9p" | "virtiofs" | "ceph" | "lustre" | "smb3" | "cifs" | "afs" => Kind::Network,
            name if name.starts_with("nfs") || name.starts_with("fuse") => Kind::Network,
            _ => Kind::Unknown,
        }
    }

    pub(super) fn unsafe_option(&self) -> Option<&str> {
        self.options.iter().map(String::as_str).find(|option| UNSAFE_OPTIONS.contains(option))
    }
}

/// The mount below which a folder is; none where the system does not tell.
pub(super) fn of(folder: &Path) -> Option<Mount> {
    let folder = folder.canonicalize().ok()?;
    parse(&std::fs::read_to_string("/proc/self/mountinfo").ok()?, &folder)
}

/// `36 35 98:0 /root /mnt rw,noatime shared:1 - ext4 /dev/sda1 rw,errors=continue`; the last one of the
/// longest mount points holds.
fn parse(text: &str, folder: &Path) -> Option<Mount> {
    let mounts = text.lines().filter_map(|line| {
        let (left, right) = line.split_once(" - ")?;
        let mut left = left.split(' ').skip(4);
        let (point, options) = (left.next()?, left.next()?);
        let mut right = right.split(' ');
        let file_system = right.next()?.to_owned();
        let more = right.nth(1).unwrap_or_default();
        let options = options.split(',').chain(more.split(',')).map(str::to_owned).collect();
        Some(Mount { point: point.replace("\\040", " "), file_system, options })
    });
    mounts.filter(|mount| folder.starts_with(&mount.point)).max_by_key(|mount| mount.point.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro
30 22 0:25 / /tmp rw,nosuid shared:2 - tmpfs tmpfs rw,size=1g
31 22 0:40 / /mnt/old\\040disk rw,noatime - ext4 /dev/sdb1 rw,barrier=0
32 22 0:41 / /mnt/share rw - nfs4 server:/share rw
33 22 0:42 / /mnt/box rw - fuse.sshfs box: rw";

    fn at(folder: &str) -> Mount {
        parse(TEXT, Path::new(folder)).unwrap()
    }

    #[test]
    fn the_nearest_mount_holds() {
        assert_eq!((at("/srv/a").kind(), at("/tmp/a").kind()), (Kind::Disk, Kind::Memory));
        assert_eq!((at("/mnt/share/x").kind(), at("/mnt/box").kind()), (Kind::Network, Kind::Network));
        assert_eq!(at("/tmpfile").point, "/", "a name that begins alike is no mount point");
    }

    #[test]
    fn a_mount_without_barriers_is_named() {
        assert_eq!(at("/mnt/old disk/store").unsafe_option(), Some("barrier=0"));
        assert_eq!(at("/srv").unsafe_option(), None);
    }
}
