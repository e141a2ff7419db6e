-- The version of Phoenix that counted `problems`; empty when it did not say.
ALTER TABLE dashboard ADD COLUMN counted_by TEXT NOT NULL DEFAULT '';
