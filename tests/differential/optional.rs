//! Marks in generated SQL around the parts that the text can do without, or that something simpler can stand for. Whoever
//! generates sets them, the shrinker takes parts out, and what is sent to the server or written to a file has none left.

use std::fmt::Display;

const OPEN: char = '\u{1}';
const INSTEAD: char = '\u{2}';
const CLOSE: char = '\u{3}';

/// A part that the text can do without.
pub fn optional(part: impl Display) -> String {
    format!("{OPEN}{part}{CLOSE}")
}

/// A part that `simple` can stand for.
pub fn or_simply(part: impl Display, simple: &str) -> String {
    format!("{OPEN}{part}{INSTEAD}{simple}{CLOSE}")
}

/// Comma-separated, each part optional but the first.
pub fn list<T: Display>(parts: impl IntoIterator<Item = T>) -> String {
    parts
        .into_iter()
        .enumerate()
        .map(|(index, part)| match index {
            0 => part.to_string(),
            _ => optional(format!(", {part}")),
        })
        .collect()
}

/// The whole text without its marks.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // Per open part, whether what comes now is what could stand for it.
    let mut open = Vec::new();
    for character in text.chars() {
        match character {
            OPEN => open.push(false),
            INSTEAD => *open.last_mut().expect("a part is open") = true,
            CLOSE => {
                open.pop();
            }
            _ if open.contains(&true) => {}
            _ => out.push(character),
        }
    }
    out
}

/// The text with one part taken out or made simple, for each part, outer ones first.
pub fn smaller(text: &str) -> impl Iterator<Item = String> {
    text.match_indices(OPEN).map(|(start, _)| {
        let (instead, end) = rest_of_part(&text[start..]);
        let simple = instead.map_or("", |instead| {
            &text[start + instead + INSTEAD.len_utf8()..start + end]
        });
        format!(
            "{}{simple}{}",
            &text[..start],
            &text[start + end + CLOSE.len_utf8()..]
        )
    })
}

/// Where the part that `text` starts with has its alternative, and where it ends.
fn rest_of_part(text: &str) -> (Option<usize>, usize) {
    let mut depth = 0;
    let mut instead = None;
    for (at, character) in text.char_indices() {
        match character {
            OPEN => depth += 1,
            INSTEAD if depth == 1 => instead = Some(at),
            CLOSE if depth == 1 => return (instead, at),
            CLOSE => depth -= 1,
            _ => {}
        }
    }
    unreachable!("every part is closed")
}
