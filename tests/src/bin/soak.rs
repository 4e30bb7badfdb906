//! What `cargo xtask soak` runs, and the client that it kills.
fn main() {
    let mut args = std::env::args().skip(2);
    let owner = args.next().unwrap().parse().unwrap();
    let seed = args.next().unwrap().parse().unwrap();
    tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(suite::soak::client::run(owner, seed))
        .unwrap();
}
