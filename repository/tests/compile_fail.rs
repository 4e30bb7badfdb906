//! What must not compile, and what the compiler then says.

// Without the feature a case about migrations fails for another reason.
#![cfg(feature = "migrate")]

#[test]
fn mistakes_are_compile_errors() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
