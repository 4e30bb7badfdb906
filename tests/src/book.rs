//! The pages of the book that have Rust blocks. Every one of these blocks is compiled.
//!
//! `cargo test --doc -p suite` compiles and runs the blocks of the pages below. The pages in [`RUN`] are followed
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
    agree: "agree.md",
    alternatives: "alternatives.md",
    concepts: "concepts.md",
    data_migrations: "data-migrations.md",
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
pub const RUN: &[&str] = &["start.md", "adding-an-entity.md", "cli.md"];
