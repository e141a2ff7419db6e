//! Floats as whole numbers times a power of ten, where that is exact.
//!
//! What people measure mostly has few decimals. `m / 10^e` with both exact in a double is correctly
//! rounded (IEEE 754, 5.4.1), so it gives back the bits of the double nearest to that decimal.
//! Everything else (-0.0, NaN with its payload, the staleness marker, infinities, values with 17
//! digits) is kept aside as an exception with its bits.

const POWERS: [f64; 18] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17];

/// Whole numbers beyond are not all representable in a double.
const LARGEST: f64 = 9_007_199_254_740_992.0;

/// A column in decimal form.
pub(super) struct Decimal {
    /// The power of ten below the fraction bar.
    pub(super) exponent: u8,
    /// The whole numbers; at an exception the previous one is repeated.
    pub(super) mantissas: Vec<i64>,
    /// Position and bits of the values that have no exact decimal form.
    pub(super) exceptions: Vec<(u32, u64)>,
}

#[inline]
fn mantissa(value: f64, exponent: u8) -> Option<i64> {
    let power = POWERS[usize::from(exponent)];
    let scaled = (value * power).round_ties_even();
    // NaN fails the comparison with the largest, -0.0 the one of bits.
    let whole = scaled as i64;
    (scaled.abs() < LARGEST && (whole as f64 / power).to_bits() == value.to_bits()).then_some(whole)
}

fn exponent_of(value: f64, from: u8) -> Option<u8> {
    (from..POWERS.len() as u8).find(|exponent| mantissa(value, *exponent).is_some())
}

/// Finds the smallest exponent that fits; `None` when more than one value in eight has no decimal form.
pub(super) fn to_decimal(values: &[f64]) -> Option<Decimal> {
    let may_fail = values.len() / 8 + 1;
    let mut exponent = 0;
    let mut failed = 0;
    for &value in values {
        if mantissa(value, exponent).is_none() {
            match exponent_of(value, exponent) {
                Some(larger) => exponent = larger,
                None => failed += 1,
            }
            if failed > may_fail {
                return None;
            }
        }
    }
    let mut decimal = Decimal { exponent, mantissas: Vec::with_capacity(values.len()), exceptions: Vec::new() };
    let mut previous = 0;
    for (position, &value) in values.iter().enumerate() {
        match mantissa(value, exponent) {
            Some(whole) => previous = whole,
            None => decimal.exceptions.push((position as u32, value.to_bits())),
        }
        decimal.mantissas.push(previous);
    }
    (decimal.exceptions.len() <= may_fail).then_some(decimal)
}

/// The value of a whole number in a column; `None` for an exponent that no column has.
pub(super) fn power(exponent: u8) -> Option<f64> {
    POWERS.get(usize::from(exponent)).copied()
}
