//! What a store begins with: the manifest of its folder, or the copy that another folder left in the
//! object store, and objects that no manifest names.

use crate::LakeError;
use crate::manifest::Manifest;
use crate::options::LakeOptions;
use phoenix_env::SharedDisk;
use phoenix_env::objects::{ObjectError, SharedObjects};
use std::hash::{BuildHasher, Hasher};

/// Says that the prefix belongs to another folder now.
pub(crate) fn taken_over(options: &LakeOptions) -> LakeError {
    LakeError::Locked {
        place: format!("the prefix {} of the object store", options.prefix),
        reason: format!(
            "another Phoenix with another data folder has taken it over; stop one of the two, or give this one another prefix in `storage.url`, or remove {} to take it back",
            options.dir.display()
        ),
    }
}

/// The manifest to begin with, and whether it is new in this folder although segments exist.
pub(crate) fn find_manifest(
    signal: &str,
    options: &LakeOptions,
    disk: &SharedDisk,
    objects: &SharedObjects,
    problems: &mut Vec<(String, String)>,
) -> Result<(Manifest, bool), LakeError> {
    let local = Manifest::load(&**disk, &options.dir);
    let copy = Manifest::load_copy(&**objects, &options.prefix);
    for (manifest, place) in [(&local, options.dir.display().to_string()), (&copy, options.prefix.clone())] {
        if let Ok(Some(manifest)) = manifest
            && manifest.signal != signal
        {
            let reason = format!("it holds {}, and is asked to hold {signal}; each store needs a place of its own", manifest.signal);
            return Err(LakeError::Locked { place, reason });
        }
    }
    match (local, copy) {
        (Err(LakeError::Corrupt { file, reason }), copy) => match copy {
            Ok(Some(copy)) => {
                Manifest::put_aside(&**disk, &options.dir)?;
                problems.push((
                    "MANIFEST".to_owned(),
                    format!("{reason}; its copy in the object store was taken instead; what changed after that was written is missing"),
                ));
                Ok((Manifest { owner: new_owner(), ..copy }, true))
            }
            Ok(None) => Err(LakeError::Corrupt {
                file,
                reason: format!("{reason}, and it has no copy in the object store; restore it from a backup, or use another `data_dir`"),
            }),
            Err(error) => Err(error),
        },
        (Err(error), _) | (Ok(None), Err(error)) => Err(error),
        (Ok(None), Ok(None)) => Ok((Manifest::new(signal, new_owner()), false)),
        (Ok(None), Ok(Some(copy))) => {
            tracing::info!(prefix = options.prefix, segments = copy.segments.len(), "the segments of another data folder are taken over");
            Ok((Manifest { owner: new_owner(), ..copy }, true))
        }
        (Ok(Some(local)), Err(error)) => {
            tracing::warn!(%error, "the copy of the manifest could not be read");
            Ok((local, false))
        }
        (Ok(Some(local)), Ok(Some(copy))) if copy.owner != local.owner && copy.sequence >= local.sequence => Err(taken_over(options)),
        // The folder may have been restored from an older backup.
        (Ok(Some(local)), Ok(Some(copy))) if copy.owner == local.owner && copy.sequence > local.sequence => Ok((copy, true)),
        (Ok(Some(local)), Ok(_)) => Ok((local, false)),
    }
}

/// A name that no other folder has.
fn new_owner() -> String {
    format!("{:016x}", std::hash::RandomState::new().build_hasher().finish())
}

/// The number of the next segment, and the keys of objects that the manifest does not name.
pub(crate) fn find_orphans(options: &LakeOptions, objects: &SharedObjects, manifest: &Manifest) -> (u64, Vec<String>) {
    let listed = |error: ObjectError| {
        tracing::warn!(%error, "objects that nobody needs any more could not be looked for");
        Vec::new()
    };
    let known: std::collections::HashSet<String> = manifest.segments.iter().flat_map(|entry| entry.info.keys(&options.prefix)).collect();
    let mut next = manifest.next_segment;
    let mut orphans = Vec::new();
    for key in objects.list(&options.prefix).unwrap_or_else(listed) {
        let Some(id) = key.strip_suffix(".parquet").or_else(|| key.strip_suffix(".index")) else { continue };
        if known.contains(&key) {
            continue;
        }
        if let Some(number) = id.rsplit('/').next().and_then(|name| name.split('-').next()?.parse::<u64>().ok()) {
            next = next.max(number + 1);
            orphans.push(key);
        }
    }
    (next, orphans)
}
