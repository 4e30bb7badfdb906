//! Hashes of statements.

use sha2::{Digest, Sha256};

/// Some editors write it at the start of a file, which may be anywhere in a text that joins files.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// SHA-256 over statements, in lower-case hexadecimal.
///
/// The same whether their files have CRLF or LF, and with or without a byte order mark.
pub(super) fn of_statements(statements: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let mut hash = Sha256::new();
    for statement in statements {
        let text = statement
            .as_ref()
            .replace(BYTE_ORDER_MARK, "")
            .replace("\r\n", "\n");
        hash.update(text.trim());
        // SQL text contains no zero byte, so different lists of statements have different input.
        hash.update([0]);
    }
    hexadecimal(&hash.finalize())
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
