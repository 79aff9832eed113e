-- Who has chosen a severity over the decision tree's, when, and what the tree had said.

-- migrate:up

-- Each choice as it was made; going back or choosing another one withdraws it and keeps the row. The one that stands is
-- triages.severity as well, which is what counts: the version that runs while this is applied writes only that.
CREATE TABLE triage_choices (
    id                bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    triage_id         bigint      NOT NULL REFERENCES triages ON DELETE CASCADE,
    proposed          text,                                    -- a severity, 'reevaluate'; null: a question was open
    severity          text        NOT NULL,
    by_id             bigint      NOT NULL,
    by_name           text        NOT NULL,
    at                timestamptz NOT NULL,
    withdrawn_at      timestamptz,
    withdrawn_by_id   bigint,
    withdrawn_by_name text
);
CREATE INDEX triage_choices_in_order ON triage_choices (triage_id, id);

-- migrate:down

DROP TABLE triage_choices;
