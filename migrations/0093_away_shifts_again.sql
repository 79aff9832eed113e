-- How often a shift whose person is away was told. The version before this one tells each once.

-- migrate:up

ALTER TABLE away_shifts ADD COLUMN told integer NOT NULL DEFAULT 1;

-- migrate:down

ALTER TABLE away_shifts DROP COLUMN told;
