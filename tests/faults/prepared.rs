//! A prepared transaction keeps the locks of its refresh, through a crash too: who needs them waits until it is committed or
//! rolled back, and then sees what became of it.

use super::scene::{Held, RENAME, Scene};
use super::server::blog;
use super::{scene, watch};

#[test]
fn writer_waits_for_commit_prepared() {
    let mut scene = Scene::start(Held::Value);
    scene
        .holder
        .batch_execute("PREPARE TRANSACTION 'held'")
        .unwrap();

    scene
        .while_queued(RENAME, |holder, _, _| {
            holder.batch_execute("COMMIT PREPARED 'held'").unwrap()
        })
        .unwrap();

    assert_eq!(blog::title(&mut scene.writer, 100), "held");
    assert_is_over(&mut scene);
}

#[test]
fn writer_waits_for_commit_prepared_after_a_crash() {
    let mut scene = crashed_with_prepared(Held::Value);

    scene
        .while_queued(RENAME, |holder, _, _| {
            holder.batch_execute("COMMIT PREPARED 'held'").unwrap()
        })
        .unwrap();

    assert_eq!(blog::title(&mut scene.writer, 100), "held");
    assert_is_over(&mut scene);
}

#[test]
fn writer_of_the_same_row_waits_for_commit_prepared_after_a_crash() {
    let mut scene = crashed_with_prepared(Held::Key);

    scene
        .while_queued(RENAME, |holder, _, _| {
            holder.batch_execute("COMMIT PREPARED 'held'").unwrap()
        })
        .unwrap();

    assert_eq!(blog::title(&mut scene.writer, 4), "held");
    assert_is_over(&mut scene);
}

#[test]
fn writer_waits_for_rollback_prepared_after_a_crash() {
    let mut scene = crashed_with_prepared(Held::Key);

    scene
        .while_queued(RENAME, |holder, _, _| {
            holder.batch_execute("ROLLBACK PREPARED 'held'").unwrap()
        })
        .unwrap();

    assert_eq!(blog::title(&mut scene.writer, 4), "post 4");
    assert_is_over(&mut scene);
}

fn crashed_with_prepared(held: Held) -> Scene {
    let mut scene = Scene::start(held);
    scene
        .holder
        .batch_execute("PREPARE TRANSACTION 'held'")
        .unwrap();
    scene.server.crash_and_restart();
    scene.holder = scene::connect(&scene.server);
    scene.writer = scene::connect(&scene.server);
    scene.observer = scene::connect(&scene.server);
    watch::assert_a_lock_is_held(&mut scene.observer);
    scene
}

fn assert_is_over(scene: &mut Scene) {
    assert_eq!(
        scene::name_of_first_user(&mut scene.observer),
        "Ada Lovelace"
    );
    blog::assert_equals_query(&mut scene.observer);
    watch::assert_no_lock_is_left(&mut scene.observer);
    watch::assert_refreshes(&mut scene.holder);
}
