//! What must not compile, and what the compiler then says.

// Without one of these a case fails for another reason.
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
