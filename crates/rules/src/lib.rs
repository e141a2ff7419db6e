//! Recording and alerting rules in any query language.
