//! Changes that a page shows as a diff.

/// The text with the diff applied.
///
/// A diff is lines that begin with a space, `+` or `-`; a line that begins with `@@` separates two changes. Each change
/// has to fit in exactly one place.
///
/// # Errors
/// The change that fits nowhere, or in more than one place.
pub fn apply(text: &str, diff: &str) -> Result<String, String> {
    let mut lines: Vec<&str> = text.lines().collect();
    let diff: Vec<&str> = diff.lines().collect();
    for change in diff.split(|line| line.starts_with("@@")) {
        if change.is_empty() {
            continue;
        }
        let old = side(change, '-')?;
        let new = side(change, '+')?;
        let mut places = lines
            .windows(old.len().max(1))
            .enumerate()
            .filter(|(_, window)| *window == old.as_slice())
            .map(|(place, _)| place);
        let found = (places.next(), places.next());
        let (Some(place), None) = found else {
            let how = match found.0 {
                None => "nowhere",
                Some(_) => "in more than one place",
            };
            return Err(format!("the change fits {how}:\n{}", change.join("\n")));
        };
        lines.splice(place..place + old.len(), new);
    }
    Ok(lines.join("\n") + "\n")
}

/// The lines of one side of a change, without their marks.
fn side<'a>(change: &[&'a str], mark: char) -> Result<Vec<&'a str>, String> {
    let mut lines = Vec::new();
    for line in change {
        match line.chars().next() {
            None => lines.push(*line),
            Some(first) if first == ' ' || first == mark => lines.push(&line[1..]),
            Some('+' | '-') => {}
            Some(_) => {
                return Err(format!(
                    "{line:?} begins with none of space, \"+\", \"-\", \"@@\""
                ));
            }
        }
    }
    Ok(lines)
}
