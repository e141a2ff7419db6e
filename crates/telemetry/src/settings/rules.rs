//! Sampling rules in the form of the strategy (section 6.2).

use phoenix_sampling::{Pattern, SamplingRule, SamplingRules};
use serde_json::{Map, Value};

/// Rules at most.
const MAX_RULES: usize = 1_000;

/// The strategy's own rules: every creation of an experiment, one health check in a thousand, a tenth of
/// the rest. Errors are kept where traces are stored: at the head nobody knows of them.
pub fn strategy_rules() -> SamplingRules {
    let rule = |name: &str, service: &str, endpoint: Option<&str>, method: Option<&str>, error, sample_rate| SamplingRule {
        name: name.into(),
        service: Pattern::new(service),
        endpoint: endpoint.map(Pattern::new),
        method: method.map(Box::from),
        error,
        sample_rate,
    };
    SamplingRules {
        rules: vec![
            rule("experiment creation", "phoenix-api", Some("/api/v1/experiments"), Some("POST"), None, 1.0),
            rule("health checks", "phoenix-api", Some("/health"), None, None, 0.001),
            rule("errors", "*", None, None, Some(true), 1.0),
        ],
        default_sample_rate: 0.1,
        adaptive: None,
    }
}

/// Reads rules written as JSON under the names of the strategy:
/// `{"sampling_rules": [{"service": "phoenix-api", "endpoint": "/health", "sample_rate": 0.001}], "default_sample_rate": 0.1}`.
///
/// # Errors
/// What is wrong and where.
pub fn read_rules(text: &str) -> Result<SamplingRules, String> {
    let value: Value = serde_json::from_str(text).map_err(|e| format!("this is no JSON: {e}"))?;
    let object = object(&value, "the file", &["sampling_rules", "default_sample_rate"])?;
    let rules = match object.get("sampling_rules") {
        None => &Vec::new(),
        Some(rules) => rules.as_array().ok_or("sampling_rules: a list is wanted")?,
    };
    if rules.len() > MAX_RULES {
        return Err(format!("sampling_rules: {} rules; {MAX_RULES} is the most", rules.len()));
    }
    let rules = rules.iter().enumerate().map(|(at, rule)| read_rule(rule, at)).collect::<Result<_, _>>()?;
    Ok(SamplingRules { rules, default_sample_rate: rate(object, "default_sample_rate", "the file")?.unwrap_or(1.0), adaptive: None })
}

fn read_rule(value: &Value, at: usize) -> Result<SamplingRule, String> {
    let place = format!("sampling_rules[{at}]");
    let object = object(value, &place, &["name", "service", "endpoint", "method", "error", "sample_rate"])?;
    let text = |name: &str| match object.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(format!("{place}.{name}: a text is wanted")),
    };
    let error = match object.get("error") {
        None => None,
        Some(Value::Bool(error)) => Some(*error),
        Some(_) => return Err(format!("{place}.error: true or false is wanted")),
    };
    Ok(SamplingRule {
        name: text("name")?.map_or_else(|| format!("rule {}", at + 1), str::to_owned).into(),
        service: Pattern::new(text("service")?.unwrap_or("*")),
        endpoint: text("endpoint")?.map(Pattern::new),
        method: text("method")?.map(Box::from),
        error,
        sample_rate: rate(object, "sample_rate", &place)?.ok_or_else(|| format!("{place}: it has no sample_rate"))?,
    })
}

fn object<'v>(value: &'v Value, place: &str, known: &[&str]) -> Result<&'v Map<String, Value>, String> {
    let object = value.as_object().ok_or_else(|| format!("{place}: an object is wanted"))?;
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(format!("{place}: `{key}` is not known; known are {}", known.join(", "))),
        None => Ok(object),
    }
}

fn rate(object: &Map<String, Value>, name: &str, place: &str) -> Result<Option<f64>, String> {
    let Some(value) = object.get(name) else { return Ok(None) };
    let rate = value.as_f64().filter(|rate| (0.0..=1.0).contains(rate));
    rate.map(Some).ok_or_else(|| format!("{place}: {name} is {value}; it is a number from 0 to 1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_under_the_strategys_names() {
        let text = r#"{"sampling_rules": [
            {"name": "experiment creation", "service": "phoenix-api", "endpoint": "/api/v1/experiments", "method": "POST", "sample_rate": 1.0},
            {"name": "health checks", "service": "phoenix-api", "endpoint": "/health", "sample_rate": 0.001},
            {"name": "errors", "error": true, "sample_rate": 1}], "default_sample_rate": 0.1}"#;
        assert_eq!(read_rules(text).unwrap(), strategy_rules());
        assert_eq!(read_rules("{}").unwrap().default_sample_rate, 1.0);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, want) in [
            ("", "this is no JSON"),
            ("[]", "the file: an object is wanted"),
            (r#"{"rules": []}"#, "the file: `rules` is not known; known are sampling_rules, default_sample_rate"),
            (r#"{"sampling_rules": {}}"#, "sampling_rules: a list is wanted"),
            (r#"{"sampling_rules": [{}]}"#, "sampling_rules[0]: it has no sample_rate"),
            (
                r#"{"sampling_rules": [{"sample_rate": 1}, {"sample_rate": 10}]}"#,
                "sampling_rules[1]: sample_rate is 10; it is a number from 0 to 1",
            ),
            (r#"{"sampling_rules": [{"sample_rate": 1, "service": 7}]}"#, "sampling_rules[0].service: a text is wanted"),
            (r#"{"sampling_rules": [{"sample_rate": 1, "error": "yes"}]}"#, "sampling_rules[0].error: true or false is wanted"),
            (r#"{"default_sample_rate": "all"}"#, "the file: default_sample_rate is \"all\""),
        ] {
            let told = read_rules(text).expect_err(text);
            assert!(told.starts_with(want), "{text}: {told}");
        }
    }
}
