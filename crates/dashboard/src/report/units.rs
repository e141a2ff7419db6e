//! Units of values. The web writes them; a test of the web (`honoured.test.ts`) holds this list to its own.

/// The ids of units, and those of older dashboards that stand for one; sorted.
#[rustfmt::skip]
const UNITS: [&str; 282] = [
    "Bps", "EHs", "GBs", "GHs", "Gbits", "GiBs", "Gibits", "Hs", "KBs", "KHs", "Kbits", "KiBs", "Kibits", "MBs", "MHs", "Mbits",
    "MiBs", "Mibits", "Mohm", "Nm3", "PBs", "PHs", "Pbits", "PiBs", "Pibits", "TBs", "THs", "Tbits", "TiBs", "Tibits", "Wm2",
    "accFS2", "accG", "accMS2", "acres", "amp", "amph", "arcmin", "arcsec", "areaF2", "areaM2", "areaMI2", "binBps", "binbps",
    "bits", "bool", "bool_on_off", "bool_yes_no", "bps", "bytes", "candela", "celsius", "clockms", "clocks", "congNm3", "congm3",
    "conmgNm3", "conmgdL", "conmgm3", "conmmolL", "conngNm3", "conngm3", "conppb", "conµgNm3", "conµgm3", "conμgNm3", "conμgm3",
    "cpm", "cps", "currencyBGN", "currencyBRL", "currencyBTC", "currencyCHF", "currencyCZK", "currencyDKK", "currencyEUR",
    "currencyGBP", "currencyIDR", "currencyILS", "currencyINR", "currencyISK", "currencyJPY", "currencyKRW", "currencyMYR",
    "currencyNOK", "currencyPHP", "currencyPLN", "currencyPYG", "currencyRUB", "currencySEK", "currencyTRY", "currencyUAH",
    "currencyUSD", "currencyUYU", "currencyVND", "currencyXPF", "currencyZAR", "currencymBTC", "currencyµBTC", "currencyμBTC",
    "d", "dB", "dBm", "dateTimeAsIso", "dateTimeAsIsoNoDateIfToday", "dateTimeAsIsoSmart", "dateTimeAsLocal",
    "dateTimeAsLocalNoDateIfToday", "dateTimeAsSystem", "dateTimeAsUS", "dateTimeAsUSNoDateIfToday", "dateTimeAsUSSmart",
    "dateTimeFromNow", "decbits", "decbytes", "decgbytes", "deckbytes", "decmbytes", "decpbytes", "dectbytes", "degree", "dm3",
    "dtdhms", "dtdurationms", "dtdurations", "dthms", "eflops", "epm", "eps", "ev", "fahrenheit", "farad", "farenheit", "ffarad",
    "flops", "flowcfm", "flowcfs", "flowcms", "flowgpm", "flowlpm", "flowmlpm", "forceN", "forceNm", "forcekN", "forcekNm",
    "gallons", "gbytes", "gflops", "grad", "gwatt", "h", "hectares", "henry", "hertz", "hex", "hex0x", "humidity", "iops",
    "joule", "kamp", "kamph", "kbytes", "kelvin", "kohm", "kvolt", "kvoltamp", "kvoltampreact", "kwatt", "kwatth", "kwattm",
    "lengthft", "lengthin", "lengthkm", "lengthm", "lengthmi", "lengthmm", "litre", "litreh", "locale", "lumens", "lux", "m",
    "m3", "mamp", "mamph", "massg", "masskg", "masslb", "massmg", "masst", "mbytes", "megwatt", "mflops", "mhenry", "mlitre",
    "mohm", "mpm", "mps", "ms", "mvolt", "mwatt", "nfarad", "none", "ns", "ohm", "opm", "ops", "pbytes", "percent", "percent100",
    "percentunit", "pfarad", "pflops", "pixel", "ppm", "pps", "pressurebar", "pressurehg", "pressurehpa", "pressurekbar",
    "pressurekpa", "pressurembar", "pressurepa", "pressurepsi", "radbq", "radci", "radexpckg", "radgy", "radian", "radmsv",
    "radmsvh", "radr", "radrad", "radrem", "radsv", "radsvh", "radusv", "radusvh", "recpm", "recps", "reqpm", "reqps", "rotdegs",
    "rotghz", "rothz", "rotkhz", "rotmhz", "rotrads", "rotrpm", "rowspm", "rowsps", "rpm", "rps", "s", "sci", "short", "sishort",
    "string", "tbytes", "tflops", "timeticks", "us", "velocitykmh", "velocityknot", "velocitymph", "velocityms", "volt",
    "voltamp", "voltampreact", "watt", "watth", "watthperkg", "wpm", "wps", "yflops", "zflops", "µfarad", "µhenry", "µs",
    "μfarad", "μhenry", "μs",
];

/// What stands before the colon of units that people make up.
const MADE_UP: [&str; 7] = ["bool", "count", "currency", "prefix", "si", "suffix", "time"];

/// Whether a unit is known. One that is not stands behind the value as it is.
pub(super) fn is_unit(id: &str) -> bool {
    let made_up = id.split_once(':').is_some_and(|(kind, _)| MADE_UP.contains(&kind));
    id.is_empty() || made_up || UNITS.binary_search(&id).is_ok()
}

#[cfg(test)]
mod tests {
    use super::{UNITS, is_unit};

    #[test]
    fn units_are_found() {
        assert!(UNITS.is_sorted(), "they are searched by halves");
        for (id, want) in [("", true), ("decbytes", true), ("µs", true), ("si: m", true), ("widgets", false), ("si", false), (":", false)]
        {
            assert_eq!(is_unit(id), want, "{id}");
        }
    }
}
