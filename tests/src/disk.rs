//! A small file system. Only root can mount it.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use rustix::mount::{MountFlags, UnmountFlags, mount, mount_bind, mount_remount, unmount};

/// Whether this process can mount anything: it is root, and nothing else forbids it.
pub fn can_mount() -> bool {
    rustix::process::geteuid().is_root()
        && tempfile::tempdir().is_ok_and(|directory| Disk::mount(directory.path(), 1).is_ok())
}

/// A file system in memory, mounted at a directory until it is dropped.
pub struct Disk {
    at: PathBuf,
}

impl Disk {
    /// Mounts one of that many MiB.
    pub fn mount(at: &Path, mebibytes: u32) -> std::io::Result<Self> {
        let size = std::ffi::CString::new(format!("size={mebibytes}m"))?;
        mount(
            "tmpfs",
            at,
            "tmpfs",
            MountFlags::empty(),
            Some(size.as_c_str()),
        )?;
        Ok(Disk { at: at.to_owned() })
    }

    /// Makes a directory read-only for files that are opened from now on.
    pub fn mount_read_only(at: &Path) -> std::io::Result<Self> {
        mount_bind(at, at)?;
        let disk = Disk { at: at.to_owned() };
        mount_remount(at, MountFlags::BIND | MountFlags::RDONLY, c"")?;
        Ok(disk)
    }

    /// Fills the file system. Removing the file frees it again.
    pub fn fill(&self) -> std::io::Result<PathBuf> {
        let path = self.at.join("filler");
        let mut file = File::create(&path)?;
        loop {
            match file.write(&[0; 4_096]) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => return Ok(path),
                Err(error) => {
                    fs::remove_file(&path)?;
                    return Err(error);
                }
            }
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Open files there stay usable.
        let _unmounted = unmount(&self.at, UnmountFlags::DETACH);
    }
}
