//! The only room with raw server pointers. Gives the rest of the extension safe, borrowed or
//! owned Rust: guards that restore on drop, owned values, read-only views of query trees.
//! Never looks up to the rooms that use it; hooks reach them through [`handlers::Handlers`].

pub(crate) mod attempt;
pub(crate) mod command;
pub(crate) mod direct;
mod ffi;
pub(crate) mod function;
pub(crate) mod guard;
pub(crate) mod handlers;
pub(crate) mod hash;
pub(crate) mod hooks;
pub(crate) mod identity;
mod list;
pub(crate) mod lock;
pub(crate) mod node;
pub(crate) mod procedure;
pub(crate) mod relation;
pub(crate) mod scan;
pub(crate) mod snapshot;
pub(crate) mod spi;
pub(crate) mod spool;
pub(crate) mod table;
pub(crate) mod transaction;
pub(crate) mod trigger;
mod utility;
pub(crate) mod value;
mod version;
mod writes;
