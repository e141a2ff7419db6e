//! Binary operators on two numbers.

use std::fmt;

/// The binary operators of PromQL and LogQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`, with the sign of the dividend
    Mod,
    /// `^`
    Pow,
    /// `atan2`
    Atan2,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `>`
    Greater,
    /// `<`
    Less,
    /// `>=`
    GreaterOrEqual,
    /// `<=`
    LessOrEqual,
    /// `</`: a native histogram without the observations above a number
    TrimUpper,
    /// `>/`: a native histogram without the observations below a number
    TrimLower,
    /// `and`
    And,
    /// `or`
    Or,
    /// `unless`
    Unless,
}

impl BinaryOp {
    /// All operators.
    pub const ALL: [Self; 18] = [
        Self::Add,
        Self::Sub,
        Self::Mul,
        Self::Div,
        Self::Mod,
        Self::Pow,
        Self::Atan2,
        Self::Equal,
        Self::NotEqual,
        Self::Greater,
        Self::Less,
        Self::GreaterOrEqual,
        Self::LessOrEqual,
        Self::TrimUpper,
        Self::TrimLower,
        Self::And,
        Self::Or,
        Self::Unless,
    ];

    /// The operator as written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Mod => "%",
            Self::Pow => "^",
            Self::Atan2 => "atan2",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Greater => ">",
            Self::Less => "<",
            Self::GreaterOrEqual => ">=",
            Self::LessOrEqual => "<=",
            Self::TrimUpper => "</",
            Self::TrimLower => ">/",
            Self::And => "and",
            Self::Or => "or",
            Self::Unless => "unless",
        }
    }

    /// How tightly it binds; more is tighter. All but `^` associate to the left.
    pub fn precedence(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And | Self::Unless => 2,
            Self::Equal
            | Self::NotEqual
            | Self::Greater
            | Self::Less
            | Self::GreaterOrEqual
            | Self::LessOrEqual
            | Self::TrimUpper
            | Self::TrimLower => 3,
            Self::Add | Self::Sub => 4,
            Self::Mul | Self::Div | Self::Mod | Self::Atan2 => 5,
            Self::Pow => 6,
        }
    }

    /// Whether `a op b op c` is `a op (b op c)`.
    pub fn is_right_associative(self) -> bool {
        self == Self::Pow
    }

    /// Whether it compares, and so filters unless `bool` is given.
    pub fn is_comparison(self) -> bool {
        self.precedence() == 3 && !self.is_trim()
    }

    /// Whether it trims native histograms; it has no meaning between numbers.
    pub fn is_trim(self) -> bool {
        matches!(self, Self::TrimUpper | Self::TrimLower)
    }

    /// Whether it works on sets of series and not on values.
    pub fn is_set(self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Unless)
    }

    /// Whether its result is a new quantity, so that the metric's name no longer fits.
    pub fn drops_name(self) -> bool {
        !self.is_comparison() && !self.is_set() && !self.is_trim()
    }

    /// Applies an arithmetic operator; others give the left value.
    #[inline]
    pub fn compute(self, lhs: f64, rhs: f64) -> f64 {
        match self {
            Self::Add => lhs + rhs,
            Self::Sub => lhs - rhs,
            Self::Mul => lhs * rhs,
            Self::Div => lhs / rhs,
            Self::Mod => lhs % rhs,
            Self::Pow => lhs.powf(rhs),
            Self::Atan2 => lhs.atan2(rhs),
            _ => lhs,
        }
    }

    /// Applies a comparison; other operators hold always.
    #[inline]
    pub fn holds(self, lhs: f64, rhs: f64) -> bool {
        match self {
            Self::Equal => lhs == rhs,
            Self::NotEqual => lhs != rhs,
            Self::Greater => lhs > rhs,
            Self::Less => lhs < rhs,
            Self::GreaterOrEqual => lhs >= rhs,
            Self::LessOrEqual => lhs <= rhs,
            _ => true,
        }
    }
}

impl fmt::Display for BinaryOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::BinaryOp;

    #[test]
    fn computes_and_compares() {
        for (op, lhs, rhs, want) in [
            (BinaryOp::Add, 1.0, 2.0, 3.0),
            (BinaryOp::Sub, 1.0, 2.0, -1.0),
            (BinaryOp::Div, 1.0, 0.0, f64::INFINITY),
            (BinaryOp::Mod, -5.0, 3.0, -2.0),
            (BinaryOp::Mod, 5.5, 2.0, 1.5),
            (BinaryOp::Pow, 2.0, -1.0, 0.5),
            (BinaryOp::Pow, 1.0, f64::NAN, 1.0),
            (BinaryOp::Atan2, 0.0, -1.0, std::f64::consts::PI),
        ] {
            assert_eq!(op.compute(lhs, rhs), want, "{lhs} {op} {rhs}");
        }
        for op in BinaryOp::ALL.into_iter().filter(|op| op.is_comparison()) {
            assert_eq!(op.holds(f64::NAN, f64::NAN), op == BinaryOp::NotEqual, "{op} on NaN");
        }
        assert!(BinaryOp::LessOrEqual.holds(1.0, 1.0) && !BinaryOp::Less.holds(1.0, 1.0));
    }
}
