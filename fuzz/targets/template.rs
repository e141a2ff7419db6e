//! Go templates with the functions of Prometheus and of Alertmanager.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phoenix_model::Labels;
use phoenix_template::{Functions, Template, TemplateSet, Value, value};

fuzz_target!(|text: &str| {
    let labels = Labels::from_pairs([("alertname", "Down"), ("instance", "a:1")]);
    let data =
        value::map([("Labels", value::labels(&labels)), ("Status", value::string("firing")), ("StartsAt", value::time(1_774_747_800_000))]);
    let query = {
        let labels = labels.clone();
        move |_: &str| Ok(vec![(labels.clone(), Value::Float(1.5))])
    };
    if let Ok(template) = Template::parse_rule("rule", text, &Functions::prometheus("http://127.0.0.1:9090").with_query(query)) {
        let _ = template.render(&data);
    }
    let mut set = TemplateSet::new(Functions::alertmanager(|| 1_774_747_800_000));
    if set.add("message", text).is_ok() {
        let _ = set.render("message", &data);
        let _ = set.render_html("message", text, &data);
    }
});
