//! Runs every script of `scripts`.

use crate::script;

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

scripts!(
    selectors,
    operators,
    aggregations,
    rates,
    over_time,
    functions,
    histograms,
    native_selectors,
    native_operators,
    native_aggregations,
    native_rates,
    native_over_time,
    native_functions,
);
