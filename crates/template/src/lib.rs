//! Go templates with the functions that rules and notifications share.
