//! Tests of parsing and comparing a page.

use super::parse::{Action, Command, Step, steps};
use super::{edit, quote};

fn quoted(lines: &[&str], output: &str) -> bool {
    let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    quote::matches(&lines, output)
}

#[test]
fn block_after_the_name_of_a_file_is_its_content() {
    let page = "Text.\n\n`src/lib.rs`:\n\n```rust\n//! Hull.\n```\n";
    let action = Action::Write {
        path: "src/lib.rs".to_owned(),
        text: "//! Hull.\n".to_owned(),
    };
    assert_eq!(steps(page), Ok(vec![Step { line: 5, action }]));
}

#[test]
fn diff_after_the_name_of_a_file_is_a_change_of_it() {
    let page = "`src/lib.rs`:\n\n```diff\n+mod hull;\n```\n";
    let action = Action::Edit {
        path: "src/lib.rs".to_owned(),
        diff: "+mod hull;\n".to_owned(),
    };
    assert_eq!(steps(page), Ok(vec![Step { line: 3, action }]));
}

#[test]
fn block_can_be_appended_to_a_file() {
    let page = "At the end of `src/lib.rs`:\n\n```rust\nmod hull;\n```\n";
    let action = Action::Append {
        path: "src/lib.rs".to_owned(),
        text: "mod hull;\n".to_owned(),
    };
    assert_eq!(steps(page), Ok(vec![Step { line: 3, action }]));
}

#[test]
fn console_block_is_parsed_into_commands_with_output() {
    let page = "```console\n$ one\nout\n\n$ two\n```\n";
    let command = |line, text: &str, output: &[&str]| Command {
        line,
        text: text.to_owned(),
        output: output.iter().map(|line| (*line).to_owned()).collect(),
    };
    let action = Action::Run(vec![command(2, "one", &["out"]), command(5, "two", &[])]);
    assert_eq!(steps(page), Ok(vec![Step { line: 1, action }]));
}

#[test]
fn block_that_cannot_be_followed_is_an_error_with_its_line() {
    for page in [
        "Text.\n\n```rust\nfn main() {}\n```\n",
        "Text.\n\n```\nfn main() {}\n```\n",
        "Text.\n\n    fn main() {}\n",
        "`src/lib.rs`:\n\n```console\n$ one\n```\n",
        "Text.\n\n```console\nout\n```\n",
        // The name is not directly before the block.
        "`src/lib.rs`:\n\n# Head\n\n```rust\n```\n",
        "See `src/lib.rs`:\n\n```rust\n```\n",
    ] {
        let error = steps(page).expect_err(page);
        let digits = error.bytes().take_while(u8::is_ascii_digit).count();
        assert!(error[digits..].starts_with(": "), "{error}");
    }
    assert_eq!(steps("```text\nshown\n```\n"), Ok(vec![]));
}

#[test]
fn output_must_equal_the_quoted_lines() {
    assert!(quoted(&["one", "two"], "one\ntwo\n"));
    for wrong in ["one\n", "one\ntwo\nthree\n", "two\none\n", ""] {
        assert!(!quoted(&["one", "two"], wrong), "{wrong:?}");
    }
}

#[test]
fn line_of_three_dots_matches_any_number_of_lines() {
    let lines = ["...", "two", "...", "four"];
    assert!(quoted(&lines, "two\nfour\n"));
    assert!(quoted(&lines, "0\n1\ntwo\n3\n3\nfour\n"));
    assert!(!quoted(&lines, "two\nfour\nfive\n"));
    assert!(!quoted(&lines, "four\ntwo\n"));
}

#[test]
fn placeholder_matches_only_values_of_its_kind() {
    let line = ["in <seconds>s: <path> (a-<hash>)"];
    assert!(quoted(&line, "in 0.12s: /tmp/x/y.rs (a-00ff)"));
    assert!(!quoted(&line, "in s: /tmp/x/y.rs (a-00ff)"));
    assert!(!quoted(&line, "in 0.12s: /tmp/x y.rs (a-00ff)"));
    assert!(!quoted(&line, "in 0.12s: /tmp/x/y.rs (a-00xx)"));
    assert!(quoted(&["<path>.rs"], "/tmp/y.rs"));
}

#[test]
fn diff_adds_and_removes_lines() {
    let text = "a\nb\nc\n";
    assert_eq!(
        edit::apply(text, " a\n+x\n@@\n-c\n").as_deref(),
        Ok("a\nx\nb\n")
    );
}

#[test]
fn diff_whose_old_lines_do_not_occur_once_is_an_error() {
    assert!(edit::apply("a\n", " b\n+x\n").is_err());
    assert!(edit::apply("a\na\n", " a\n+x\n").is_err());
    assert!(edit::apply("a\n", "+x\n").is_err());
    assert!(edit::apply("a\n", "*a\n").is_err());
}
