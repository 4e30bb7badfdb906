//! A Rust file that is changed at places which are found by parsing. Everything else in it stays as it is.

use std::ops::Range;
use std::str::FromStr;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// A file and what is to be inserted.
#[derive(Debug)]
pub(super) struct Source {
    text: String,
    pub(super) items: Vec<Item>,
    /// The end of the inner attributes and comments.
    header: usize,
    insertions: Vec<(usize, String)>,
}

/// An item at the top of a file.
#[derive(Debug)]
pub(super) struct Item {
    /// `mod`, `use`, `const`; empty for others without a name, such as `impl`.
    pub(super) keyword: String,
    /// The name, if there is one.
    pub(super) name: String,
    pub(super) public: bool,
    tokens: Vec<TokenTree>,
    /// With its attributes.
    range: Range<usize>,
}

impl Source {
    /// Parses a file.
    pub(super) fn parse(text: String) -> Result<Self, String> {
        let stream = TokenStream::from_str(&text).map_err(|error| {
            format!("line {}: it is no Rust: {error}", error.span().start().line)
        })?;
        let mut tokens = stream.into_iter().peekable();
        let mut header = 0;
        let mut items = Vec::new();
        let mut item: Vec<TokenTree> = Vec::new();
        while let Some(token) = tokens.next() {
            // `#![..]`, which is also what `//!` is.
            let inner = item.is_empty() && is_punct(&token, '#');
            if inner && tokens.peek().is_some_and(|next| is_punct(next, '!')) {
                header = [tokens.next(), tokens.next()]
                    .iter()
                    .flatten()
                    .fold(header, |end, token| token.span().byte_range().end.max(end));
                continue;
            }
            let is_value = declared(&item).is_some_and(|(keyword, _)| {
                ["const", "static", "use", "type"].contains(&&*keyword)
            });
            let ends = match &token {
                TokenTree::Punct(punct) => punct.as_char() == ';',
                TokenTree::Group(group) => group.delimiter() == Delimiter::Brace && !is_value,
                _ => false,
            };
            item.push(token);
            if ends {
                items.extend(Item::of(std::mem::take(&mut item)));
            }
        }
        Ok(Source {
            text,
            items,
            header,
            insertions: Vec::new(),
        })
    }

    /// The text with what was inserted.
    pub(super) fn finish(mut self) -> (String, String) {
        let before = self.text.clone();
        // From the end, so that the other places stay valid. What has the same place keeps its order.
        self.insertions.sort_by_key(|(at, _)| *at);
        for (at, text) in self.insertions.iter().rev() {
            self.text.insert_str(*at, text);
        }
        (before, self.text)
    }

    pub(super) fn item(&self, keyword: &str, name: &str) -> Option<&Item> {
        self.items
            .iter()
            .find(|item| item.keyword == keyword && item.name == name)
    }

