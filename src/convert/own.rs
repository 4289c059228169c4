//! Owns the mark of DDL that a conversion runs itself: hook and event triggers pass it by.

use std::cell::Cell;

thread_local! {
    static IS_OWN: Cell<bool> = const { Cell::new(false) };
}

/// While it lives, commands are ours.
pub(super) struct OwnCommand(bool);

impl OwnCommand {
    pub(super) fn start() -> OwnCommand {
        OwnCommand(IS_OWN.replace(true))
    }
}

impl Drop for OwnCommand {
    fn drop(&mut self) {
        IS_OWN.set(self.0);
    }
}

/// Whether the command that runs now is one of ours.
pub(crate) fn is_own_command() -> bool {
    IS_OWN.get()
}
