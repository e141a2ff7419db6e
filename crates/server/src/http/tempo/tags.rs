//! Names and values of attributes.

use super::error::TempoError;
use super::params::{Bounds, count, search_bounds};
use super::wire::{TagScope, TagValuesResponse, TagValuesV2Response, TagsResponse, TagsV2Response, tag_value};
use super::{MAX_LISTED, Tempo, answer};
use crate::http::params::Params;
use axum::extract::{Path, State};
use axum::response::Response;
use phoenix_engine::QueryError;
use phoenix_engine::traces::Static;
use phoenix_model::traces::Scope;
use std::collections::{BTreeMap, BTreeSet};

/// Where the intrinsics stand among the scopes.
const INTRINSIC: &str = "intrinsic";

/// The intrinsics that can be searched for, sorted.
const INTRINSICS: [&str; 19] = [
    "duration",
    "event:name",
    "event:timeSinceStart",
    "instrumentation:name",
    "instrumentation:version",
    "kind",
    "name",
    "rootName",
    "rootServiceName",
    "span:duration",
    "span:kind",
    "span:name",
    "span:status",
    "span:statusMessage",
    "status",
    "statusMessage",
    "trace:duration",
    "trace:rootName",
    "trace:rootService",
];

pub(super) async fn names(State(tempo): State<Tempo>, params: Params) -> Result<Response, TempoError> {
    let scopes = scopes(&tempo, Asked::read(&params)?).await?;
    Ok(answer(&all_names(scopes)))
}

pub(super) async fn names_by_scope(State(tempo): State<Tempo>, params: Params) -> Result<Response, TempoError> {
    Ok(answer(&TagsV2Response { scopes: scopes(&tempo, Asked::read(&params)?).await? }))
}

pub(super) async fn values(State(tempo): State<Tempo>, Path(tag): Path<String>, params: Params) -> Result<Response, TempoError> {
    let asked = AskedValues::read(&tag, &params)?;
    Ok(answer(&TagValuesResponse { tag_values: texts(&asked.into_v1().run(&tempo).await?) }))
}

pub(super) async fn typed_values(State(tempo): State<Tempo>, Path(tag): Path<String>, params: Params) -> Result<Response, TempoError> {
    let values = AskedValues::read(&tag, &params)?.run(&tempo).await?;
    Ok(answer(&TagValuesV2Response { tag_values: values.iter().map(tag_value).collect() }))
}

/// The names of all scopes in one list.
pub(super) fn all_names(scopes: Vec<TagScope>) -> TagsResponse {
    let names: BTreeSet<String> = scopes.into_iter().flat_map(|scope| scope.tags).collect();
    TagsResponse { tag_names: names.into_iter().collect() }
}

/// The values as texts, each once.
pub(super) fn texts(values: &[Static]) -> Vec<String> {
    values.iter().map(|value| tag_value(value).value).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Which names are asked for.
pub(super) struct Asked {
    pub(super) scope: String,
    pub(super) bounds: Bounds,
    /// Names of one scope.
    pub(super) limit: usize,
}

impl Asked {
    fn read(params: &Params) -> Result<Self, TempoError> {
        Ok(Self {
            scope: params.get("scope").unwrap_or_default().to_owned(),
            bounds: search_bounds(params)?,
            limit: limit(count(params, "limit", 0)?),
        })
    }
}

/// Zero leaves it to us.
pub(super) fn limit(written: usize) -> usize {
    if written == 0 { MAX_LISTED } else { written.min(MAX_LISTED) }
}

pub(super) async fn scopes(tempo: &Tempo, asked: Asked) -> Result<Vec<TagScope>, TempoError> {
    let Asked { scope, bounds: Bounds { start_ns, end_ns }, limit } = asked;
    let wanted = |name: &str| matches!(scope.as_str(), "" | "none") || scope == name;
    if !matches!(scope.as_str(), "" | "none" | INTRINSIC) && !Scope::ALL.iter().any(|known| known.as_str() == scope) {
        return Err(TempoError::bad_request(format!("invalid scope: {scope}")));
    }
    let mut by_scope: BTreeMap<Scope, Vec<String>> = BTreeMap::new();
    if scope != INTRINSIC {
        for tag in tempo.run("", move |engine, limits| engine.tag_names(start_ns, end_ns, limits)).await? {
            let names = by_scope.entry(tag.scope).or_default();
            if wanted(tag.scope.as_str()) && names.len() < limit {
                names.push(tag.key.to_string());
            }
        }
    }
    let mut found: Vec<TagScope> = by_scope
        .into_iter()
        .filter(|(_, tags)| !tags.is_empty())
        .map(|(scope, tags)| TagScope { name: scope.as_str().to_owned(), tags })
        .collect();
    if wanted(INTRINSIC) {
        found.push(TagScope { name: INTRINSIC.to_owned(), tags: INTRINSICS.map(str::to_owned).to_vec() });
    }
    Ok(found)
}

/// Which values are asked for.
pub(super) struct AskedValues {
    pub(super) tag: String,
    pub(super) query: String,
    pub(super) bounds: Bounds,
    pub(super) limit: usize,
}

impl AskedValues {
    /// `tag` is the rest of the path, with `/values` at its end.
    fn read(tag: &str, params: &Params) -> Result<Self, TempoError> {
        let Some(tag) = tag.strip_suffix("/values").filter(|tag| !tag.is_empty()) else {
            return Err(TempoError::not_found("404 page not found: write /api/search/tag/NAME/values"));
        };
        Ok(Self {
            tag: tag.to_owned(),
            query: params.get("q").unwrap_or_default().to_owned(),
            bounds: search_bounds(params)?,
            limit: limit(count(params, "limit", 0)?),
        })
    }

    /// The older API names attributes without a scope: `service.name` is that of any scope.
    pub(super) fn into_v1(mut self) -> Self {
        let scoped = Scope::ALL.iter().any(|scope| self.tag.starts_with(&format!("{}.", scope.as_str())));
        if !scoped && !self.tag.starts_with('.') && !INTRINSICS.contains(&self.tag.as_str()) {
            self.tag = format!(".{}", self.tag);
        }
        self
    }

    pub(super) async fn run(self, tempo: &Tempo) -> Result<Vec<Static>, TempoError> {
        let Self { tag, query, bounds: Bounds { start_ns, end_ns }, limit } = self;
        let name = tag.clone();
        let values = move |query: String| {
            let name = name.clone();
            tempo.run("", move |engine, limits| match engine.tag_values(&name, &query, start_ns, end_ns, limit, limits) {
                // An editor asks while the query is being written: what can't be read filters nothing.
                Err(QueryError::Parse(_)) if !query.is_empty() => engine.tag_values(&name, "", start_ns, end_ns, limit, limits),
                answer => answer,
            })
        };
        let (values, _) = values(query).await.map_err(|mut error| {
            if error.message.starts_with("invalid TraceQL query: ") {
                error.message = format!("tag name `{tag}` is not valid. Only intrinsics and scoped attributes are: span.foo, resource.foo");
            }
            error
        })?;
        Ok(values)
    }
}
