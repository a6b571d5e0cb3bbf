-- The tables of version 1. Times are seconds since the Unix epoch; of secrets there are only hashes, and keys are sealed.

-- Numbers of which there is one: the epoch, which counts the acts that took something away or changed the keys.
CREATE TABLE meta (
    name  TEXT    NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO meta (name, value) VALUES ('epoch', 0);

CREATE TABLE keys (
    number         INTEGER NOT NULL PRIMARY KEY, -- in the order in which they were added
    id             TEXT    NOT NULL UNIQUE,
    purpose        TEXT    NOT NULL,
    algorithm      TEXT    NOT NULL,
    sealed         BLOB    NOT NULL,             -- empty once it is revoked
    created_at     INTEGER NOT NULL,
    signs_from     INTEGER NOT NULL,
    verifies_until INTEGER,
    revoked_at     INTEGER
) STRICT;

CREATE TABLE clients (
    app            TEXT    NOT NULL,
    id             TEXT    NOT NULL,
    name           TEXT    NOT NULL,
    redirect_uris  TEXT    NOT NULL, -- JSON
    authentication TEXT    NOT NULL, -- JSON
    grant_types    TEXT    NOT NULL, -- JSON
    metadata       TEXT    NOT NULL, -- JSON
    registered_at  INTEGER NOT NULL,
    by_admin       INTEGER NOT NULL, -- 1 if an administrator registered it
    details        TEXT    NOT NULL, -- JSON
    PRIMARY KEY (app, id)
) STRICT;

CREATE INDEX clients_by_age ON clients (app, by_admin, registered_at);

CREATE TABLE codes (
    hash             BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    consent          TEXT    NOT NULL UNIQUE,
    app              TEXT    NOT NULL,
    client           TEXT    NOT NULL,
    subject          TEXT    NOT NULL,
    redirect_uri     TEXT    NOT NULL,
    code_challenge   TEXT    NOT NULL,
    scope            TEXT    NOT NULL,
    refreshes        INTEGER NOT NULL,
    login_method     TEXT    NOT NULL,
    amr              TEXT    NOT NULL, -- JSON
    authenticated_at INTEGER NOT NULL,
    dpop_jkt         TEXT,
    session          TEXT,
    expires_at       INTEGER NOT NULL,
    -- The grant that its redemption opened. No foreign key: the code stays used when the grant is deleted.
    opened           TEXT
) STRICT;

CREATE INDEX codes_by_expiry ON codes (expires_at);

-- The latest consent for each client, app and redirect URI; known after its end, for when a client was first let in.
CREATE TABLE consents (
    subject      TEXT    NOT NULL,
    app          TEXT    NOT NULL,
    client       TEXT    NOT NULL,
    redirect_uri TEXT    NOT NULL,
    scope        TEXT    NOT NULL,
    fingerprint  TEXT    NOT NULL,
    first_at     INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    PRIMARY KEY (subject, app, client, redirect_uri)
) STRICT, WITHOUT ROWID;

CREATE INDEX consents_by_end ON consents (expires_at);

CREATE TABLE devices (
    device_code BLOB    NOT NULL PRIMARY KEY CHECK (length(device_code) = 32),
    user_code   BLOB    NOT NULL UNIQUE CHECK (length(user_code) = 32),
    app         TEXT    NOT NULL,
    client      TEXT    NOT NULL,
    scope       TEXT    NOT NULL,
    asked_from  TEXT    NOT NULL, -- IP address
    asked_at    INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    decision    TEXT,             -- JSON
    -- Seconds between two questions of the device, and when the last one came.
    interval    INTEGER NOT NULL,
    polled_at   INTEGER,
    -- The grant that its redemption opened, as in `codes`.
    opened      TEXT
) STRICT;

CREATE INDEX devices_by_expiry ON devices (expires_at);

CREATE TABLE grants (
    id               TEXT    NOT NULL PRIMARY KEY,
    app              TEXT    NOT NULL,
    client           TEXT    NOT NULL,
    subject          TEXT    NOT NULL,
    scope            TEXT    NOT NULL,
    login_method     TEXT    NOT NULL,
    authenticated_at INTEGER NOT NULL,
    created_at       INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    parent           TEXT,
    revoked_at       INTEGER,
    details          TEXT    NOT NULL, -- JSON
    -- When and from where it was used last, and who brought again what ended it.
    last_use         TEXT,             -- JSON
    alarm            TEXT,             -- JSON
    dismissed        INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX grants_by_client ON grants (client, app);
CREATE INDEX grants_by_subject ON grants (subject);
CREATE INDEX grants_by_parent ON grants (parent) WHERE parent IS NOT NULL;
CREATE INDEX grants_by_end ON grants (min(expires_at, coalesce(revoked_at, expires_at)));

CREATE TABLE credentials (
    hash            BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    grant_id        TEXT    NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
    expires_at      INTEGER NOT NULL,
    rotated_at      INTEGER,
    -- The response that its successor went out with, until the grace is over.
    sealed_response BLOB
) STRICT;

CREATE INDEX credentials_by_grant ON credentials (grant_id);
CREATE INDEX credentials_by_expiry ON credentials (expires_at);
CREATE INDEX credentials_in_grace ON credentials (grant_id, rotated_at) WHERE sealed_response IS NOT NULL;

-- Single-use values that others made, until they are refused for their age.
CREATE TABLE used (
    hash  BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX used_by_age ON used (until);

CREATE TABLE accounts (
    subject         TEXT    NOT NULL PRIMARY KEY,
    username        TEXT    NOT NULL UNIQUE CHECK (username = lower(username)),
    name            TEXT,
    groups          TEXT    NOT NULL, -- JSON
    password        TEXT,             -- Argon2 PHC string
    password_set_at INTEGER,
    disabled        INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    external        INTEGER NOT NULL  -- 1 if it came by an identity provider
) STRICT;

-- What identity providers say of people, at most one profile of each.
CREATE TABLE profiles (
    account  TEXT NOT NULL REFERENCES accounts (subject) ON DELETE CASCADE,
    provider TEXT NOT NULL,
    json     TEXT NOT NULL,
    PRIMARY KEY (account, provider)
) STRICT, WITHOUT ROWID;

-- What proves a local account besides its password.
CREATE TABLE totp (
    account    TEXT    NOT NULL PRIMARY KEY REFERENCES accounts (subject) ON DELETE CASCADE,
    sealed     BLOB    NOT NULL,
    last_step  INTEGER NOT NULL, -- the last step of time whose code was used
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE recovery_codes (
    account TEXT NOT NULL REFERENCES accounts (subject) ON DELETE CASCADE,
    hash    BLOB NOT NULL CHECK (length(hash) = 32), -- Argon2id
    PRIMARY KEY (account, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE passkeys (
    id           BLOB    NOT NULL PRIMARY KEY,
    account      TEXT    NOT NULL REFERENCES accounts (subject) ON DELETE CASCADE,
    name         TEXT    NOT NULL,
    credential   TEXT    NOT NULL, -- JSON
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX passkeys_by_account ON passkeys (account);

-- Browsers and networks from which somebody signed in to an account: strangers' wrong passwords do not count there.
CREATE TABLE familiar_places (
    account TEXT    NOT NULL REFERENCES accounts (subject) ON DELETE CASCADE,
    place   BLOB    NOT NULL CHECK (length(place) = 32),
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (account, place)
) STRICT, WITHOUT ROWID;

CREATE INDEX familiar_places_by_age ON familiar_places (seen_at);

-- What is pending until a sign-in is done.
CREATE TABLE attempts (
    hash       BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    purpose    TEXT    NOT NULL,
    content    TEXT    NOT NULL,
    tries      INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX attempts_by_age ON attempts (expires_at);

-- Sign-ins by OpenID providers. They may outlive the session that they opened.
CREATE TABLE provider_sessions (
    grant_id   TEXT    NOT NULL PRIMARY KEY,
    provider   TEXT    NOT NULL,
    subject    TEXT    NOT NULL REFERENCES accounts (subject) ON DELETE CASCADE,
    issuer     TEXT    NOT NULL,
    sub        TEXT    NOT NULL,
    sid        TEXT,
    sealed     TEXT    NOT NULL, -- ID token and refresh token
    due        INTEGER,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX provider_sessions_by_person ON provider_sessions (issuer, sub);
CREATE INDEX provider_sessions_by_sid ON provider_sessions (issuer, sid) WHERE sid IS NOT NULL;
CREATE INDEX provider_sessions_due ON provider_sessions (due) WHERE due IS NOT NULL;
CREATE INDEX provider_sessions_by_account ON provider_sessions (subject);

CREATE TABLE service_tokens (
    id             TEXT    NOT NULL PRIMARY KEY,
    name           TEXT    NOT NULL UNIQUE,
    secret         BLOB    NOT NULL UNIQUE CHECK (length(secret) = 32),
    previous       BLOB    UNIQUE CHECK (length(previous) = 32),
    previous_until INTEGER,
    created_at     INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    last_used_at   INTEGER
) STRICT;

-- Who people are at token issuers and identity providers. Without a tenant it is empty, which no tenant is.
CREATE TABLE identities (
    issuer  TEXT NOT NULL,
    tenant  TEXT NOT NULL,
    subject TEXT NOT NULL,
    account TEXT NOT NULL REFERENCES accounts (subject) ON DELETE CASCADE,
    PRIMARY KEY (issuer, tenant, subject)
) STRICT, WITHOUT ROWID;

CREATE INDEX identities_by_account ON identities (account);

-- What is kept sealed by its name, and who of several nodes works on it.
CREATE TABLE vault (
    name       TEXT NOT NULL PRIMARY KEY,
    sealed     BLOB,
    holder     TEXT,
    held_until INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE decisions (
    number INTEGER NOT NULL PRIMARY KEY, -- in the order of arrival
    id     TEXT    NOT NULL UNIQUE,
    at     INTEGER NOT NULL,
    json   TEXT    NOT NULL
) STRICT;
