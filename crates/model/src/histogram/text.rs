//! Histograms as text, as templates and `count_values` show them.

use super::Histogram;
use super::buckets::Bucket;
use std::fmt;

/// As Prometheus writes it: `{count:3, sum:4.5, (0.5,1]:3}`, without empty buckets.
///
/// <https://prometheus.io/docs/specs/native_histograms/#template-expansion>
impl fmt::Display for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{count:{}, sum:{}", Short(self.count), Short(self.sum))?;
        for bucket in self.stored_buckets().filter(|bucket| bucket.count != 0.0) {
            write!(f, ", {bucket}")?;
        }
        f.write_str("}")
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let open = if self.lower_inclusive { '[' } else { '(' };
        let close = if self.upper_inclusive { ']' } else { ')' };
        write!(f, "{open}{},{}{close}:{}", Short(self.lower), Short(self.upper), Short(self.count))
    }
}

/// A float as Go's `%g` writes it: the shortest digits, with an exponent below 1e-4 and from 1e6 on.
struct Short(f64);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.0;
        if value.is_nan() {
            return f.write_str("NaN");
        }
        if value.is_infinite() {
            return f.write_str(if value > 0.0 { "+Inf" } else { "-Inf" });
        }
        let text = format!("{value:e}");
        let (mantissa, exponent) = text.split_once('e').expect("the format has an exponent");
        let power: i32 = exponent.parse().expect("the exponent is a number");
        if value == 0.0 || (-4..6).contains(&power) {
            return write!(f, "{value}");
        }
        write!(f, "{mantissa}e{}{:02}", if power < 0 { '-' } else { '+' }, power.abs())
    }
}
