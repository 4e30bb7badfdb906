//! The length of texts in indexes: an entry of an index on Postgres has a maximum size.

use std::{iter::Peekable, mem, vec};

use super::custom::lexer::{Lexer, Token};
use crate::model::domain::{Table, column_of};
use crate::model::engine::Engine;
use crate::model::value::{MAX_BYTES, Type};

/// BTMaxItemSize of nbtree.h for pages of 8 KiB, without the header and its bitmap of NULLs.
const ROW: usize = 2704 - 16;

/// What a value of variable length needs besides its bytes: a length of four, and the padding that aligns it.
const LENGTH: usize = 8;

/// The size of a number, a boolean or a time in an index, with its padding.
const NUMBER: usize = 8;

/// The size of the longest decimal number: a length, a header and six digits of two bytes each, with its padding.
const NUMERIC: usize = 24;

/// The longest text that Postgres prints for a value of fixed length: a `uuid`.
const PRINTED: usize = 36;

/// How many times as long a text can be after a function that changes its letters: the upper case of U+0390 has six
/// bytes instead of two.
const LETTERS: usize = 3;

impl Table {
    /// The maximum length of a text or byte string in the column, in bytes: less than [`MAX_BYTES`] if an index has the
    /// column, alone or in an expression. If it is [`MAX_BYTES`], no index limits the column: then the limit is the
    /// `max_bytes` of the record. `ty` returns the type of a column.
    ///
    /// An entry of a B-tree index on Postgres has at most 2704 bytes. Postgres refuses longer ones (SQLSTATE 54000)
    /// unless they compress well, and SQLite accepts them. So the limit assumes no compression, and applies on both
    /// engines. The texts of one index share the bytes that its other columns leave.
    ///
    /// In an expression, the limit is that of the result. `lower` and `upper` keep the length: texts have the collation
    /// `C`, in which they change ASCII letters only, as on SQLite. With another `COLLATE`, and in a function that is
    /// unknown here, a text may become three times as long. `substr(body, 1, 100)` has at most 400 bytes, so that it
    /// does not limit `body`.
    pub fn most_bytes(&self, column: &str, ty: impl Fn(&str) -> Option<Type>) -> usize {
        let keys = [self.primary_key.columns].into_iter();
        keys.chain(self.unique_keys.iter().map(|key| key.columns))
            .chain(self.indexes.iter().map(|index| index.columns))
            .map(|entries| most_bytes_in(entries.iter().copied(), column, &ty))
            .fold(MAX_BYTES, usize::min)
    }

    /// The column whose values are too long if an entry of the index is; `None` if it is one of several.
    #[cfg(feature = "postgres")]
    pub(crate) fn only_text_in(&self, index: &str) -> Option<&'static str> {
        let primary = [(self.primary_key.name, self.primary_key.columns)].into_iter();
        let keys = self.unique_keys.iter().map(|key| (key.name, key.columns));
        let indexes = self.indexes.iter().map(|index| (index.name, index.columns));
        let mut indexes = primary.chain(keys).chain(indexes);
        let (_, entries) = indexes.find(|(name, _)| *name == index)?;
        // The types are not known here. Only an owner is always a UUID.
        let ty = |name: &str| match self.owner == Some(name) {
            true => Some(Type::Uuid),
            false => self.columns.contains(&name).then_some(Type::Text),
        };
        let is_limited =
            |column: &&&str| most_bytes_in(entries.iter().copied(), column, &ty) < MAX_BYTES;
        let mut limited = self.columns.iter().filter(is_limited);
        let only = limited.next().copied();
        only.filter(|_| limited.next().is_none())
    }
}

