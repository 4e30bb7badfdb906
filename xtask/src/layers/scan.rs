//! Reads the paths in one file.
//!
//! It reads tokens and not a syntax tree, so that it also finds paths in calls and bodies of macros. Comments are no
//! tokens, and doc comments are literals.

use std::{iter::Peekable, str::FromStr, vec};

use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};

use super::tree::{Module, ModulePath, Tree};
use crate::Outcome;

/// A path as written in a file.
#[derive(Debug)]
pub struct Reference {
    pub line: usize,
    pub path: Vec<String>,
    /// `use path::*`
    pub glob: bool,
    /// `pub use` with any visibility.
    pub reexport: bool,
}

/// Adds a file and its inline modules to the tree.
pub fn file(tree: &mut Tree, path: ModulePath, file: String, text: &str) -> Outcome<()> {
    let tokens = TokenStream::from_str(text)
        .map_err(|error| format!("{file}:{}: {error}", error.span().start().line))?;
    let mut scanner = Scanner {
        tree,
        file,
        file_module: path.clone(),
    };
    scanner.module(path, tokens);
    Ok(())
}

struct Scanner<'a> {
    tree: &'a mut Tree,
    file: String,
    file_module: ModulePath,
}

type Tokens = Peekable<vec::IntoIter<TokenTree>>;

/// The keywords before the name of an item.
const ITEMS: [&str; 8] = [
    "const", "enum", "fn", "static", "struct", "trait", "type", "union",
];

impl Scanner<'_> {
    fn module(&mut self, path: ModulePath, tokens: TokenStream) {
        let file = self.file.clone();
        let file_module = self.file_module.clone();
        let module = Module {
            file,
            file_module,
            ..Module::default()
        };
        self.tree.modules.insert(path.clone(), module);
        self.scope(&path, tokens, true);
    }

    /// Reads the tokens of a module: `top` for its own, false for those of a group inside it.
    fn scope(&mut self, module: &ModulePath, tokens: TokenStream, top: bool) {
        let mut tokens = peekable(tokens);
        let mut exported = false;
        let mut visible = false;
        while let Some(token) = tokens.next() {
            let group = match token {
                TokenTree::Group(group) => group,
                TokenTree::Punct(punct) => {
                    // A path that begins with `::` names another crate, or continues a type.
                    if punct.as_char() == ':'
                        && punct.spacing() == Spacing::Joint
                        && separator(&mut tokens)
                    {
                        path(&mut tokens, Vec::new());
                    } else if punct.as_char() == '$'
                        && matches!(tokens.peek(), Some(TokenTree::Ident(ident)) if ident != "crate")
                    {
                        tokens.next();
                    }
                    continue;
                }
                TokenTree::Ident(ident) => {
                    let line = ident.span().start().line;
                    let word = plain(&ident.to_string());
                    match word.as_str() {
                        "pub" => {
                            visible = true;
                            continue;
                        }
                        // `impl Trait + use<'a>` imports nothing.
                        "use" if !is_punct(tokens.peek(), '<') => {
                            self.import(module, &mut tokens, Vec::new(), visible);
                        }
                        "mod" => {
                            if let Some(body) = inline_module(&mut tokens) {
                                let (name, body) = body;
                                self.module([&module[..], &[name]].concat(), body);
                            }
                        }
                        "macro_rules" => {
                            if let Some(name) = macro_name(&mut tokens) {
                                if exported {
                                    self.tree.exported.insert(name.clone(), module.clone());
                                }
                                self.define(module, name);
                            }
                            exported = false;
                        }
                        item if top && ITEMS.contains(&item) => {
                            if let Some(TokenTree::Ident(name)) = tokens.peek() {
                                self.define(module, plain(&name.to_string()));
                            }
                        }
                        _ => {
                            let path = path(&mut tokens, vec![word]);
                            if path.len() > 1 {
                                self.refer(
                                    module,
                                    Reference {
                                        line,
                                        path,
                                        glob: false,
                                        reexport: false,
                                    },
                                );
                            }
                        }
                    }
                    visible = false;
                    continue;
                }
                TokenTree::Literal(_) => continue,
            };
            exported |= exports(&group);
            self.scope(module, group.stream(), false);
        }
    }

    /// Reads a path after `use`, or after `{` or `,` in its groups.
    fn import(
        &mut self,
        module: &ModulePath,
        tokens: &mut Tokens,
        prefix: Vec<String>,
        reexport: bool,
    ) {
        let mut path = prefix;
        // `use ::other_crate::…` names nothing of this crate.
        let foreign = is_punct(tokens.peek(), ':');
        let mut line = 0;
        while let Some(token) = tokens.next_if(|token| !ends_import(token)) {
            line = token.span().start().line;
            match token {
                TokenTree::Ident(ident) if ident == "as" => {
                    let alias = tokens.next().map(|alias| plain(&alias.to_string()));
                    return self.bind(module, path, alias, line, reexport, foreign);
                }
                TokenTree::Ident(ident) => path.push(plain(&ident.to_string())),
                TokenTree::Punct(punct) if punct.as_char() == '*' => {
                    if !foreign {
                        self.module_mut(module).globs.push(path.clone());
                        self.refer(
                            module,
                            Reference {
                                line,
                                path,
                                glob: true,
                                reexport,
                            },
                        );
                    }
                    return;
                }
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                    let mut inner = peekable(group.stream());
                    while inner.peek().is_some() {
                        if !foreign {
                            self.import(module, &mut inner, path.clone(), reexport);
                        }
                        inner.next();
                    }
                    return;
                }
                _ => {}
            }
        }
        self.bind(module, path, None, line, reexport, foreign);
    }

    fn bind(
        &mut self,
        module: &ModulePath,
        mut path: Vec<String>,
        alias: Option<String>,
        line: usize,
        reexport: bool,
        foreign: bool,
    ) {
        // `use a::{self, b}`
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        let Some(last) = path.last().filter(|_| !foreign) else {
            return;
        };
        let name = alias.unwrap_or_else(|| last.clone());
        self.module_mut(module)
            .bindings
            .entry(name)
            .or_default()
            .push(path.clone());
        self.refer(
            module,
            Reference {
                line,
                path,
                glob: false,
                reexport,
            },
        );
    }

    fn define(&mut self, module: &ModulePath, name: String) {
        self.module_mut(module).items.insert(name);
    }

    fn refer(&mut self, module: &ModulePath, reference: Reference) {
        self.module_mut(module).references.push(reference);
    }

    fn module_mut(&mut self, module: &ModulePath) -> &mut Module {
        self.tree.modules.entry(module.clone()).or_default()
    }
}