    /// Whether a name is imported or defined at the top of the file.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.items.iter().any(|item| match item.keyword.as_str() {
            "use" => mentions(&item.tokens, name),
            _ => item.name == name,
        })
    }

    pub(super) fn insert(&mut self, at: usize, text: impl Into<String>) {
        self.insertions.push((at, text.into()));
    }

    /// Inserts a line at its alphabetical place among the items that `alike` gives a name to.
    pub(super) fn insert_sorted(
        &mut self,
        line: &str,
        name: &str,
        alike: impl Fn(&Item) -> Option<String>,
    ) {
        let group: Vec<(String, Range<usize>)> = self
            .items
            .iter()
            .filter_map(|item| Some((alike(item)?, item.range.clone())))
            .collect();
        let before = group.iter().rev().find(|(other, _)| other.as_str() < name);
        match (before, group.first()) {
            (Some((_, range)), _) => self.insert_after(range.end, line),
            (None, Some((_, range))) => self.insert(range.start, format!("{line}\n")),
            (None, None) => {
                let end = self.items.iter().rev().find(|item| item.keyword == "mod");
                let end = end.map_or(self.header, |item| item.range.end);
                self.insert_after(end, &format!("\n{line}"));
            }
        }
    }

    /// Inserts lines after the line in which something ends.
    fn insert_after(&mut self, end: usize, lines: &str) {
        match self.text[end..].find('\n') {
            Some(length) => self.insert(end + length + 1, format!("{lines}\n")),
            None => self.insert(end, format!("\n{lines}\n")),
        }
    }

    /// Inserts an item after the last one that `is_before` holds of, with an empty line between them.
    pub(super) fn insert_item(&mut self, text: &str, is_before: impl Fn(&Item) -> bool) {
        let before = self.items.iter().rev().find(|item| is_before(item));
        let end = before.map_or(self.text.len(), |item| item.range.end);
        self.insert_after(end.min(self.text.trim_end().len()), &format!("\n{text}"));
    }

    /// Adds names to `use path::{..}`; `path` is in the form `crate` or `catamaran::domain`.
    pub(super) fn import(&mut self, path: &str, names: &[&str]) {
        let missing: Vec<&str> = names
            .iter()
            .copied()
            .filter(|name| !self.knows(name))
            .collect();
        if missing.is_empty() {
            return;
        }
        let missing = missing.join(", ");
        let mut uses = self
            .items
            .iter()
            .filter(|item| item.keyword == "use" && !item.public);
        let last = uses
            .clone()
            .next_back()
            .map_or(self.header, |item| item.range.end);
        // The token before the semicolon: a group of names, or the only name.
        let names = uses.find_map(|item| match item.tokens.iter().rev().nth(1) {
            Some(names) if item.name == path && !is_punct(names, '*') => Some(names.clone()),
            _ => None,
        });
        match names {
            Some(TokenTree::Group(group)) => self.push(&group, &missing),
            Some(name) => {
                let place = name.span().byte_range();
                self.insert(place.start, "{");
                self.insert(place.end, format!(", {missing}}}"));
            }
            // The imports of the package itself follow those of other crates.
            None if path == "crate" => {
                self.insert_after(last, &format!("\nuse {path}::{{{missing}}};"))
            }
            None => self.insert_after(last, &format!("use {path}::{{{missing}}};")),
        }
    }

    /// Adds an element to the end of a list.
    pub(super) fn push(&mut self, list: &Group, element: &str) {
        let last = list.stream().into_iter().last();
        let close = list.span_close().byte_range().start;
        match last {
            None => self.insert(close, element),
            Some(last) if is_punct(&last, ',') => {
                self.insert(last.span().byte_range().end, format!(" {element},"));
            }
            Some(last) => self.insert(last.span().byte_range().end, format!(", {element}")),
        }
    }
}

impl Item {
    fn of(tokens: Vec<TokenTree>) -> Option<Self> {
        let start = tokens.first()?.span().byte_range().start;
        let end = tokens.last()?.span().byte_range().end;
        let (keyword, name) = declared(&tokens).unwrap_or_default();
        let public = tokens.iter().any(|token| is_word(token, "pub"));
        Some(Item {
            keyword,
            name,
            public,
            tokens,
            range: start..end,
        })
    }

    /// Whether it is `mod name;`.
    pub(super) fn is_file(&self) -> bool {
        self.keyword == "mod" && self.tokens.last().is_some_and(|last| is_punct(last, ';'))
    }

    /// Whether it is a constant of this type.
    pub(super) fn is_constant_of(&self, ty: &str) -> bool {
        let colon = self.tokens.iter().position(|token| is_punct(token, ':'));
        let ty_is = |at: usize| {
            self.tokens
                .get(at + 1)
                .is_some_and(|token| is_word(token, ty))
        };
        self.keyword == "const" && colon.is_some_and(ty_is)
    }

    /// The body in braces, also if it is an argument, as in `table!(Habit, Table { .. })`.
    pub(super) fn body(&self) -> Option<Group> {
        last_braces(self.tokens.clone())
    }

