//! Lists, as queries write them.

use std::fmt::{self, Display, Formatter};

/// Items with a comma and a blank between them.
#[derive(Debug, Clone, Copy)]
pub struct List<'a, T>(pub &'a [T]);

impl<T: Display> Display for List<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, item) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{item}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::List;

    #[test]
    fn items_are_parted() {
        for (items, want) in [(&[][..], ""), (&[1], "1"), (&[1, 2, 3], "1, 2, 3")] {
            assert_eq!(List(items).to_string(), want);
        }
    }
}
