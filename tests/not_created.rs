//! A preloaded library must not be felt in a database where the extension is not created.

mod server;

use server::{Server, blog};

#[test]
fn tables_named_like_tviews_stay_plain_without_a_word() {
    let server = Server::start_without_extension();
    let (mut client, messages) = server.connect_and_listen();
    blog::create_sources(&mut client);

    blog::create_tview(&mut client);
    client
        .batch_execute("UPDATE tb_post SET title = 'new' WHERE pk_post = 4")
        .unwrap();
    client
        .batch_execute("INSERT INTO tv_post (pk_post) VALUES (99); DROP TABLE tb_user CASCADE")
        .unwrap();

    assert_eq!(blog::title(&mut client, 4), "post 4");
    let triggers: i64 = client
        .query_one(
            "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal",
            &[],
        )
        .unwrap()
        .get(0);
    assert_eq!(triggers, 0, "triggers on the tables");
    let messages = messages.lock().unwrap();
    let ours: Vec<_> = messages
        .iter()
        .filter(|message| !message.message().contains("drop cascades to"))
        .collect();
    assert!(ours.is_empty(), "messages: {ours:?}");
}
