-- Roles that follow the rotation: what the bot gave to whom, and what Discord refused. The version before this one knows
-- none of it, and leaves the rows as they are.

-- migrate:up

-- Written before Discord is asked, so that a process that dies leaves the role to the next one.
CREATE TABLE role_grants (
    guild_id   bigint      NOT NULL,
    role_id    bigint      NOT NULL,
    user_id    bigint      NOT NULL,
    name       text        NOT NULL,                -- of the person, for the audit log
    version    integer     NOT NULL DEFAULT 1,      -- grows each time that Discord is asked to give it
    is_given   boolean     NOT NULL DEFAULT false,  -- Discord has answered; false: it may have the role or not
    granted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (guild_id, role_id, user_id)
);

-- Each problem that the team was told of, until it is gone.
CREATE TABLE role_problems (
    guild_id bigint      NOT NULL,
    role     text        NOT NULL,                  -- as the policy names it
    who      text        NOT NULL DEFAULT '',       -- the person that it is about; empty: the role itself
    problem  text        NOT NULL,
    code     integer,                               -- Discord's
    told_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (guild_id, role, who)
);

-- migrate:down

DROP TABLE role_problems;
DROP TABLE role_grants;
