use super::*;
use crate::codec::Effort;
use crate::flush::part_order;
use phoenix_env::{SharedDisk, SimDisk};
use phoenix_model::{Labels, MatchOp, Matcher};
use std::path::Path;
use std::sync::Arc;

type Series = (Labels, Vec<(i64, f64)>);

const IDENTITY: PartIdentity = PartIdentity { day: 0, order: 7 };

fn write(disk: &SharedDisk, mut series: Vec<Series>, effort: Effort) -> Part {
    series.sort_by(|a, b| part_order(&a.0, &b.0));
    disk.create_dir_all(Path::new("/d")).unwrap();
    let path = Path::new("/d/1.part");
    let mut writer = PartWriter::create(&**disk, path, IDENTITY, effort).unwrap();
    for (labels, samples) in &series {
        let (timestamps_ms, values): (Vec<i64>, Vec<f64>) = samples.iter().copied().unzip();
        writer.add(labels, &timestamps_ms, &values, &[]).unwrap();
    }
    writer.finish().unwrap();
    Part::open(disk, path, 1).unwrap()
}

fn read(part: &Part, matchers: &[Matcher], start_ms: i64, end_ms: i64) -> Result<Vec<Series>, PartError> {
    let mut cursor = PartCursor::new(part, None);
    let mut out = Vec::new();
    for number in cursor.select(matchers)? {
        let labels = cursor.labels(number)?;
        let mut samples = Vec::new();
        cursor.read(number, start_ms, end_ms, |timestamps_ms, column| {
            let Column::Floats(values) = column else { panic!("nobody wrote histograms") };
            samples.extend(timestamps_ms.iter().copied().zip(values));
            Ok::<(), PartError>(())
        })?;
        out.push((labels, samples));
    }
    Ok(out)
}

/// Enough series and values for several blobs of each table, and some series without some labels.
fn example() -> Vec<Series> {
    (0..700_i64)
        .map(|i| {
            let (instance, cpu) = (format!("host-{}", i % 7), (i / 2).to_string());
            let name = if i % 3 == 0 { "cpu" } else { "mem" };
            let mut pairs = vec![("__name__", name), ("instance", &instance), ("n", &cpu)];
            if i % 5 == 0 {
                pairs.push(("Zone", "x"));
            }
            let samples = (0..100 + i % 7 * 40).map(|t| (t * 15_000 + i % 7, ((t * i) % 1000) as f64 / 4.0)).collect();
            (Labels::from_pairs(pairs), samples)
        })
        .collect()
}

#[test]
fn gives_back_what_was_written() {
    let disk: SharedDisk = Arc::new(SimDisk::new(1));
    for effort in [Effort::Fast, Effort::Small] {
        let mut want = example();
        want.sort_by(|a, b| part_order(&a.0, &b.0));
        let part = write(&disk, want.clone(), effort);
        assert_eq!((part.series(), part.day(), part.order()), (700, 0, 7));
        assert!(part.meta.first_values.len() > 1 && part.meta.pairs_at >= 3, "several blobs of each kind");
        assert_eq!(read(&part, &[], i64::MIN, i64::MAX).unwrap(), want);
        for matchers in [
            vec![("__name__", MatchOp::Equal, "cpu")],
            vec![("n", MatchOp::Equal, "42")],
            vec![("n", MatchOp::Equal, "nope")],
            vec![("n", MatchOp::Regex, "4|5|99|x")],
            vec![("n", MatchOp::Regex, "4.*"), ("instance", MatchOp::NotEqual, "host-3")],
            vec![("Zone", MatchOp::Equal, "")],
            vec![("Zone", MatchOp::NotEqual, "")],
            vec![("Zone", MatchOp::Regex, "x|")],
            vec![("other", MatchOp::NotRegex, "a+"), ("instance", MatchOp::Regex, "host-[12]")],
        ] {
            let matchers: Vec<_> = matchers.into_iter().map(|(n, op, v)| Matcher::new(n, op, v).unwrap()).collect();
            let got = read(&part, &matchers, 300_000, 600_000).unwrap();
            let want: Vec<Series> = want
                .iter()
                .filter(|(labels, _)| matchers.iter().all(|m| m.matches_labels(labels)))
                .map(|(labels, samples)| (labels.clone(), samples.iter().copied().filter(|s| (300_000..=600_000).contains(&s.0)).collect()))
                .collect();
            assert_eq!(got, want, "{matchers:?}");
        }
        let values: Vec<_> = PartCursor::new(&part, None).label_values("instance").unwrap();
        assert_eq!(values.iter().map(|v| (&*v.0, v.1)).collect::<Vec<_>>()[..2], [("host-0", 100), ("host-1", 100)]);
    }
}

#[test]
fn damage_is_an_error_and_never_a_panic() {
    let sim = SimDisk::new(1);
    let disk: SharedDisk = Arc::new(sim.clone());
    let want: Vec<Series> = example().into_iter().take(150).collect();
    let part = write(&disk, want.clone(), Effort::Fast);
    let whole = read(&part, &[], i64::MIN, i64::MAX).unwrap();
    let path = Path::new("/d/1.part");
    let bytes = sim.bytes(path).unwrap();
    let open_and_read = || {
        Part::open(&disk, path, 1).and_then(|part| {
            read(&part, &[Matcher::equal("instance", "host-1")], i64::MIN, i64::MAX).and(read(&part, &[], i64::MIN, i64::MAX))
        })
    };
    let mut noticed = 0;
    let step = bytes.len() / 400;
    for at in (0..bytes.len()).step_by(step).chain(bytes.len() - 60..bytes.len()) {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        sim.replace(path, &changed);
        match open_and_read() {
            Err(PartError::Corrupt(_)) => noticed += 1,
            Err(error) => panic!("{error:?}"),
            Ok(got) => assert_eq!(got, whole, "a flip at {at} went unnoticed"),
        }
        sim.replace(path, &bytes[..at]);
        assert!(matches!(open_and_read(), Err(PartError::Corrupt(_))), "cut at {at}");
    }
    assert!(noticed > 400, "{noticed}");
}

#[test]
fn a_replaced_part_stays_readable_until_its_last_reader_has_gone() {
    let sim = SimDisk::new(1);
    let disk: SharedDisk = Arc::new(sim.clone());
    let part = Arc::new(write(&disk, example(), Effort::Fast));
    let reader = part.clone();
    part.doom();
    drop(part);
    assert_eq!(read(&reader, &[], i64::MIN, i64::MAX).unwrap().len(), 700);
    drop(reader);
    assert!(sim.files().is_empty());
}
