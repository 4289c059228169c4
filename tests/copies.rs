//! Copies of a database with TVIEWs: dumped and restored in every way, made from a template, upgraded. Each is as the
//! original was, and maintained.

#[path = "copies/dump.rs"]
mod dump;
#[path = "copies/partial.rs"]
mod partial;
mod scene;
mod server;

use std::process::Command;

#[test]
fn database_made_from_a_template_is_maintained() {
    let (server, original) = scene::start();
    server
        .connect()
        .batch_execute("CREATE DATABASE copy TEMPLATE scene")
        .unwrap();
    scene::assert_copied(&original, &mut server.connect_to("copy"));
    scene::assert_maintained(&mut server.connect_to("scene"));
}

/// To another version it takes two servers: scripts/check-upgrade.
#[test]
fn cluster_that_went_through_pg_upgrade_is_maintained() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/check-upgrade");
    let output = Command::new(script)
        .output()
        .expect("run scripts/check-upgrade");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
}