fn peekable(tokens: TokenStream) -> Tokens {
    tokens
        .into_iter()
        .collect::<Vec<_>>()
        .into_iter()
        .peekable()
}

/// A name without the `r#` of a raw identifier.
fn plain(name: &str) -> String {
    name.strip_prefix("r#").unwrap_or(name).to_owned()
}

fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

/// Consumes the second half of a `::`.
fn separator(tokens: &mut Tokens) -> bool {
    tokens.next_if(|token| is_punct(Some(token), ':')).is_some()
}

/// Consumes the rest of a path: any number of `::name`.
fn path(tokens: &mut Tokens, mut path: Vec<String>) -> Vec<String> {
    loop {
        if !path.is_empty() {
            let colon = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ':' && punct.spacing() == Spacing::Joint);
            if tokens.next_if(colon).is_none() || !separator(tokens) {
                return path;
            }
        }
        match tokens.next_if(|token| matches!(token, TokenTree::Ident(_))) {
            Some(name) => path.push(plain(&name.to_string())),
            None => return path,
        }
    }
}

/// The name and the body of `mod name { … }`. `None` for `mod name;`, which has its own file.
fn inline_module(tokens: &mut Tokens) -> Option<(String, TokenStream)> {
    let TokenTree::Ident(name) = tokens.next_if(|token| matches!(token, TokenTree::Ident(_)))?
    else {
        return None;
    };
    let is_body = |token: &TokenTree| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
    match tokens.next_if(is_body)? {
        TokenTree::Group(body) => Some((plain(&name.to_string()), body.stream())),
        _ => None,
    }
}

/// The name in `macro_rules! name { … }`.
fn macro_name(tokens: &mut Tokens) -> Option<String> {
    tokens.next_if(|token| is_punct(Some(token), '!'))?;
    let name = tokens.next_if(|token| matches!(token, TokenTree::Ident(_)))?;
    Some(plain(&name.to_string()))
}

/// Whether this is `[macro_export]`.
fn exports(group: &Group) -> bool {
    let first = group.stream().into_iter().next();
    group.delimiter() == Delimiter::Bracket
        && matches!(first, Some(TokenTree::Ident(word)) if word == "macro_export")
}

fn ends_import(token: &TokenTree) -> bool {
    is_punct(Some(token), ';') || is_punct(Some(token), ',')
}
