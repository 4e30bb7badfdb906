//! The pages of the book: every Rust block of theirs is compiled.
//!
//! `cargo test --doc -p suite` compiles and runs the blocks of the pages below. The two pages in [`RUN`] are followed
//! word by word by `cargo xtask pages`, which compiles their blocks as the files that they are.

/// Declares a module for each page, for rustdoc to find the blocks, and the list of the pages.
macro_rules! pages {
    ($($name:ident: $file:literal,)*) => {
        $(
            #[cfg(doctest)]
            #[doc = include_str!(concat!("../../docs/src/", $file))]
            mod $name {}
        )*

        /// The pages whose Rust blocks are doctests.
        pub const DOCTESTED: &[&str] = &[$($file),*];
    };
}

pages! {
    alternatives: "alternatives.md",
    concepts: "concepts.md",
    decisions: "decisions.md",
    doctor: "doctor.md",
    doctor_proof: "doctor-proof.md",
    engines: "engines.md",
    errors: "errors.md",
    faq: "faq.md",
    from_seaorm: "from-seaorm.md",
    introduction: "introduction.md",
    operations: "operations.md",
    owners: "owners.md",
    performance: "performance.md",
    poolers: "poolers.md",
    queries: "queries.md",
    soak: "soak.md",
    units: "units.md",
}

/// The block of the README is a doctest too.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}

/// The pages that `cargo xtask pages` follows.
pub const RUN: &[&str] = &["start.md", "adding-an-entity.md"];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::PathBuf;

    use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag};

    use super::{DOCTESTED, RUN};

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

    fn linked(summary: &str) -> BTreeSet<String> {
        let link = |event| match event {
            Event::Start(Tag::Link { dest_url, .. }) => Some(dest_url.into_string()),
            _ => None,
        };
        Parser::new(summary).filter_map(link).collect()
    }

    #[test]
    fn every_page_of_the_summary_is_doctested_or_run_and_no_other_page_exists() {
        let tested: BTreeSet<String> = DOCTESTED
            .iter()
            .chain(RUN)
            .map(|page| (*page).to_owned())
            .collect();
        assert_eq!(linked(&page("SUMMARY.md")), tested);

        let files: BTreeSet<String> = std::fs::read_dir(folder())
            .expect("docs/src")
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .into_string()
                    .expect("UTF-8")
            })
            .filter(|name| name.ends_with(".md") && name != "SUMMARY.md")
            .collect();
        assert_eq!(files, tested);
    }

    #[test]
    fn no_block_of_a_page_is_ignored_and_each_names_its_language() {
        let pages = DOCTESTED.iter().chain(RUN);
        let blocks = pages.flat_map(|name| infos(&page(name)).into_iter().map(move |i| (name, i)));
        let wrong: Vec<_> = blocks
            .filter(|(_, info)| {
                info.is_empty() || info.iter().any(|word| word.starts_with("ignore"))
            })
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
}
