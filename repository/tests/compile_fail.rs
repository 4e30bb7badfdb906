//! Mistakes that must not compile, and the compiler's messages.

// Without one of these features a case fails for another reason than its mistake.
#![cfg(all(
    feature = "sqlite",
    feature = "postgres",
    feature = "migrate",
    feature = "testing"
))]

#[test]
fn mistakes_are_compile_errors() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
