-- The contender with triggers written by hand, as an expert would: statement triggers with transition tables that leave at once
-- where nothing shown has changed, and else patch the changed paths of the documents concerned, through their indexes. A loop over the
-- changed rows rather than a join with them: its plans do not depend on how many rows the first statement changed. They take
-- keys (pk_*, id) for constant and new comments for the last, and go stale when two transactions meet; a TVIEW does neither.
SET search_path = benchmark;

-- Users

CREATE FUNCTION users_inserted() RETURNS trigger LANGUAGE plpgsql SET search_path = benchmark AS $$
BEGIN
    INSERT INTO tv_user SELECT v.pk_user, v.id, v.data FROM new_rows n JOIN v_user v USING (pk_user);
    RETURN NULL;
END $$;
CREATE FUNCTION users_updated() RETURNS trigger LANGUAGE plpgsql SET search_path = benchmark AS $$
DECLARE
    c record;
    author jsonb;
BEGIN
    FOR c IN SELECT n.*, n.username <> o.username AS is_renamed FROM new_rows n JOIN old_rows o USING (pk_user)
             WHERE n.username <> o.username OR n.bio <> o.bio
    LOOP
        author := jsonb_build_object('id', c.id, 'username', c.username, 'bio', c.bio);
        UPDATE tv_user SET data = author WHERE pk_user = c.pk_user;
        UPDATE tv_post SET data = jsonb_set(data, '{author}', author) WHERE fk_user = c.pk_user;
        IF c.is_renamed THEN
            author := author - 'bio';
            UPDATE tv_comment SET data = jsonb_set(data, '{author}', author) WHERE fk_user = c.pk_user;
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
CREATE FUNCTION users_deleted() RETURNS trigger LANGUAGE plpgsql SET search_path = benchmark AS $$
BEGIN
    DELETE FROM tv_user d USING old_rows o WHERE d.pk_user = o.pk_user;
    RETURN NULL;
END $$;
CREATE TRIGGER follow_insert AFTER INSERT ON tb_user
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION users_inserted();
CREATE TRIGGER follow_update AFTER UPDATE ON tb_user
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION users_updated();
CREATE TRIGGER follow_delete AFTER DELETE ON tb_user
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION users_deleted();

-- Posts

CREATE FUNCTION posts_inserted() RETURNS trigger LANGUAGE plpgsql SET search_path = benchmark AS $$
BEGIN
    INSERT INTO tv_post SELECT v.pk_post, v.id, v.fk_user, v.data FROM new_rows n JOIN v_post v USING (pk_post);
    INSERT INTO tv_thread SELECT v.pk_thread, v.id, v.data FROM new_rows n JOIN v_thread v ON v.pk_thread = n.pk_post;
    RETURN NULL;
END $$;
CREATE FUNCTION posts_updated() RETURNS trigger LANGUAGE plpgsql SET search_path = benchmark AS $$
DECLARE
    c record;
    post jsonb;
BEGIN
    FOR c IN SELECT n.*, n.fk_user <> o.fk_user AS is_moved, n.title <> o.title AS is_renamed
             FROM new_rows n JOIN old_rows o USING (pk_post)
             WHERE n.title <> o.title OR n.body <> o.body OR n.fk_user <> o.fk_user
    LOOP
        UPDATE tv_post SET data = data || jsonb_build_object('title', c.title, 'body', c.body) WHERE pk_post = c.pk_post;
        IF c.is_renamed THEN
            post := jsonb_build_object('id', c.id, 'title', c.title);
            UPDATE tv_thread SET data = data || post WHERE pk_thread = c.pk_post;
            UPDATE tv_comment SET data = jsonb_set(data, '{post}', post) WHERE fk_post = c.pk_post;
        END IF;
        IF c.is_moved THEN
            UPDATE tv_post d SET fk_user = v.fk_user, data = v.data FROM v_post v WHERE d.pk_post = c.pk_post AND v.pk_post = c.pk_post;
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
CREATE FUNCTION posts_deleted() RETURNS trigger LANGUAGE plpgsql SET search_path = benchmark AS $$
BEGIN
    DELETE FROM tv_post d USING old_rows o WHERE d.pk_post = o.pk_post;
    DELETE FROM tv_thread d USING old_rows o WHERE d.pk_thread = o.pk_post;
    RETURN NULL;
END $$;
CREATE TRIGGER follow_insert AFTER INSERT ON tb_post
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION posts_inserted();
CREATE TRIGGER follow_update AFTER UPDATE ON tb_post
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION posts_updated();
CREATE TRIGGER follow_delete AFTER DELETE ON tb_post
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION posts_deleted();

-- Comments. Threads are extended for new ones, and computed anew for what else happens to comments.

CREATE FUNCTION comments_inserted() RETURNS trigger LANGUAGE plpgsql SET search_path = benchmark AS $$
BEGIN
    INSERT INTO tv_comment
    SELECT n.pk_comment, n.id, n.fk_post, n.fk_user,
           jsonb_build_object('id', n.id, 'body', n.body, 'author', jsonb_build_object('id', u.id, 'username', u.username),
                              'post', jsonb_build_object('id', p.id, 'title', p.title))
    FROM new_rows n JOIN tb_user u ON u.pk_user = n.fk_user JOIN tb_post p ON p.pk_post = n.fk_post;
    UPDATE tv_thread
    SET data = data || jsonb_build_object('comment_count', (data ->> 'comment_count')::int + added.count,
                                          'comments', data -> 'comments' || added.comments)
    FROM (SELECT fk_post, count(*), jsonb_agg(jsonb_build_object('id', id, 'body', body) ORDER BY pk_comment) AS comments
          FROM new_rows GROUP BY fk_post) AS added
    WHERE pk_thread = added.fk_post;
    RETURN NULL;
END $$;
CREATE FUNCTION comments_updated() RETURNS trigger LANGUAGE plpgsql SET search_path = benchmark AS $$
DECLARE
    c record;
BEGIN
    FOR c IN SELECT n.pk_comment, n.fk_post, o.fk_post AS old_post FROM new_rows n JOIN old_rows o USING (pk_comment)
             WHERE n.body <> o.body OR n.fk_post <> o.fk_post OR n.fk_user <> o.fk_user
    LOOP
        UPDATE tv_comment d SET fk_post = v.fk_post, fk_user = v.fk_user, data = v.data
        FROM v_comment v WHERE d.pk_comment = c.pk_comment AND v.pk_comment = c.pk_comment;
        UPDATE tv_thread d SET data = v.data FROM v_thread v WHERE v.pk_thread = d.pk_thread AND d.pk_thread IN (c.fk_post, c.old_post);
    END LOOP;
    RETURN NULL;
END $$;
CREATE FUNCTION comments_deleted() RETURNS trigger LANGUAGE plpgsql SET search_path = benchmark AS $$
BEGIN
    DELETE FROM tv_comment d USING old_rows o WHERE d.pk_comment = o.pk_comment;
    UPDATE tv_thread d SET data = v.data
    FROM (SELECT DISTINCT fk_post FROM old_rows) o JOIN v_thread v ON v.pk_thread = o.fk_post WHERE d.pk_thread = o.fk_post;
    RETURN NULL;
END $$;
CREATE TRIGGER follow_insert AFTER INSERT ON tb_comment
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION comments_inserted();
CREATE TRIGGER follow_update AFTER UPDATE ON tb_comment
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION comments_updated();
CREATE TRIGGER follow_delete AFTER DELETE ON tb_comment
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION comments_deleted();
