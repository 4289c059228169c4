//! What a release says about itself: one version everywhere, and a META.json by PGXN's specification 1.0.0. Needs no server.

use serde_json::{Map, Value};
use std::path::Path;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const VERSION: &str = env!("CARGO_PKG_VERSION");

const LICENSES: &str = "agpl_3 apache_1_1 apache_2_0 artistic_1 artistic_2 bsd freebsd gfdl_1_2 gfdl_1_3 gpl_1 gpl_2 gpl_3 \
                        lgpl_2_1 lgpl_3_0 mit mozilla_1_0 mozilla_1_1 openssl perl_5 postgresql qpl_1_0 ssleay sun zlib \
                        open_source restricted unrestricted unknown";

#[test]
fn version_is_the_same_everywhere() {
    let meta = meta();
    let lock = read("Cargo.lock");
    let control = read("pg_tviews.control");
    let changelog = read("CHANGELOG.md");
    let latest = changelog
        .lines()
        .find_map(|line| line.strip_prefix("## "))
        .and_then(|heading| heading.split(' ').next());
    assert_eq!(meta["version"], VERSION, "META.json");
    assert_eq!(
        meta["provides"]["pg_tviews"]["version"], VERSION,
        "META.json, provides"
    );
    assert!(
        lock.contains(&format!("name = \"pg_tviews\"\nversion = \"{VERSION}\"")),
        "Cargo.lock"
    );
    assert!(
        control.contains("default_version = '@CARGO_VERSION@'"),
        "pg_tviews.control takes its version from Cargo.toml"
    );
    assert_eq!(latest, Some(VERSION), "the first heading of CHANGELOG.md");
}

#[test]
fn old_versions_have_an_update_script() {
    let scripts: Vec<_> = std::fs::read_dir(format!("{ROOT}/sql"))
        .expect("read the folder sql")
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let versions = name.strip_prefix("pg_tviews--")?.strip_suffix(".sql")?;
            Some(versions.to_owned())
        })
        .collect();
    assert!(
        !scripts.iter().any(|versions| versions == VERSION),
        "the SQL of {VERSION} itself is kept when the next version begins"
    );
    for old in scripts.iter().filter(|versions| !versions.contains("--")) {
        assert!(
            scripts
                .iter()
                .any(|versions| versions.starts_with(&format!("{old}--"))),
            "no script leads on from {old}"
        );
    }
}

#[test]
fn meta_json_follows_the_specification() {
    let meta = meta();
    let known = "name abstract description version release_status maintainer license provides prereqs tags meta-spec \
                 no_index resources generated_by";
    for key in meta.keys() {
        assert!(is_one_of(key, known) || is_custom(key), "key {key}");
    }
    assert!(
        !text(&meta, "name").contains(['/', '\\']) && text(&meta, "name").len() > 1,
        "name"
    );
    text(&meta, "abstract");
    text(&meta, "maintainer");
    assert_version(&meta["version"]);
    assert!(is_one_of(text(&meta, "license"), LICENSES), "license");
    assert!(
        is_one_of(text(&meta, "release_status"), "stable testing unstable"),
        "release_status"
    );
    assert_eq!(meta["meta-spec"]["version"], "1.0.0", "meta-spec");
    let tags = meta["tags"].as_array().expect("a list of tags");
    assert!(
        tags.iter().all(|tag| tag
            .as_str()
            .is_some_and(|tag| (1..256).contains(&tag.len()))),
        "tags"
    );
}

#[test]
fn meta_json_names_files_that_there_are() {
    let meta = meta();
    let extensions = object(&meta, "provides");
    assert!(!extensions.is_empty(), "provides");
    for extension in extensions.values().map(|e| e.as_object().unwrap()) {
        assert!(
            extension
                .keys()
                .all(|key| is_one_of(key, "file version abstract docfile") || is_custom(key)),
            "{extension:?}"
        );
        assert_version(&extension["version"]);
        for file in [text(extension, "file"), text(extension, "docfile")] {
            assert!(Path::new(ROOT).join(file).is_file(), "{file}");
        }
    }
}

#[test]
fn meta_json_requires_versions() {
    let meta = meta();
    for (phase, relations) in object(&meta, "prereqs") {
        assert!(
            is_one_of(phase, "configure build test runtime develop"),
            "phase {phase}"
        );
        for (relation, needed) in relations.as_object().expect("relations of a phase") {
            assert!(
                is_one_of(relation, "requires recommends suggests conflicts"),
                "relation {relation}"
            );
            needed
                .as_object()
                .expect("names with versions")
                .values()
                .for_each(assert_version);
        }
    }
}

fn read(file: &str) -> String {
    std::fs::read_to_string(Path::new(ROOT).join(file))
        .unwrap_or_else(|error| panic!("read {file}: {error}"))
}

fn meta() -> Map<String, Value> {
    serde_json::from_str(&read("META.json")).expect("a JSON object")
}

fn object<'a>(parent: &'a Map<String, Value>, key: &str) -> &'a Map<String, Value> {
    parent[key]
        .as_object()
        .unwrap_or_else(|| panic!("{key} is no object"))
}

fn text<'a>(parent: &'a Map<String, Value>, key: &str) -> &'a str {
    parent[key]
        .as_str()
        .filter(|text| !text.is_empty())
        .unwrap_or_else(|| panic!("{key} is no text"))
}

fn is_one_of(word: &str, words: &str) -> bool {
    words.split_whitespace().any(|known| known == word)
}

fn is_custom(key: &str) -> bool {
    key.starts_with("x_") || key.starts_with("X_")
}

/// Three numbers; the specification also takes a suffix.
fn assert_version(version: &Value) {
    let parts: Vec<_> = version
        .as_str()
        .expect("a version in quotes")
        .split('.')
        .collect();
    assert!(
        parts.len() == 3 && parts.iter().all(|part| part.parse::<u32>().is_ok()),
        "version {version}"
    );
}
