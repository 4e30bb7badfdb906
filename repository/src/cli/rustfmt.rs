//! Formatting code that a command writes.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// A formatted text; `None` if there is no rustfmt, or if it fails.
pub(super) fn rustfmt(text: &str, edition: &str, folder: &Path) -> Option<String> {
    let mut child = Command::new("rustfmt")
        .args(["--edition", edition, "--emit", "stdout", "--quiet"])
        // Its settings are in a file of this folder, or of one above.
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    // It reads everything before it writes. Its end closes the pipe, which is the error of its exit code.
    let _ = child.stdin.take()?.write_all(text.as_bytes());
    let output = child.wait_with_output().ok()?;
    let formatted = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !formatted.is_empty()).then_some(formatted)
}
