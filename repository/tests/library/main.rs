//! The library by itself: what must not compile, and databases for tests.

mod compile_fail;
mod ephemeral_databases;