/// The maximum length of a column, if an index has these entries: each a column or an expression.
pub(crate) fn most_bytes_in<'e>(
    entries: impl Iterator<Item = &'e str>,
    column: &str,
    ty: &dyn Fn(&str) -> Option<Type>,
) -> usize {
    let entries: Vec<Size> = entries.map(|entry| Size::of_entry(entry, ty)).collect();
    let row = |length: &dyn Fn(&str) -> usize| {
        let sizes = entries.iter().map(|entry| entry.bytes(length));
        sizes.fold(0, usize::saturating_add)
    };
    let (mut fits, mut exceeds) = (0, MAX_BYTES + 1);
    while exceeds - fits > 1 {
        let middle = usize::midpoint(fits, exceeds);
        match row(&|_| middle) <= ROW {
            true => fits = middle,
            false => exceeds = middle,
        }
    }
    // A column that makes the row no longer, such as one of which the index has a part, is not limited.
    let is_limited = row(&|name| if name == column { MAX_BYTES } else { fits }) > row(&|_| fits);
    if is_limited { fits } else { MAX_BYTES }
}

/// The size of a value, which depends on the lengths of columns.
#[derive(Debug)]
enum Size {
    /// A constant.
    Bytes(usize),
    /// A number in the text, of which only its digits need space.
    Number(usize),
    /// A column of variable length.
    Column(String),
    Sum(Vec<Size>),
    Longest(Vec<Size>),
    Times(usize, Box<Size>),
    AtMost(usize, Box<Size>),
}

impl Size {
    fn of_entry(entry: &str, ty: &dyn Fn(&str) -> Option<Type>) -> Self {
        let entry = column_of(entry);
        match ty(entry) {
            Some(Type::Text | Type::Bytes | Type::Json) => {
                Size::Sum(vec![Size::Column(entry.to_owned()), Size::Bytes(LENGTH)])
            }
            Some(Type::Uuid) => Size::Bytes(16),
            Some(
                Type::Bool
                | Type::SmallInt
                | Type::Int
                | Type::BigInt
                | Type::Float
                | Type::Double
                | Type::Timestamp
                | Type::Date
                | Type::Time,
            ) => Size::Bytes(NUMBER),
            Some(Type::Numeric { .. }) => Size::Bytes(NUMERIC),
            None => Size::Sum(vec![Reader::read(entry, ty), Size::Bytes(LENGTH)]),
        }
    }

    fn bytes(&self, length: &dyn Fn(&str) -> usize) -> usize {
        let each = |sizes: &[Size]| -> Vec<usize> {
            sizes.iter().map(|size| size.bytes(length)).collect()
        };
        match self {
            Size::Bytes(bytes) => *bytes,
            Size::Number(_) => NUMBER,
            Size::Column(name) => length(name),
            Size::Sum(sizes) => each(sizes).into_iter().fold(0, usize::saturating_add),
            Size::Longest(sizes) => each(sizes).into_iter().max().unwrap_or_default(),
            Size::Times(factor, size) => size.bytes(length).saturating_mul(*factor),
            Size::AtMost(most, size) => size.bytes(length).min(*most),
        }
    }

    fn times(factor: usize, size: Size) -> Self {
        Size::Times(factor, Box::new(size))
    }
}

/// What ends a list or one of its items.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Comma,
    /// A closing parenthesis, or the end of the text.
    Closed,
    /// A word of CASE.
    Word(&'static str),
}

/// Words after which a value is a condition.
const CONDITIONS: [&str; 11] = [
    "is", "and", "or", "not", "in", "like", "ilike", "between", "isnull", "notnull", "exists",
];

const COMPARISONS: [&str; 8] = ["=", "==", "<>", "!=", "<", "<=", ">", ">="];

/// Collations in which letters other than those of ASCII have no case.
const WITHOUT_CASE: [&str; 6] = ["c", "posix", "ucs_basic", "binary", "nocase", "rtrim"];

/// Reads an expression in parentheses, commas and operators. What it does not know only makes the limit smaller.
struct Reader<'s> {
    tokens: Peekable<vec::IntoIter<(Token<'s>, usize)>>,
    ty: &'s dyn Fn(&str) -> Option<Type>,
    /// What ended the last list.
    end: End,
    /// How many times as long `lower` and `upper` can make a text.
    case: usize,
}

