//! Replication: a physical standby shows TVIEWs and keeps them once promoted; a logical subscriber keeps TVIEWs of its own over
//! what it receives, and may receive TVIEWs into ordinary tables.

#[path = "replication/logical.rs"]
mod logical;
#[path = "replication/physical.rs"]
mod physical;
mod scene;
mod server;
