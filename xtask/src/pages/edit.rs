//! Applies the diffs of a page.

/// The text with the diff applied.
///
/// The lines of a diff begin with a space, `+` or `-`. A line that begins with `@@` separates two changes. The old
/// lines of each change must occur exactly once.
///
/// # Errors
/// The change whose old lines occur nowhere, or more than once.
pub fn apply(text: &str, diff: &str) -> Result<String, String> {
    let mut lines: Vec<&str> = text.lines().collect();
    let diff: Vec<&str> = diff.lines().collect();
    for change in diff.split(|line| line.starts_with("@@")) {
        if change.is_empty() {
            continue;
        }
        let old = side(change, '-')?;
        let new = side(change, '+')?;
        let mut positions = lines
            .windows(old.len().max(1))
            .enumerate()
            .filter(|(_, window)| *window == old.as_slice())
            .map(|(position, _)| position);
        let found = (positions.next(), positions.next());
        let (Some(position), None) = found else {
            let how = match found.0 {
                None => "nowhere",
                Some(_) => "more than once",
            };
            return Err(format!(
                "the old lines of this change occur {how} in the file:\n{}",
                change.join("\n")
            ));
        };
        lines.splice(position..position + old.len(), new);
    }
    Ok(lines.join("\n") + "\n")
}

/// The old or the new lines of a change, without their marks.
fn side<'a>(change: &[&'a str], mark: char) -> Result<Vec<&'a str>, String> {
    let mut lines = Vec::new();
    for line in change {
        match line.chars().next() {
            None => lines.push(*line),
            Some(first) if first == ' ' || first == mark => lines.push(&line[1..]),
            Some('+' | '-') => {}
            Some(_) => {
                return Err(format!(
                    "the line {line:?} of the diff must begin with a space, \"+\", \"-\" or \"@@\""
                ));
            }
        }
    }
    Ok(lines)
}
