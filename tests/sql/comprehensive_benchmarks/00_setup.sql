-- Owns what the suite itself needs, in schema benchmark of a new database: the extension where it is wanted, the functions
-- that choose what the tests change, and the tables of results. Run by run_benchmarks.sh before anything else.

CREATE SCHEMA benchmark;
SET search_path = benchmark;

-- The same number in [0, 1) for the same arguments, in every run and on every server: n-th draw, salt of the purpose.
CREATE FUNCTION draw(n bigint, salt bigint) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (hashint8extended(n, salt) >> 11 & ((1::bigint << 52) - 1)) / (1::bigint << 52)::double precision;

-- A key between 1 and count, spread evenly: what the n-th sample of a round changes.
CREATE FUNCTION pick(count bigint, round int, n bigint) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 1 + floor(count * draw(round * 100000::bigint + n, 7))::int;

-- One row per execution that was timed. A rate has the unit tps, a duration ms, memory MB; products are the rows of the largest table.
CREATE TABLE benchmark_samples (
    sample int GENERATED ALWAYS AS IDENTITY,
    run text NOT NULL,
    scenario text NOT NULL,
    test text NOT NULL,
    scale text NOT NULL,
    products int NOT NULL,
    clients int,
    commit_delay_ms int,
    contender text NOT NULL,
    rows_affected int,
    unit text NOT NULL CHECK (unit IN ('ms', 'tps', 'MB')),
    value double precision NOT NULL,
    wal_bytes bigint, -- of one execution
    hot_share double precision -- of the updates of the models
);

CREATE TABLE benchmark_contenders (
    run text NOT NULL,
    scale text NOT NULL,
    contender text NOT NULL,
    status text NOT NULL CHECK (status IN ('right', 'wrong', 'skipped')),
    wrong_rows bigint NOT NULL,
    note text
);

CREATE TABLE benchmark_results (
    run text NOT NULL,
    scenario text NOT NULL,
    test text NOT NULL,
    scale text NOT NULL,
    products int NOT NULL,
    clients int,
    commit_delay_ms int,
    contender text NOT NULL,
    unit text NOT NULL,
    rows_affected int, -- documents that the change shows in, or that the query gives
    median double precision NOT NULL,
    p95 double precision NOT NULL,
    min double precision NOT NULL,
    runs int NOT NULL,
    ratio_to_none double precision, -- of the medians
    added_to_trigger double precision, -- what is added to the median of none, over what triggers add
    wal_bytes bigint,
    hot_share double precision,
    notes text,
    position int NOT NULL -- tests in the order in which they ran
);
