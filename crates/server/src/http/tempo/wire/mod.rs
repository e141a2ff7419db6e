//! The messages of Tempo's API, in protobuf and in JSON as protobuf defines it: defaults are left
//! out, 64-bit numbers are texts.

mod answers;
mod messages;

pub(super) use answers::tag_value;
pub(super) use messages::{
    InstantResponse, RangeResponse, SearchResponse, TagScope, TagValuesResponse, TagValuesV2Response, TagsResponse, TagsV2Response,
};
