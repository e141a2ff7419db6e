//! Structured metadata as JSON text, the form in which other programs can read it.

use crate::table::encoding::put_varint;
use phoenix_model::LabelsRef;
use serde::de::{Deserializer, MapAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// Appends `{"name":"value",…}`.
pub(in crate::segment) fn put_json(out: &mut Vec<u8>, metadata: LabelsRef<'_>) {
    out.push(b'{');
    for (at, (name, value)) in metadata.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        serde_json::to_writer(&mut *out, name).expect("text is written to memory");
        out.push(b':');
        serde_json::to_writer(&mut *out, value).expect("text is written to memory");
    }
    out.push(b'}');
}

/// Appends the packed form of [`phoenix_model::Labels`]. `None` when the text is not a map of texts
/// that is sorted by name; then what was appended makes no sense.
pub(in crate::segment) fn take_json(json: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let start = out.len();
    let mut reader = serde_json::Deserializer::from_slice(json);
    reader.deserialize_map(Pairs { out: &mut *out }).ok()?;
    reader.end().ok()?;
    LabelsRef::checked(&out[start..]).map(|_| ())
}

struct Pairs<'a> {
    out: &'a mut Vec<u8>,
}

impl<'de> Visitor<'de> for Pairs<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((name, value)) = map.next_entry::<Text<'de>, Text<'de>>()? {
            for text in [name.0, value.0] {
                put_varint(self.out, text.len() as u64);
                self.out.extend_from_slice(text.as_bytes());
            }
        }
        Ok(())
    }
}

/// Text that is borrowed unless it holds escapes.
#[derive(serde::Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;
    use phoenix_model::Labels;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn metadata_comes_back(pairs in prop::collection::btree_map("\\PC{0,12}|[\"\\\\\n\u{1}]{1,3}", "\\PC{1,40}|[\"\\\\\n\u{1}]{1,3}", 0..6)) {
            let labels = Labels::from_pairs(&pairs);
            let mut json = Vec::new();
            put_json(&mut json, labels.as_ref());
            let mut packed = vec![7];
            prop_assert!(take_json(&json, &mut packed).is_some());
            prop_assert_eq!(&packed[1..], labels.as_bytes());
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = take_json(&bytes, &mut Vec::new());
        }
    }
}
