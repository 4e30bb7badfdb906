//! Compares the output of a command with the page.

/// Whether the output matches the quoted lines. A quoted line of three dots matches any number of lines.
pub fn matches(quoted: &[String], output: &str) -> bool {
    let output: Vec<&str> = output.trim_end().lines().collect();
    let quoted: Vec<&str> = quoted.iter().map(String::as_str).collect();
    lines(&quoted, &output)
}

fn lines(quoted: &[&str], output: &[&str]) -> bool {
    match (quoted.split_first(), output.split_first()) {
        (None, _) => output.is_empty(),
        (Some((&"...", rest)), _) => {
            (0..=output.len()).any(|skipped| lines(rest, &output[skipped..]))
        }
        (Some((expected, rest)), Some((found, after))) => {
            line(expected.trim_end(), found.trim_end()) && lines(rest, after)
        }
        (Some(_), None) => false,
    }
}

type IsPart = fn(char) -> bool;

/// Placeholders for values that differ between runs, and the characters of these values.
const PLACEHOLDERS: [(&str, IsPart); 3] = [
    ("<seconds>", |c| c.is_ascii_digit() || c == '.'),
    ("<hash>", |c| c.is_ascii_hexdigit()),
    ("<path>", |c| {
        !c.is_whitespace() && !matches!(c, '`' | '"' | '(' | ')')
    }),
];

fn line(quoted: &str, found: &str) -> bool {
    let first = PLACEHOLDERS
        .iter()
        .filter_map(|(name, is_part)| Some((quoted.find(name)?, name, is_part)))
        .min_by_key(|(position, ..)| *position);
    let Some((position, name, is_part)) = first else {
        return quoted == found;
    };
    let Some(found) = found.strip_prefix(&quoted[..position]) else {
        return false;
    };
    let rest = &quoted[position + name.len()..];
    let value = found.len() - found.trim_start_matches(is_part).len();
    // Try each end of the value, because the text after a placeholder may begin with characters of the value.
    (1..=value).any(|end| found.is_char_boundary(end) && line(rest, &found[end..]))
}
