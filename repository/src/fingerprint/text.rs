//! Escapes names and texts from a database before they are printed: they may contain anything.

/// The text on one line, without control characters. It cannot end a comment or a table cell.
pub(crate) fn on_one_line(text: &str) -> String {
    escaped(text, is_control)
}

/// The text without control sequences; line breaks and tabs stay.
pub(crate) fn harmless(text: &str) -> String {
    escaped(text, is_obeyed)
}

/// Whether it contains control characters other than line breaks and tabs.
pub(crate) fn has_controls(text: &str) -> bool {
    text.chars().any(is_obeyed)
}

fn is_obeyed(c: char) -> bool {
    is_control(c) && c != '\n' && c != '\t'
}

/// Whether it is a control character, a line break of Unicode, or changes the direction of text
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