    /// Whether it calls a macro with this name.
    pub(super) fn calls(&self, name: &str) -> bool {
        let mut pairs = self.tokens.windows(2);
        pairs.any(|pair| is_word(&pair[0], name) && is_punct(&pair[1], '!'))
    }
}

fn last_braces(tokens: Vec<TokenTree>) -> Option<Group> {
    tokens.into_iter().rev().find_map(|token| match token {
        TokenTree::Group(group) => match group.delimiter() {
            Delimiter::Brace => Some(group),
            Delimiter::Parenthesis => last_braces(group.stream().into_iter().collect()),
            Delimiter::Bracket | Delimiter::None => None,
        },
        _ => None,
    })
}

/// The fields of a struct, or of a value of one: each name with the tokens behind its colon.
pub(super) fn fields(body: &Group) -> Vec<(String, Vec<TokenTree>)> {
    let mut fields: Vec<(String, Vec<TokenTree>)> = Vec::new();
    let tokens: Vec<TokenTree> = body.stream().into_iter().collect();
    // A comma in the arguments of a type separates no fields.
    let mut depth = 0_usize;
    let mut open = false;
    for (at, token) in tokens.iter().enumerate() {
        let name = match (open, token, tokens.get(at + 1)) {
            (false, TokenTree::Ident(name), Some(next)) if is_punct(next, ':') => {
                Some(name.to_string())
            }
            _ => None,
        };
        match name {
            Some(name) => {
                fields.push((name, Vec::new()));
                open = true;
                depth = 0;
            }
            None if open => {
                depth += usize::from(is_punct(token, '<'));
                depth = depth.saturating_sub(usize::from(is_punct(token, '>')));
                if is_punct(token, ',') && depth == 0 {
                    open = false;
                } else if let Some((_, value)) = fields.last_mut() {
                    value.push(token.clone());
                }
            }
            None => {}
        }
    }
    let behind_colon =
        |(name, value): (String, Vec<TokenTree>)| (name, value.into_iter().skip(1).collect());
    fields.into_iter().map(behind_colon).collect()
}

/// The list in `&[..]`.
pub(super) fn list(value: &[TokenTree]) -> Option<&Group> {
    match value {
        [and, TokenTree::Group(group)]
            if is_punct(and, '&') && group.delimiter() == Delimiter::Bracket =>
        {
            Some(group)
        }
        _ => None,
    }
}

/// The place of `..BLANK` at the end of a value.
pub(super) fn rest(body: &Group) -> Option<usize> {
    let tokens: Vec<TokenTree> = body.stream().into_iter().collect();
    let at = tokens
        .windows(2)
        .rposition(|two| is_punct(&two[0], '.') && is_punct(&two[1], '.'))?;
    Some(tokens[at].span().byte_range().start)
}

/// The keyword of an item and its name; for `use`, the path without the last part.
fn declared(tokens: &[TokenTree]) -> Option<(String, String)> {
    const KEYWORDS: [&str; 11] = [
        "const", "enum", "extern", "fn", "mod", "static", "struct", "trait", "type", "union", "use",
    ];
    let mut words = tokens
        .iter()
        .enumerate()
        .filter_map(|(at, token)| match token {
            TokenTree::Ident(ident) => Some((at, ident.to_string())),
            _ => None,
        });
    let (at, keyword) = words
        .by_ref()
        .find(|(_, word)| KEYWORDS.contains(&&**word) || word == "impl" || word == "macro_rules")?;
    let name = words.next().map(|(_, name)| name).unwrap_or_default();
    match keyword.as_str() {
        "use" => {
            let path: Vec<String> = tokens[at + 1..]
                .iter()
                .filter_map(|token| match token {
                    TokenTree::Ident(ident) => Some(ident.to_string()),
                    _ => None,
                })
                .collect();
            let last = tokens.iter().rev().nth(1);
            let whole =
                last.is_some_and(|last| matches!(last, TokenTree::Group(_)) || is_punct(last, '*'));
            let length = path.len() - usize::from(!whole && !path.is_empty());
            Some((keyword, path[..length].join("::")))
        }
        "impl" | "macro_rules" => Some((String::new(), String::new())),
        // `const fn`
        "const" | "extern" if name == "fn" => {
            Some((name, words.next().map(|(_, name)| name).unwrap_or_default()))
        }
        _ => Some((keyword, name)),
    }
}

