//! Segments as others read them.

use super::spans::requests;
use super::*;
use phoenix_env::RealDisk;
use std::process::Command;

#[test]
fn duckdb_reads_spans() {
    let dir = tempfile::tempdir().unwrap();
    let mut place = Place::new(SpanSegmentOptions { page_rows: 100, row_group_pages: 3, ..SpanSegmentOptions::default() });
    place.objects = Arc::new(FolderObjects::open(RealDisk::shared(), dir.path()).unwrap());
    let write = requests(200, 5, 23);
    place.insert(&write);
    place.flush();
    let rows: u64 = place.segments.iter().map(|segment| segment.info().rows).sum();
    assert_eq!(rows, 1000);
    let script = r#"
import duckdb, sys
q = lambda text: duckdb.sql(text.replace("SPANS", f"read_parquet('{sys.argv[1]}', union_by_name=true)")).fetchall()
print(q("select count(*), count(distinct trace_id), count(distinct span_id), sum(duration), sum(\"span.http.status_code\") from SPANS")[0])
for row in q("select service, name, count(*), sum(duration) from SPANS group by all order by all"): print(row)
"#;
    let glob = dir.path().join("**/*.parquet");
    let output = Command::new("python3").args(["-c", script]).arg(glob).output().expect("python3 runs");
    assert!(output.status.success(), "is duckdb installed? tools/install.sh duckdb: {}", String::from_utf8_lossy(&output.stderr));
    let total: i64 = write.spans().map(|span| span.fixed.duration_ns).sum();
    let codes: i64 = (write.spans())
        .map(|span| match span.attributes.get("http.status_code") {
            Some(phoenix_model::traces::AttributeValue::Int(int)) => int,
            other => panic!("{other:?}"),
        })
        .sum();
    let mut groups: BTreeMap<(String, String), (u64, i64)> = BTreeMap::new();
    for span in write.spans() {
        let group = groups.entry((write.resource(span.resource).service().to_owned(), span.name.to_owned())).or_default();
        group.0 += 1;
        group.1 += span.fixed.duration_ns;
    }
    let mut want = vec![format!("(1000, 200, 1000, {total}, {codes})")];
    want.extend(groups.iter().map(|((service, name), (count, sum))| format!("('{service}', '{name}', {count}, {sum})")));
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().collect::<Vec<_>>(), want);
}
