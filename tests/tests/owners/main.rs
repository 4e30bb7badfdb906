//! Owners: nobody sees or changes the rows of another, through repositories, custom SQL or roles.

mod custom_sql;
mod repositories;
mod roles;
mod session_state;
