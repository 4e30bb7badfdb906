//! What the tests share: domains, databases, observers, fault injection and the workloads of the soak.

pub mod adversarial;
pub mod agree;
pub mod bank;
pub mod book;
pub mod cancellation_points;
pub mod clock;
pub mod cross_owner;
pub mod generated;
pub mod kind;
pub mod login;
pub mod native_client;
pub mod observer;
pub mod own_server;
pub mod pace;
pub mod pages;
pub mod pgbouncer;
pub mod proxy;
pub mod raw;
pub mod sample;
pub mod slow;
pub mod soak;
pub mod specimen;
pub mod steps;
pub mod stores;
pub mod tasks;
pub mod users;
