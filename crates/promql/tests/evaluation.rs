//! Runs every script of `tests/scripts`.

#![allow(missing_docs, reason = "a test's own parts")]

mod script;

macro_rules! scripts {
    ($($name:ident),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                script::run(concat!(stringify!($name), ".txt"), include_str!(concat!("scripts/", stringify!($name), ".txt")));
            }
        )*
    };
}

scripts!(selectors, operators, aggregations, rates);
