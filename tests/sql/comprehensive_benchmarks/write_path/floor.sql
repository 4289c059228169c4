-- The contender whose application knows what each write changes: a function for each, which carries it out and patches the paths
-- concerned, in the documents concerned. No trigger, no look at what has changed: what is left is the writing itself.
SET search_path = benchmark;

CREATE FUNCTION set_bio(changed int, value text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    bio jsonb := to_jsonb(value);
BEGIN
    UPDATE tb_user SET bio = value WHERE pk_user = changed;
    UPDATE tv_user SET data = jsonb_set(data, '{bio}', bio) WHERE pk_user = changed;
    UPDATE tv_post SET data = jsonb_set(data, '{author,bio}', bio) WHERE fk_user = changed;
END $$;

CREATE FUNCTION set_bios(first int, last int, value text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    bio jsonb := to_jsonb(value);
BEGIN
    UPDATE tb_user SET bio = value WHERE pk_user BETWEEN first AND last;
    UPDATE tv_user SET data = jsonb_set(data, '{bio}', bio) WHERE pk_user BETWEEN first AND last;
    UPDATE tv_post SET data = jsonb_set(data, '{author,bio}', bio) WHERE fk_user BETWEEN first AND last;
END $$;

CREATE FUNCTION set_username(changed int, value text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    username jsonb := to_jsonb(value);
BEGIN
    UPDATE tb_user SET username = value WHERE pk_user = changed;
    UPDATE tv_user SET data = jsonb_set(data, '{username}', username) WHERE pk_user = changed;
    UPDATE tv_post SET data = jsonb_set(data, '{author,username}', username) WHERE fk_user = changed;
    UPDATE tv_comment SET data = jsonb_set(data, '{author,username}', username) WHERE fk_user = changed;
END $$;

CREATE FUNCTION set_title(changed int, value text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    title jsonb := to_jsonb(value);
BEGIN
    UPDATE tb_post SET title = value WHERE pk_post = changed;
    UPDATE tv_post SET data = jsonb_set(data, '{title}', title) WHERE pk_post = changed;
    UPDATE tv_thread SET data = jsonb_set(data, '{title}', title) WHERE pk_thread = changed;
    UPDATE tv_comment SET data = jsonb_set(data, '{post,title}', title) WHERE fk_post = changed;
END $$;

CREATE FUNCTION add_comment(id uuid, fk_post int, fk_user int, body text) RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
    added int;
BEGIN
    INSERT INTO tb_comment (id, fk_post, fk_user, body) VALUES (id, fk_post, fk_user, body) RETURNING pk_comment INTO added;
    INSERT INTO tv_comment
    SELECT added, id, fk_post, fk_user,
           jsonb_build_object('id', id, 'body', body, 'author', jsonb_build_object('id', u.id, 'username', u.username),
                              'post', jsonb_build_object('id', p.id, 'title', p.title))
    FROM tb_user u, tb_post p WHERE u.pk_user = fk_user AND p.pk_post = fk_post;
    UPDATE tv_thread
    SET data = data || jsonb_build_object('comment_count', (data ->> 'comment_count')::int + 1,
                                          'comments', data -> 'comments' || jsonb_build_object('id', id, 'body', body))
    WHERE pk_thread = fk_post;
END $$;
