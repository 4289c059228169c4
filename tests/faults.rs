//! Whatever stops a refresh, a cancel, a timeout, an error, a lack of locks, a killed backend or a crash, takes its
//! transaction and nothing else: the sessions that are left go on, no lock stays, and every TVIEW equals its query.

#[path = "faults/apply.rs"]
mod apply;
#[path = "faults/crashes.rs"]
mod crashes;
#[path = "faults/errors.rs"]
mod errors;
#[path = "faults/load.rs"]
mod load;
#[path = "faults/lock_slots.rs"]
mod lock_slots;
#[path = "faults/prepared.rs"]
mod prepared;
#[path = "faults/recompute.rs"]
mod recompute;
#[path = "faults/scene.rs"]
mod scene;
mod server;
#[path = "faults/waits.rs"]
mod waits;
#[path = "faults/waits_before_a_read.rs"]
mod waits_before_a_read;
#[path = "faults/watch.rs"]
mod watch;
