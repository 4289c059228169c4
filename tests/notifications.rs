//! NOTIFY by a trigger on a TVIEW: who listens hears of a refresh once its transaction has committed, and then sees the rows.

mod server;

use postgres::fallible_iterator::FallibleIterator;
use server::{Server, blog};
use std::time::Duration;

#[test]
fn listener_hears_of_a_refresh_and_sees_it() {
    let server = Server::start();
    let mut writer = server.connect();
    blog::create_sources(&mut writer);
    blog::create_tview(&mut writer);
    writer
        .batch_execute(
            "CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN PERFORM pg_catalog.pg_notify('posts', NEW.pk_post::text); RETURN NULL; END $$;
             CREATE TRIGGER tell AFTER UPDATE ON tv_post FOR EACH ROW EXECUTE FUNCTION tell()",
        )
        .unwrap();
    let mut listener = server.connect();
    listener.batch_execute("LISTEN posts").unwrap();

    writer
        .batch_execute("BEGIN; UPDATE tb_post SET title = 'never' WHERE pk_post = 3; ROLLBACK")
        .unwrap();
    writer
        .batch_execute("UPDATE tb_post SET title = 'heard of' WHERE pk_post = 4")
        .unwrap();

    let heard = listener
        .notifications()
        .timeout_iter(Duration::from_secs(30))
        .next()
        .unwrap()
        .expect("a notification");
    assert_eq!((heard.channel(), heard.payload()), ("posts", "4"));
    assert_eq!(blog::title(&mut listener, 4), "heard of");
}
