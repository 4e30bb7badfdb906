//! The book is complete, and every Rust block of it is compiled.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag};
use suite::book::{DOCTESTED, RUN};

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/src"))
}

fn page(name: &str) -> String {
    let path = folder().join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The info strings of a page's code blocks, split at commas and spaces.
fn infos(text: &str) -> Vec<Vec<String>> {
    let block = |event| match event {
        Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => Some(
            info.split([',', ' '])
                .filter(|word| !word.is_empty())
                .map(str::to_owned)
                .collect(),
        ),
        // rustdoc takes an indented block for Rust too.
        Event::Start(Tag::CodeBlock(CodeBlockKind::Indented)) => Some(Vec::new()),
        _ => None,
    };
    Parser::new(text).filter_map(block).collect()
}

/// The pages that the table of contents links.
fn linked() -> BTreeSet<String> {
    let summary = page("SUMMARY.md");
    let link = |event| match event {
        Event::Start(Tag::Link { dest_url, .. }) => Some(dest_url.into_string()),
        _ => None,
    };
    Parser::new(&summary).filter_map(link).collect()
}

/// Adds the pages below a folder, by their paths from `docs/src`.
fn add_pages(folder: &Path, prefix: &str, pages: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("UTF-8");
        if entry.path().is_dir() {
            add_pages(&entry.path(), &format!("{prefix}{name}/"), pages);
        } else if name.ends_with(".md") {
            pages.insert(format!("{prefix}{name}"));
        }
    }
}

#[test]
fn the_table_of_contents_links_every_page_of_the_book() {
    let mut pages = BTreeSet::new();
    add_pages(&folder(), "", &mut pages);
    assert!(pages.remove("SUMMARY.md"));
    assert_eq!(linked(), pages);
}

#[test]
fn every_page_with_a_rust_block_is_doctested_or_run() {
    let compiled: BTreeSet<&str> = DOCTESTED.iter().chain(RUN).copied().collect();
    let is_rust = |info: &Vec<String>| info.iter().any(|word| word == "rust");
    let pages = linked();
    let missing: Vec<_> = pages
        .iter()
        .filter(|name| infos(&page(name)).iter().any(is_rust) && !compiled.contains(name.as_str()))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn no_block_of_a_page_is_ignored_and_each_names_its_language() {
    let pages = linked();
    let blocks = pages
        .iter()
        .flat_map(|name| infos(&page(name)).into_iter().map(move |info| (name, info)));
    let wrong: Vec<_> = blocks
        .filter(|(_, info)| info.is_empty() || info.iter().any(|word| word.starts_with("ignore")))
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn an_ignored_block_is_found() {
    let text = "```rust,ignore\n```\n\n```rust, ignore-windows\n```\n";
    let ignored = infos(text);
    assert_eq!(
        ignored,
        [vec!["rust", "ignore"], vec!["rust", "ignore-windows"]]
    );
}
