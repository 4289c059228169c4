//! Stops the server's processes for some milliseconds, one after the other, at whatever they are doing: so others come in
//! between where they otherwise hardly would. Ends when it is dropped, and where the test itself has ended.

use std::process::{Child, Command, Stdio};

/// Nothing is ever written to its input, which ends with the test.
const SCRIPT: &str = r#"
    all=("$@")
    trap 'kill -CONT "${all[@]}"' EXIT
    while true; do
        one=${all[RANDOM % $#]}
        kill -STOP "$one" || break
        read -rt "0.00$((RANDOM % 9 + 1))" || (($? > 128)) || break
        kill -CONT "$one"
    done"#;

pub struct Hinder(Child);

impl Hinder {
    pub fn start(processes: &[i32]) -> Self {
        let child = Command::new("bash")
            .args(["-c", SCRIPT, "hinder"])
            .args(processes.iter().map(i32::to_string))
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("run bash");
        Self(child)
    }
}

impl Drop for Hinder {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}