/// Whether tokens contain a word, in any group.
fn mentions(tokens: &[TokenTree], name: &str) -> bool {
    tokens.iter().any(|token| match token {
        TokenTree::Group(group) => mentions(&group.stream().into_iter().collect::<Vec<_>>(), name),
        other => is_word(other, name),
    })
}

fn is_punct(token: &TokenTree, character: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == character)
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_a_struct_are_read_with_their_types() {
        let text = "use a::B;\n\n/// A.\n#[derive(B)]\npub struct A {\n    /// Its id.\n    #[b(id)]\n    pub id: Option<C<D>>,\n    name: String,\n}\n";
        let source = Source::parse(text.to_owned()).expect("Rust");
        let body = source
            .item("struct", "A")
            .and_then(Item::body)
            .expect("a body");
        let names: Vec<String> = fields(&body).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["id", "name"]);
    }

    #[test]
    fn fields_of_a_constant_are_found_inside_of_a_macro() {
        for text in [
            "const A: Table = Table { name: \"a\", ..B };",
            "const A: Table = table!(Table { name: \"a\", ..B });",
            "const A: Table = table!(\n    Habit,\n    Table { name: \"a\", ..B }\n);",
            "const A: Table = catamaran::table!(types = C, Table { name: \"a\", ..B });",
        ] {
            let source = Source::parse(text.to_owned()).expect("Rust");
            let item = source.item("const", "A").expect("a constant");
            assert_eq!(item.calls("table"), text.contains('!'), "{text}");
            let body = item.body().expect("a body");
            let fields = fields(&body);
            assert_eq!(fields.len(), 1, "{text}");
            assert_eq!(fields[0].0, "name", "{text}");
            let rest = rest(&body).expect("the rest");
            assert!(text[rest..].starts_with("..B"), "{text}");
        }
    }

    fn edited(text: &str, edit: impl FnOnce(&mut Source)) -> String {
        let mut source = Source::parse(text.to_owned()).expect("Rust");
        edit(&mut source);
        source.finish().1
    }

    #[test]
    fn import_joins_the_one_of_its_path() {
        for (before, after) in [
            ("use a::{B, C};\n", "use a::{B, C, D};\n"),
            ("use a::{\n    B,\n};\n", "use a::{\n    B, D,\n};\n"),
            ("use a::B;\n", "use a::{B, D};\n"),
            ("use a::D;\n", "use a::D;\n"),
            (
                "//! Text.\n\nuse c::B;\n",
                "//! Text.\n\nuse c::B;\nuse a::{D};\n",
            ),
            ("//! Text.\n", "//! Text.\nuse a::{D};\n"),
        ] {
            assert_eq!(edited(before, |file| file.import("a", &["D"])), after);
        }
    }

    #[test]
    fn line_is_inserted_at_its_alphabetical_place() {
        let modules = |item: &Item| item.is_file().then(|| item.name.clone());
        for (before, after) in [
            ("mod a;\nmod c;\n", "mod a;\nmod b;\nmod c;\n"),
            ("mod c; // text\n", "mod b;\nmod c; // text\n"),
            (
                "mod a; // text\nfn f() {}\n",
                "mod a; // text\nmod b;\nfn f() {}\n",
            ),
            ("//! Text.\n", "//! Text.\n\nmod b;\n"),
            (
                "mod a {\n    mod z;\n}\n",
                "mod a {\n    mod z;\n}\n\nmod b;\n",
            ),
        ] {
            let insert = |file: &mut Source| file.insert_sorted("mod b;", "b", modules);
            assert_eq!(edited(before, insert), after);
        }
    }
}
