import GRDB

extension StoreDatabase {
    /// The layout's history. What is here and released does not change: a change is a further migration.
    ///
    /// Times are milliseconds since 1970.
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            try database.execute(
                sql: """
                    CREATE TABLE build (
                        id TEXT PRIMARY KEY NOT NULL,
                        name TEXT NOT NULL,
                        purpose TEXT NOT NULL,
                        state TEXT NOT NULL,
                        owner TEXT,             -- PID:STARTTIME of the replay that runs it, for people: the lock decides
                        started INTEGER NOT NULL,
                        ended INTEGER
                    ) WITHOUT ROWID;

                    CREATE TABLE resource (
                        id INTEGER PRIMARY KEY AUTOINCREMENT,  -- ascending, never used again
                        build TEXT NOT NULL REFERENCES build (id),
                        cloud TEXT NOT NULL,
                        kind TEXT NOT NULL,
                        token TEXT NOT NULL,
                        reference TEXT,
                        state TEXT NOT NULL,
                        intended INTEGER NOT NULL
                    );
                    CREATE INDEX resource_build ON resource (build);

                    CREATE TABLE template (
                        identifier TEXT PRIMARY KEY NOT NULL,
                        name TEXT NOT NULL,
                        tag TEXT NOT NULL,
                        version INTEGER NOT NULL,
                        build TEXT,             -- no reference: the record of a build may go before its template
                        cloud TEXT NOT NULL,
                        image TEXT NOT NULL,    -- a file of the template's directory, or the cloud's identifier
                        image_is_file INTEGER NOT NULL,
                        digest TEXT,
                        origin TEXT NOT NULL,
                        size INTEGER NOT NULL,
                        created INTEGER NOT NULL,
                        metadata TEXT NOT NULL, -- template.json
                        UNIQUE (name, tag, version)
                    ) WITHOUT ROWID;

                    CREATE TABLE tag (
                        name TEXT NOT NULL,
                        tag TEXT NOT NULL,
                        identifier TEXT NOT NULL REFERENCES template (identifier),
                        last_version INTEGER NOT NULL,  -- a removed version's number is not used again
                        PRIMARY KEY (name, tag)
                    ) WITHOUT ROWID;
                    """)
        }
        return migrator
    }
}
