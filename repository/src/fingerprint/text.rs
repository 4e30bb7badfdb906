//! Names and other people's texts in what is printed: data, whatever is in them.

/// The text on one line, without what a terminal would obey: nothing in it ends a comment or a cell.
pub(crate) fn on_one_line(text: &str) -> String {
    escaped(text, is_control)
}

/// The text without what a terminal would obey; it may have several lines.
pub(crate) fn harmless(text: &str) -> String {
    escaped(text, is_obeyed)
}

/// Whether a terminal would obey something in it.
pub(crate) fn has_controls(text: &str) -> bool {
    text.chars().any(is_obeyed)
}

fn is_obeyed(c: char) -> bool {
    is_control(c) && c != '\n' && c != '\t'
}

/// Control characters, the line breaks of Unicode, and what changes the direction of a text
/// (<https://www.unicode.org/reports/tr9/#Explicit_Directional_Embeddings>).
fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn escaped(text: &str, is_escaped: impl Fn(char) -> bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match is_escaped(c) {
            true => escaped.extend(c.escape_default()),
            false => escaped.push(c),
        }
    }
    escaped
}
