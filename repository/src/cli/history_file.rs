//! The source file that lists the migrations: finds it, and adds one to it.
//!
//! It is read as text, so it must have the shape that this library's examples have: a line `mod m1;` for the last
//! migration, and one `Box::new(m1::Migration)` in the list; or, without migrations yet, one `Vec::new()` or `vec![]`
//! in `fn migrations()`. A file of another shape is not changed.

use std::path::{Path, PathBuf};
use std::{fs, io};

use super::files::Files;

/// The file that lists the migrations.
#[derive(Debug)]
pub(super) struct HistoryFile {
    path: PathBuf,
    text: String,
    last: Option<String>,
}

impl HistoryFile {
    /// The only file below a folder of sources that has the list; `None` if no file or several have its shape.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub(super) fn find(source: &Path, last: Option<&str>) -> io::Result<Option<Self>> {
        let mut found = Vec::new();
        for path in sources(source)? {
            let file = HistoryFile {
                text: fs::read_to_string(&path)?,
                path,
                last: last.map(str::to_owned),
            };
            if file.with("m").is_some() {
                found.push(file);
            }
        }
        Ok(match found.len() {
            1 => found.pop(),
            _ => None,
        })
    }

    /// The folder of the modules that the file declares.
    pub(super) fn folder(&self) -> PathBuf {
        let parent = self.path.parent().unwrap_or(Path::new(""));
        match self.path.file_stem().and_then(|stem| stem.to_str()) {
            Some("lib" | "main" | "mod") | None => parent.to_owned(),
            Some(stem) => parent.join(stem),
        }
    }

    /// Adds a migration.
    pub(super) fn add(&self, files: &mut Files, name: &str) {
        // `find` returns only a file to which a migration can be added.
        if let Some(text) = self.with(name) {
            files.change(self.path.clone(), self.text.clone(), text);
        }
    }

    /// The text with one more migration; `None` if it has another shape.
    fn with(&self, name: &str) -> Option<String> {
        match &self.last {
            Some(last) => after(&self.text, last, name),
            None => first(&self.text, name),
        }
    }
}

/// Adds a migration behind the last one.
fn after(text: &str, last: &str, name: &str) -> Option<String> {
    let declared = [format!("mod {last};"), format!("pub mod {last};")];
    let mut lines = text
        .lines()
        .filter(|line| declared.iter().any(|one| one == line));
    let declaration = lines.next().filter(|_| lines.next().is_none())?;
    let entry = format!("Box::new({last}::Migration)");
    let place = only(text, &entry)?;
    let line = text.get(..place)?.rfind('\n').map_or(0, |end| end + 1);
    let before = text.get(line..place)?;
    let (end, added) = match text.get(place + entry.len()..)? {
        rest if before.trim().is_empty() && rest.starts_with(",\n") => (
            place + entry.len() + 1,
            format!("\n{before}Box::new({name}::Migration),"),
        ),
        rest if rest.starts_with(']') => (place + entry.len(), String::new()),
        _ => return None,
    };
    let mut changed = text.to_owned();
    match added.is_empty() {
        false => changed.insert_str(end, &added),
        true => {
            // A list on one line gets a line for each migration.
            let open = line + before.rfind("vec![")?;
            let indent: String = before.chars().take_while(|c| c.is_whitespace()).collect();
            let entries = text.get(open + "vec![".len()..end)?.split(", ");
            let entries: Vec<String> = entries
                .map(|entry| format!("\n{indent}    {},", entry.trim()))
                .collect();
            let listed = format!(
                "vec![{}\n{indent}    Box::new({name}::Migration),\n{indent}]",
                entries.concat()
            );
            changed.replace_range(open..=end, &listed);
        }
    }
    let declared = declaration.replace(last, name);
    Some(changed.replacen(
        &format!("{declaration}\n"),
        &format!("{declaration}\n{declared}\n"),
        1,
    ))
}

/// Adds the first migration.
fn first(text: &str, name: &str) -> Option<String> {
    let head = only(text, "fn migrations() -> Vec<Box<dyn ")?;
    let body = head + text.get(head..)?.find('{')?;
    let end = body + text.get(body..)?.find('}')?;
    let inside = text.get(body + 1..end)?;
    let empty = inside.trim();
    if empty != "Vec::new()" && empty != "vec![]" {
        return None;
    }
    let listed = inside.replacen(empty, &format!("vec![Box::new({name}::Migration)]"), 1);
    let mut changed = text.to_owned();
    changed.replace_range(body + 1..end, &listed);
    let is_use = |line: &&str| line.starts_with("use ") || line.starts_with("pub use ");
    let first_use = changed.lines().find(is_use)?.to_owned();
    let declared = format!("mod {name};\n\n{first_use}");
    Some(changed.replacen(&first_use, &declared, 1))
}

/// The place of a text that occurs once.
fn only(text: &str, part: &str) -> Option<usize> {
    let mut places = text.match_indices(part);
    let (place, _) = places.next()?;
    places.next().is_none().then_some(place)
}

/// Every source file below a folder, sorted.
fn sources(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        match entry.file_type()?.is_dir() {
            true => all.extend(sources(&path)?),
            false if path.extension().is_some_and(|ending| ending == "rs") => all.push(path),
            false => {}
        }
    }
    all.sort();
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTED: &str = "mod m1;
mod m2;

use catamaran::migrate::TwinMigration;

impl catamaran::migrate::History for History {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        vec![
            Box::new(m1::Migration),
            Box::new(m2::Migration),
        ]
    }
}
";

    #[test]
    fn a_migration_is_added_behind_the_last_one() {
        let added = after(LISTED, "m2", "m3").expect("the shape is known");
        assert!(
            added.starts_with("mod m1;\nmod m2;\nmod m3;\n\nuse"),
            "{added}"
        );
        let list =
            "            Box::new(m2::Migration),\n            Box::new(m3::Migration),\n        ]";
        assert!(added.contains(list), "{added}");
    }

    #[test]
    fn a_list_on_one_line_gets_a_line_for_each_migration() {
        let text = "mod m1;\n\nfn migrations() {\n    vec![Box::new(m1::Migration)]\n}\n";
        let added = after(text, "m1", "m2").expect("the shape is known");
        assert_eq!(
            added,
            "mod m1;\nmod m2;\n\nfn migrations() {\n    vec![\n        Box::new(m1::Migration),\n        \
             Box::new(m2::Migration),\n    ]\n}\n"
        );
    }

    #[test]
    fn the_first_migration_replaces_an_empty_list() {
        let text = "use catamaran::migrate::TwinMigration;\n\nfn migrations() -> Vec<Box<dyn TwinMigration>> {\n    \
                    Vec::new()\n}\n";
        let added = first(text, "m1").expect("the shape is known");
        assert_eq!(
            added,
            "mod m1;\n\nuse catamaran::migrate::TwinMigration;\n\nfn migrations() -> Vec<Box<dyn TwinMigration>> {\n    \
             vec![Box::new(m1::Migration)]\n}\n"
        );
    }

    #[test]
    fn a_list_of_another_shape_is_left_alone() {
        for text in [
            LISTED.replace("mod m2;", "use other::m2;"),
            LISTED.replace("Box::new(m2::Migration),", "boxed(m2::Migration),"),
            LISTED.replace(
                "Box::new(m2::Migration),",
                "Box::new(m2::Migration), // the last",
            ),
            format!("{LISTED}// Box::new(m2::Migration)"),
        ] {
            assert_eq!(after(&text, "m2", "m3"), None, "{text}");
        }
    }
}
