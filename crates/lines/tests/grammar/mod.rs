//! Lines as programs write them, and lines as nobody would, from a seed.

mod dice;

pub use dice::Dice;

const LEVELS: [&str; 4] = ["info", "warn", "error", "debug"];
const WORDS: [&str; 12] =
    ["user", "request", "failed", "deadbeef", "größe", "x-1", "v1.2.3", "node_7", "a<b", "=", "\"", "connection refused"];

fn moment(dice: &mut Dice) -> String {
    let (month, day) = (dice.below(12) + 1, dice.below(28) + 1);
    let clock = format!("{:02}:{:02}:{:02}", dice.below(24), dice.below(60), dice.below(60));
    match dice.below(6) {
        0 => format!("2024-{month:02}-{day:02}T{clock}Z"),
        1 => format!("2024-{month:02}-{day:02}T{clock}.{:03}Z", dice.below(1000)),
        2 => format!("2024-{month:02}-{day:02} {clock},{}+02:00", dice.below(1_000_000)),
        3 => format!("{day:02}/Oct/2024:{clock} -0700"),
        4 => format!("2024/{month:02}/{day:02} {clock}"),
        _ => clock,
    }
}

fn id(dice: &mut Dice) -> String {
    match dice.below(4) {
        0 => dice.hex(32),
        1 => dice.hex(16),
        2 => dice.hex(8),
        _ => format!("{}-{}-{}-{}-{}", dice.hex(8), dice.hex(4), dice.hex(4), dice.hex(4), dice.hex(12)),
    }
}

fn value(dice: &mut Dice) -> String {
    match dice.below(10) {
        0 => dice.below(100_000).to_string(),
        1 => format!("{}.{:02}", dice.below(100), dice.below(100)),
        2 => format!("{}ms", dice.below(5000)),
        3 => id(dice),
        4 => moment(dice),
        5 => format!("10.0.{}.{}", dice.below(256), dice.below(256)),
        6 => format!("/api/{}/{}", dice.pick(&["users", "orders"]), dice.below(1000)),
        7 => format!("-{}", dice.below(10)),
        8 => String::new(),
        _ => dice.pick(&WORDS).to_owned(),
    }
}

/// A line.
pub fn line(dice: &mut Dice) -> String {
    match dice.below(8) {
        0 | 1 => {
            let mut line = format!("ts={} level={}", moment(dice), dice.pick(&LEVELS));
            for key in ["took", "id", "n"].iter().take(dice.below(4)) {
                line += &format!(" {key}={}", value(dice));
            }
            line + &format!(" msg=\"{} {} {}\"", dice.pick(&WORDS), value(dice), dice.pick(&WORDS))
        }
        2 | 3 => {
            let status = dice.below(5) * 100;
            format!(
                "{{\"level\":\"{}\",\"took_ms\":{},\"id\":\"{}\",\"ok\":{},\"path\":\"{}\",\"status\":{status}}}",
                dice.pick(&LEVELS),
                dice.below(5000),
                id(dice),
                dice.pick(&["true", "false", "null"]),
                value(dice),
            )
        }
        4 | 5 => format!(
            "10.0.0.{} - {} [{:02}/Oct/2024:13:55:36 -0700] \"GET /api/{}?id={} HTTP/1.1\" 200 {} \"-\" \"Mozilla/5.0 (X11; {})\"",
            dice.below(256),
            dice.pick(&["-", "bob"]),
            dice.below(28) + 1,
            dice.below(30),
            id(dice),
            dice.below(100_000),
            dice.pick(&["Linux", "Mac 7"]),
        ),
        6 => (0..dice.below(12)).map(|_| value(dice)).collect::<Vec<_>>().join(dice.pick(&[" ", "", ",", "=", "\" "])),
        _ => (0..dice.below(20)).map(|_| char::from_u32(dice.below(0x250) as u32).unwrap_or('x')).collect(),
    }
}
