//! The moments at which a metrics query has values.

use crate::eval::EvalError;

/// A sample at a moment covers the step that ends with it, its end included and its start not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Steps {
    /// The first moment that counts.
    pub start_ns: i64,
    /// The first moment that does not count any more.
    pub end_ns: i64,
    /// When the first sample stands.
    pub first_ns: i64,
    pub step_ns: i64,
    pub count: usize,
}

impl Steps {
    /// From the last multiple of the step that is not behind the start to the first that is not
    /// before the end, as Tempo does since 2.9; each step counts in full.
    pub fn range(start_ns: i64, end_ns: i64, step_ns: i64) -> Result<Self, EvalError> {
        if step_ns <= 0 {
            return Err(EvalError::Execution("the step has to be longer than nothing".to_owned()));
        }
        if end_ns < start_ns {
            return Err(EvalError::Execution("the range ends before it starts".to_owned()));
        }
        let aligned = || {
            let first_ns = start_ns.div_euclid(step_ns).checked_mul(step_ns)?;
            let last_ns = end_ns.checked_add(step_ns - 1)?.div_euclid(step_ns).checked_mul(step_ns)?;
            let count = usize::try_from(last_ns.checked_sub(first_ns)? / step_ns).ok()?.checked_add(1)?;
            let start_ns = first_ns.checked_sub(step_ns)?.checked_add(1)?;
            Some(Self { start_ns, end_ns: last_ns.checked_add(1)?, first_ns, step_ns, count })
        };
        aligned().ok_or_else(|| EvalError::Execution("the range reaches beyond the times that there are".to_owned()))
    }

    /// One sample for the whole of a range that holds its start and not its end, at the end.
    pub fn instant(start_ns: i64, end_ns: i64) -> Result<Self, EvalError> {
        match end_ns.checked_sub(start_ns) {
            Some(step_ns) if step_ns > 0 => Ok(Self { start_ns, end_ns, first_ns: end_ns, step_ns, count: 1 }),
            _ => Err(EvalError::Execution("the range ends before it starts".to_owned())),
        }
    }

    /// The step that a moment counts for.
    pub fn index(&self, ns: i64) -> Option<usize> {
        (self.start_ns..self.end_ns).contains(&ns).then(|| ((ns - self.start_ns) / self.step_ns) as usize)
    }

    /// The moments of a step, its end not included.
    pub fn moments(&self, index: usize) -> std::ops::Range<i64> {
        let from = self.start_ns + index as i64 * self.step_ns;
        from..from + self.step_ns
    }

    /// When a sample stands, in milliseconds since the Unix epoch.
    pub fn time_ms(&self, index: usize) -> i64 {
        (self.first_ns + index as i64 * self.step_ns).div_euclid(1_000_000)
    }

    pub fn step_seconds(&self) -> f64 {
        self.step_ns as f64 / 1e9
    }

    /// The part of the range that a moment lies in, of so many of equal length.
    pub fn part(&self, ns: i64, parts: usize) -> usize {
        let share = (ns - self.start_ns) as f64 / (self.end_ns - self.start_ns) as f64;
        ((share * parts as f64) as usize).min(parts - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_stand_at_the_end_of_what_they_cover() {
        let steps = Steps::range(25, 61, 10).unwrap();
        assert_eq!((steps.first_ns, steps.count), (20, 6));
        for (ns, index) in
            [(10, None), (11, Some(0)), (20, Some(0)), (21, Some(1)), (60, Some(4)), (61, Some(5)), (70, Some(5)), (71, None)]
        {
            assert_eq!(steps.index(ns), index, "{ns}");
        }
        let aligned = Steps::range(20, 60, 10).unwrap();
        assert_eq!((aligned.first_ns, aligned.count, aligned.end_ns), (20, 5, 61));
        let instant = Steps::instant(20, 60).unwrap();
        assert_eq!((instant.index(19), instant.index(20), instant.index(59), instant.index(60)), (None, Some(0), Some(0), None));
        assert_eq!((instant.count, instant.first_ns, instant.step_ns), (1, 60, 40));
        let before = Steps::range(-25, -5, 10).unwrap();
        assert_eq!((before.first_ns, before.count, before.index(-30), before.index(-29)), (-30, 4, Some(0), Some(1)));
    }

    #[test]
    fn ranges_that_make_no_sense_are_refused() {
        for (start, end, step) in [(0, 10, 0), (0, 10, -1), (10, 0, 1), (i64::MIN, 0, 7), (0, i64::MAX, 7)] {
            assert!(Steps::range(start, end, step).is_err(), "{start} {end} {step}");
        }
        assert!(Steps::instant(5, 5).is_err() && Steps::instant(i64::MIN, i64::MAX).is_err());
    }
}
