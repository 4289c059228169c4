-- The contender with one lock: the triggers of trigger.sql, made right by an exclusive lock that whoever changes what a
-- document shows takes before they look, and keeps until the end of its commit. Triggers fire in the order of their names.
\ir trigger.sql

CREATE FUNCTION lock_all_documents() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock('tv_post'::regclass::oid::bigint);
    RETURN NULL;
END $$;
CREATE TRIGGER before_follow AFTER INSERT OR DELETE OR UPDATE OF id, fk_user, title ON tb_post
    FOR EACH STATEMENT EXECUTE FUNCTION lock_all_documents();
CREATE TRIGGER before_follow AFTER UPDATE OF name ON tb_user
    FOR EACH STATEMENT EXECUTE FUNCTION lock_all_documents();
