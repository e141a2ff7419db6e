//! The shape of `on-call.yaml`, as written: every name with its place, nothing checked yet.

use phoenix_yaml::Spanned;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// The whole file. Every section may be missing.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OnCallFile {
    pub people: Option<Entries<Option<Entries<OneOrMany>>>>,
    pub teams: Option<Entries<Option<Vec<Spanned<String>>>>>,
    pub rotation: Option<RotationEntry>,
    pub page_on: Option<Vec<Spanned<String>>>,
    pub reopen_within: Option<Spanned<String>>,
    pub on_call_schedule: Option<ScheduleEntry>,
}

/// `rotation:`
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RotationEntry {
    pub day: Option<Spanned<String>>,
    pub time: Option<Spanned<String>>,
    pub zone: Option<Spanned<String>>,
    pub start: Option<Spanned<String>>,
}

/// One level of `on_call_schedule`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LevelEntry {
    pub schedule: Option<Spanned<String>>,
    #[serde(default)]
    pub teams: Vec<Spanned<String>>,
}

/// `on_call_schedule:` the key `escalation` has its own shape, every other key is a level.
#[derive(Debug, Default)]
pub(super) struct ScheduleEntry {
    pub levels: Vec<(Spanned<String>, LevelEntry)>,
    pub escalation: Option<Entries<Spanned<String>>>,
}

impl<'de> Deserialize<'de> for ScheduleEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ScheduleVisitor;
        impl<'de> Visitor<'de> for ScheduleVisitor {
            type Value = ScheduleEntry;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a mapping of levels, such as `primary`, and `escalation`")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ScheduleEntry, A::Error> {
                let mut entry = ScheduleEntry::default();
                while let Some(key) = map.next_key::<Spanned<String>>()? {
                    if key.value == "escalation" {
                        entry.escalation = Some(map.next_value()?);
                    } else {
                        entry.levels.push((key, map.next_value()?));
                    }
                }
                Ok(entry)
            }
        }
        deserializer.deserialize_map(ScheduleVisitor)
    }
}

/// A mapping in the order in which it was written, with the place of every key.
#[derive(Debug)]
pub(super) struct Entries<V>(pub Vec<(Spanned<String>, V)>);

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Entries<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor<V>(PhantomData<V>);
        impl<'de, V: Deserialize<'de>> Visitor<'de> for EntriesVisitor<V> {
            type Value = Entries<V>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a mapping")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<V>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(EntriesVisitor(PhantomData))
    }
}

/// One text, or a list of them.
#[derive(Debug)]
pub(super) struct OneOrMany(pub Vec<String>);

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextsVisitor;
        impl<'de> Visitor<'de> for TextsVisitor {
            type Value = OneOrMany;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany(vec![text.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<OneOrMany, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = list.next_element::<String>()? {
                    texts.push(text);
                }
                Ok(OneOrMany(texts))
            }
        }
        deserializer.deserialize_any(TextsVisitor)
    }
}
