//! What goes in comes out, once.
