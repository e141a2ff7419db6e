//! What people and alerts do, kept in SQLite or PostgreSQL.
