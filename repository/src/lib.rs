#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "migrate")]
pub mod migrate;