impl<'s> Reader<'s> {
    fn read(sql: &'s str, ty: &'s dyn Fn(&str) -> Option<Type>) -> Size {
        let mut lexer = Lexer::new(Engine::Postgres, sql);
        let tokens: Vec<_> = std::iter::from_fn(|| lexer.next_with_length()).collect();
        let mut reader = Reader {
            tokens: tokens.into_iter().peekable(),
            ty,
            end: End::Closed,
            case: 1,
        };
        Size::Sum(reader.list())
    }

    fn next_is(&mut self, character: char) -> bool {
        let expected = Token::Other(character);
        let found = self.tokens.next_if(|(token, _)| *token == expected);
        found.is_some()
    }

    /// Values that are separated by commas, up to what ends the list.
    fn list(&mut self) -> Vec<Size> {
        let mut items = Vec::new();
        loop {
            let (item, end) = self.item();
            items.push(item);
            if end != End::Comma {
                self.end = end;
                return items;
            }
        }
    }

    fn item(&mut self) -> (Size, End) {
        let (mut parts, mut operator) = (Vec::new(), String::new());
        let (mut is_condition, mut has_operator) = (false, false);
        let end = loop {
            let Some((token, length)) = self.tokens.next() else {
                break End::Closed;
            };
            if let Token::Other(c) = token
                && "+-*/%<>=~!@#^&|?:".contains(c)
            {
                operator.push(c);
                has_operator = true;
                continue;
            }
            let operator = mem::take(&mut operator);
            is_condition |= COMPARISONS.contains(&&*operator);
            match token {
                Token::Other(',') => break End::Comma,
                Token::Other(')') => break End::Closed,
                Token::Other('(') => parts.push(Size::Sum(self.list())),
                Token::Other('\'' | '$') => parts.push(Size::Bytes(length.saturating_sub(2))),
                Token::Other(c) => self.digit(c, &mut parts),
                Token::Word(_) | Token::Quoted(_) if operator == "::" => self.skip_name(),
                Token::Word(word) => match &*word {
                    "from" | "for" => break End::Comma,
                    "when" => break End::Word("when"),
                    "then" => break End::Word("then"),
                    "else" => break End::Word("else"),
                    "end" => break End::Word("end"),
                    "case" => parts.push(self.case()),
                    "collate" => self.collation(),
                    "as" => {
                        self.tokens.next();
                        self.skip_name();
                    }
                    word if CONDITIONS.contains(&word) => is_condition = true,
                    word => parts.extend(self.name(word)),
                },
                Token::Quoted(name) => parts.extend(self.name(&name)),
                Token::Parameter(_) | Token::Semicolon => {}
            }
        };
        let is_single = parts.len() == 1 && !has_operator;
        let size = match parts.pop() {
            _ if is_condition => Size::Bytes(NUMBER),
            Some(single) if is_single => single,
            last => {
                parts.extend(last);
                Size::Sum(parts)
            }
        };
        (size, end)
    }

    fn digit(&self, c: char, parts: &mut Vec<Size>) {
        let Some(digit) = c.to_digit(10) else {
            return;
        };
        match parts.last_mut() {
            Some(Size::Number(number)) => {
                *number = number.saturating_mul(10).saturating_add(digit as usize);
            }
            _ => parts.push(Size::Number(digit as usize)),
        }
    }

    /// A function, a column, or a schema or table before one of them.
    fn name(&mut self, name: &str) -> Option<Size> {
        if self.next_is('.') {
            return None;
        }
        if self.next_is('(') {
            let arguments = self.list();
            return Some(self.call(name, arguments));
        }
        match (self.ty)(name)? {
            Type::Text | Type::Bytes | Type::Json => Some(Size::Column(name.to_owned())),
            _ => Some(Size::Bytes(PRINTED)),
        }
    }

    /// Skips what follows the first part of a name.
    fn skip_name(&mut self) {
        while self.next_is('.') {
            self.tokens.next();
        }
    }

    fn collation(&mut self) {
        let mut name = self.tokens.next();
        while self.next_is('.') {
            name = self.tokens.next();
        }
        let is_without_case = match name {
            Some((Token::Word(name) | Token::Quoted(name), _)) => {
                WITHOUT_CASE.contains(&&*name.to_ascii_lowercase())
            }
            _ => false,
        };
        if !is_without_case {
            self.case = LETTERS;
        }
    }

