//! LogQL's parser, checks and formatter from the outside.

mod evaluated;
mod good;
mod layout;
mod mistakes;
mod properties;