    /// The values after THEN and ELSE.
    fn case(&mut self) -> Size {
        let (mut values, mut before) = (Vec::new(), "case");
        loop {
            let items = self.list();
            if matches!(before, "then" | "else") {
                values.extend(items);
            }
            match mem::replace(&mut self.end, End::Closed) {
                End::Word(word) if word != "end" => before = word,
                _ => return Size::Longest(values),
            }
        }
    }

    fn call(&self, function: &str, mut arguments: Vec<Size>) -> Size {
        let limit = match (function, &*arguments) {
            ("substr" | "substring", [_, _, Size::Number(letters)]) => Some(*letters),
            ("left" | "right", [_, Size::Number(letters)]) => Some(*letters),
            _ => None,
        };
        let longest = match (function, &*arguments) {
            ("replace", [_, Size::Bytes(_), Size::Bytes(inserted)]) => Some((*inserted).max(1)),
            ("repeat", [_, Size::Number(times)]) => Some(*times),
            ("lower" | "upper", _) => Some(self.case),
            ("substr" | "substring" | "left" | "right" | "nullif", _) => Some(1),
            ("hex", _) => Some(2),
            // `\000` for each byte.
            ("encode", _) => Some(4),
            _ => None,
        };
        if let (Some(factor), false) = (longest, arguments.is_empty()) {
            let size = Size::times(factor, arguments.swap_remove(0));
            return match limit {
                // A letter has at most four bytes.
                Some(letters) => Size::AtMost(letters.saturating_mul(4), Box::new(size)),
                None => size,
            };
        }
        match function {
            "coalesce" | "ifnull" | "greatest" | "least" | "max" | "min" | "trim" | "btrim"
            | "ltrim" | "rtrim" => Size::Longest(arguments),
            "concat" | "reverse" | "cast" => Size::Sum(arguments),
            "length" | "char_length" | "character_length" | "octet_length" | "bit_length"
            | "instr" | "strpos" | "position" | "ascii" | "unicode" => Size::Bytes(NUMBER),
            // SHA-512 in bytes; MD5 in hexadecimal has 32.
            "md5" | "sha224" | "sha256" | "sha384" | "sha512" => Size::Bytes(64),
            _ => Size::times(LETTERS, Size::Sum(arguments)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ty(column: &str) -> Option<Type> {
        match column {
            "id" | "owner" => Some(Type::Uuid),
            "day" => Some(Type::Date),
            "deleted_at" => Some(Type::Timestamp),
            "content" => Some(Type::Bytes),
            "email" | "name" | "text" | "a b" => Some(Type::Text),
            _ => None,
        }
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn only_column_of_a_key_that_can_be_too_long_is_named() {
        use crate::model::domain::{PrimaryKey, UniqueKey};

        let table = |key| Table {
            name: "labels",
            columns: &["owner", "name", "place", "email"],
            primary_key: PrimaryKey {
                name: "pk_labels",
                columns: key,
            },
            owner: Some("owner"),
            unique_keys: &[
                UniqueKey {
                    name: "uq_labels__owner_email",
                    columns: &["owner", "email"],
                },
                UniqueKey {
                    name: "uq_labels__name_email",
                    columns: &["name", "email"],
                },
            ],
            ..Table::BLANK
        };
        let named = table(&["name"]);
        assert_eq!(named.only_text_in("pk_labels"), Some("name"));
        assert_eq!(named.only_text_in("uq_labels__owner_email"), Some("email"));
        assert_eq!(named.only_text_in("uq_labels__name_email"), None);
        let owned = table(&["owner", "name"]);
        assert_eq!(owned.only_text_in("pk_labels"), Some("name"));
        assert_eq!(table(&["name", "place"]).only_text_in("pk_labels"), None);
    }

    #[test]
    fn texts_of_an_index_share_the_bytes_that_its_other_columns_leave() {
        for (entries, most) in [
            (&["email"][..], 2680),
            (&["email DESC"], 2680),
            (&["content"], 2680),
            (&["owner", "email"], 2664),
            (&["email", "day", "name"], 1332),
            (&["owner", "day"], MAX_BYTES),
            (&["lower(email)"], 2680),
            (&["owner", "lower(email) DESC"], 2664),
            (&["email", "lower(email)"], 1336),
        ] {
            let limit = most_bytes_in(entries.iter().copied(), "email", &ty);
            let limit = limit.min(most_bytes_in(entries.iter().copied(), "content", &ty));
            assert_eq!(limit, most, "{entries:?}");
        }
    }

    #[test]
    fn result_of_an_expression_fits_in_an_index() {
        for (sql, email, name) in [
            ("email || ' ' || name", 1339, 1339),
            ("coalesce(name, email, '')", 2680, 2680),
            ("lower(trim(email))", 2680, MAX_BYTES),
            ("TRIM(BOTH FROM email)", 2680, MAX_BYTES),
            ("lower((email)::text)", 2680, MAX_BYTES),
            ("email::pg_catalog.text", 2680, MAX_BYTES),
            ("CAST(email AS text)", 2680, MAX_BYTES),
            ("users.email", 2680, MAX_BYTES),
            ("\"email\"", 2680, MAX_BYTES),
            ("LOWER(EMAIL)", 2680, MAX_BYTES),
            ("pg_catalog.lower(email /* name */)", 2680, MAX_BYTES),
            ("lower(email COLLATE \"C\")", 2680, MAX_BYTES),
            ("lower(email COLLATE \"tr-x-icu\")", 893, MAX_BYTES),
            ("lower(email COLLATE public.german)", 893, MAX_BYTES),
            ("unaccent(email)", 893, MAX_BYTES),
            ("hex(email)", 1340, MAX_BYTES),
            ("replace(email, ' ', '')", 2680, MAX_BYTES),
            ("replace(email, '.', ' dot ')", 536, MAX_BYTES),
            ("repeat(email, 2)", 1340, MAX_BYTES),
            ("substr(email, 1, 100)", MAX_BYTES, MAX_BYTES),
            ("SUBSTRING(email FROM 1 FOR 100)", MAX_BYTES, MAX_BYTES),
            ("\"left\"(email, 100) || name", MAX_BYTES, 2280),
            ("substr(email, 1, 1000)", 2680, MAX_BYTES),
            ("substr(email, length(name))", 2680, MAX_BYTES),
            ("left(email, -3)", 2680, MAX_BYTES),
            ("length(email)", MAX_BYTES, MAX_BYTES),
            ("md5(email)", MAX_BYTES, MAX_BYTES),
            ("email IS NULL", MAX_BYTES, MAX_BYTES),
            ("(email = name)", MAX_BYTES, MAX_BYTES),
            ("email ->> 'name'", 2676, MAX_BYTES),
            ("CASE WHEN name = 'x' THEN email END", 2680, MAX_BYTES),
            (
                "CASE name WHEN 'x' THEN email ELSE CASE WHEN true THEN name END END",
                2680,
                2680,
            ),
            ("'email' || name", MAX_BYTES, 2675),
            ("email || (", 2680, MAX_BYTES),
            ("", MAX_BYTES, MAX_BYTES),
        ] {
            let most = |column| most_bytes_in([sql].into_iter(), column, &ty);
            assert_eq!((most("email"), most("name")), (email, name), "{sql}");
        }
        assert_eq!(most_bytes_in(["\"a b\""].into_iter(), "a b", &ty), 2680);
    }

    #[test]
    fn columns_of_which_an_index_has_parts_leave_their_bytes_to_the_others() {
        let most = |entries: &[&str], column| most_bytes_in(entries.iter().copied(), column, &ty);
        let parts = ["substr(email, 1, 100)", "substr(name, 1, 100)", "text"];
        assert_eq!(most(&parts, "email"), MAX_BYTES);
        assert_eq!(most(&parts, "text"), 2688 - 3 * 8 - 2 * 400);
        // Parts that could exceed the entry together limit their columns.
        let parts = ["substr(email, 1, 600)", "substr(name, 1, 600)"];
        assert_eq!(most(&parts, "email"), 1336);
    }
}
